/* rooms.c - a stack of free rooms a size.
 *
 * The C library gives pieces of this size back to the system, and each page is
 * then a fault and zeroes again: with 300 KB a picture that took as much CPU as
 * receiving it.
 */
#include "server/http/rooms.h"

#include "core/own.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define LEAST_SHIFT 16 /* the smallest room: 64 KiB */
#define SIZES 7        /* the largest: ROOMS_MAX_BYTES */

struct waiting { /* the first bytes of a room that waits */
    struct waiting *next;
};

struct rooms {
    pthread_mutex_t lock;
    struct waiting *first[SIZES];
    size_t kept_bytes, lent_bytes, max_lent_bytes;
    bool closed;
};

static size_t bytes_of(int size)
{
    return (size_t)1 << (LEAST_SHIFT + size);
}

static int size_of(size_t bytes)
{
    int size = 0;

    while (size < SIZES && bytes_of(size) < bytes)
        size++;
    return size;
}

enum err rooms_open(struct rooms **out, size_t max_lent_bytes)
{
    struct rooms *r = calloc(1, sizeof(*r));

    if (!r)
        return WS_NOMEM;
    pthread_mutex_init(&r->lock, NULL);
    r->max_lent_bytes = max_lent_bytes;
    *out = r;
    return WS_OK;
}

static void free_all(struct rooms *r)
{
    for (int size = 0; size < SIZES; size++)
        while (r->first[size]) {
            struct waiting *w = r->first[size];

            r->first[size] = w->next;
            free(w);
        }
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void rooms_close(struct rooms *r)
{
    bool last;

    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->closed = true;
    last = r->lent_bytes == 0;
    pthread_mutex_unlock(&r->lock);
    if (last)
        free_all(r);
}

/* A room that waits, or a new one; NULL without memory. */
static struct waiting *find(struct rooms *r, int size)
{
    struct waiting *w = r->first[size];

    if (!w)
        return aligned_alloc(BYTES_ALIGNED, bytes_of(size));
    r->first[size] = w->next;
    r->kept_bytes -= bytes_of(size);
    return w;
}

enum err rooms_take(struct rooms *r, size_t bytes, struct room *out)
{
    int size = size_of(bytes);
    struct waiting *w = NULL;
    enum err e = WS_FULL;

    if (size == SIZES)
        return WS_FULL;
    pthread_mutex_lock(&r->lock);
    if (r->lent_bytes + bytes_of(size) <= r->max_lent_bytes) {
        w = find(r, size);
        e = w ? WS_OK : WS_NOMEM;
    }
    if (w)
        r->lent_bytes += bytes_of(size);
    pthread_mutex_unlock(&r->lock);
    if (!e)
        *out = (struct room){.at = (uint8_t *)w, .bytes = bytes_of(size)};
    return e;
}

void rooms_give(struct rooms *r, struct room room)
{
    struct waiting *w = (struct waiting *)(void *)room.at;
    int size = size_of(room.bytes);
    bool last;

    if (!w)
        return;
    pthread_mutex_lock(&r->lock);
    if (!r->closed && r->kept_bytes + room.bytes <= ROOMS_MAX_KEPT_BYTES) {
        w->next = r->first[size];
        r->first[size] = TAKE(w);
        r->kept_bytes += room.bytes;
    }
    r->lent_bytes -= room.bytes;
    last = r->closed && r->lent_bytes == 0;
    pthread_mutex_unlock(&r->lock);
    free(w);
    if (last)
        free_all(r);
}
