/* A map of sessions in memory. The committer takes the whole of it away under
 * the lock and writes it; when that failed it keeps it and writes it first
 * with the next round. */
#include "server/ingest/beats.h"

#include "server/commit/committer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 256

struct map {
    struct store_heartbeat *slots; /* session_id 0: empty; linear probing */
    size_t size, used;
};

struct beats {
    pthread_mutex_t lock;
    struct map heard;
    struct map writing; /* the committer's thread alone */
    void (*on_written)(void *ctx, int64_t session_id);
    void *on_written_ctx;
};

static size_t place(const struct map *m, int64_t session_id)
{
    size_t i = (size_t)session_id * 0x9e3779b97f4a7c15U & (m->size - 1);

    while (m->slots[i].session_id && m->slots[i].session_id != session_id)
        i = (i + 1) & (m->size - 1);
    return i;
}

static void map_fini(struct map *m)
{
    for (size_t i = 0; i < m->size; i++)
        free((void *)(uintptr_t)m->slots[i].health);
    free(m->slots);
    *m = (struct map){0};
}

static enum err grow(struct map *m)
{
    struct map bigger = {.size = m->size ? m->size * 2 : FIRST_SLOTS,
                         .used = m->used};

    bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
    if (!bigger.slots)
        return WS_NOMEM;
    for (size_t i = 0; i < m->size; i++)
        if (m->slots[i].session_id)
            bigger.slots[place(&bigger, m->slots[i].session_id)] = m->slots[i];
    free(m->slots);
    *m = bigger;
    return WS_OK;
}

/* Take a beat over, with its text. */
static enum err map_put(struct map *m, const struct store_heartbeat *beat)
{
    struct store_heartbeat *slot;

    if (m->used >= BEATS_MAX)
        return WS_FULL;
    if ((m->used + 1) * 2 > m->size && grow(m))
        return WS_NOMEM;
    slot = &m->slots[place(m, beat->session_id)];
    if (!slot->session_id) {
        *slot = *beat;
        m->used++;
        return WS_OK;
    }
    if (beat->last_seen_ns < slot->last_seen_ns)
        return WS_EXISTS;
    if (beat->health) {
        free((void *)(uintptr_t)slot->health);
        slot->health = beat->health;
    }
    slot->last_seen_ns = beat->last_seen_ns;
    if (beat->head_seq) {
        slot->head_seq = beat->head_seq;
        slot->pending = beat->pending;
    }
    return WS_OK;
}

enum err beats_hear(struct beats *b, const struct store_heartbeat *beat)
{
    struct store_heartbeat copy = *beat;
    enum err e;

    if (beat->health) {
        copy.health = strdup(beat->health);
        if (!copy.health)
            return WS_NOMEM;
    }
    (void)pthread_mutex_lock(&b->lock);
    e = map_put(&b->heard, &copy);
    (void)pthread_mutex_unlock(&b->lock);
    if (e)
        free((void *)(uintptr_t)copy.health);
    return e == WS_EXISTS ? WS_OK : e;
}

size_t beats_waiting(struct beats *b)
{
    size_t n;

    (void)pthread_mutex_lock(&b->lock);
    n = b->heard.used;
    (void)pthread_mutex_unlock(&b->lock);
    return n;
}

/* --- on the committer's thread --- */

static bool wanted(void *arg)
{
    struct beats *b = arg;

    if (b->writing.used == 0) {
        (void)pthread_mutex_lock(&b->lock);
        map_fini(&b->writing);
        b->writing = b->heard;
        b->heard = (struct map){0};
        (void)pthread_mutex_unlock(&b->lock);
    }
    return b->writing.used > 0;
}

static int by_session(const void *a, const void *b)
{
    const struct store_heartbeat *x = a, *y = b;

    return (x->session_id > y->session_id) - (x->session_id < y->session_id);
}

static enum err write_all(struct store *s, void *arg)
{
    struct beats *b = arg;
    OWN_FREE struct store_heartbeat *rows =
        calloc(b->writing.used, sizeof *rows);
    size_t n = 0;

    if (!rows)
        return WS_NOMEM;
    for (size_t i = 0; i < b->writing.size; i++)
        if (b->writing.slots[i].session_id)
            rows[n++] = b->writing.slots[i];
    qsort(rows, n, sizeof *rows, by_session);
    return store_sessions_put_heartbeats(s, rows, n);
}

static void written(enum err e, void *arg)
{
    struct beats *b = arg;

    if (e) /* kept in `writing`, and written with the next round */
        return;
    for (size_t i = 0; b->on_written && i < b->writing.size; i++)
        if (b->writing.slots[i].session_id)
            b->on_written(b->on_written_ctx, b->writing.slots[i].session_id);
    map_fini(&b->writing);
}

void beats_on_written(struct beats *b,
                      void (*fn)(void *ctx, int64_t session_id), void *ctx)
{
    b->on_written = fn;
    b->on_written_ctx = ctx;
}

enum err beats_open(struct beats **out, struct committer *c)
{
    struct beats *b = calloc(1, sizeof *b);
    enum err e;

    if (!b)
        return WS_NOMEM;
    (void)pthread_mutex_init(&b->lock, NULL);
    e = committer_every(c, BEATS_PERIOD_MS, wanted, write_all, written, b);
    if (e) {
        beats_close(b);
        return e;
    }
    *out = b;
    return WS_OK;
}

void beats_close(struct beats *b)
{
    if (!b)
        return;
    map_fini(&b->heard);
    map_fini(&b->writing);
    (void)pthread_mutex_destroy(&b->lock);
    free(b);
}
