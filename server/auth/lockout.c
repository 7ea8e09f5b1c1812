#include "server/auth/lockout.h"

#include "core/clock.h"

#include <ctype.h>
#include <pthread.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An open-addressed table by a keyed hash, so nobody can choose collisions;
 * a slot whose count is forgotten is free. */
struct slot {
    uint64_t key; /* 0: never used */
    uint32_t failures;
    int64_t last_ns, closed_until_ns;
};

struct lockout {
    pthread_mutex_t lock;
    unsigned char hash_key[crypto_shorthash_KEYBYTES];
    struct slot slots[LOCKOUT_KEPT];
};

enum { BY_PAIR, BY_ADDRESS, BY_NAME, WAYS };
static const uint32_t allowed[WAYS] = {
    [BY_PAIR] = LOCKOUT_PAIR,
    [BY_ADDRESS] = LOCKOUT_ADDRESS,
    [BY_NAME] = LOCKOUT_NAME,
};

#define PROBES 16

enum err lockout_open(struct lockout **out)
{
    struct lockout *l = calloc(1, sizeof(*l));

    if (!l)
        return WS_NOMEM;
    pthread_mutex_init(&l->lock, NULL);
    randombytes_buf(l->hash_key, sizeof(l->hash_key));
    *out = l;
    return WS_OK;
}

void lockout_close(struct lockout *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static uint64_t key_of(const struct lockout *l, int way, const char *name,
                       const char *address)
{
    char text[400];
    uint64_t h;
    size_t i;
    int n =
        snprintf(text, sizeof(text), "%d\n%.300s\n%.64s", way,
                 way == BY_ADDRESS ? "" : name, way == BY_NAME ? "" : address);

    for (i = 0; i < (size_t)n; i++)
        text[i] = (char)tolower((unsigned char)text[i]);
    crypto_shorthash((unsigned char *)&h, (unsigned char *)text,
                     (unsigned long long)n, l->hash_key);
    return h ? h : 1;
}

static bool stale(const struct slot *s, int64_t now_ns)
{
    return s->key == 0 ||
           (now_ns - s->last_ns > LOCKOUT_FORGET_S * CLOCK_NS_PER_S &&
            now_ns >= s->closed_until_ns);
}

/* The slot of a key; with `make`, a free one for it. */
static struct slot *find(struct lockout *l, uint64_t key, int64_t now_ns,
                         bool make)
{
    struct slot *free_slot = NULL;
    size_t i;

    for (i = 0; i < PROBES; i++) {
        struct slot *s = &l->slots[(key + i) % LOCKOUT_KEPT];

        if (s->key == key) {
            if (stale(s, now_ns))
                *s = (struct slot){.key = key};
            return s;
        }
        if (!free_slot && stale(s, now_ns))
            free_slot = s;
    }
    if (!make || !free_slot)
        return NULL;
    *free_slot = (struct slot){.key = key};
    return free_slot;
}

enum err lockout_check(struct lockout *l, const char *name, const char *address,
                       int64_t now_ns, int64_t *wait_s)
{
    int64_t until_ns = 0;
    bool full = false;
    int way;

    pthread_mutex_lock(&l->lock);
    for (way = 0; way < WAYS; way++) {
        struct slot *s = find(l, key_of(l, way, name, address), now_ns, true);

        if (!s)
            full = true;
        else if (s->closed_until_ns > until_ns)
            until_ns = s->closed_until_ns;
    }
    pthread_mutex_unlock(&l->lock);
    if (full) { /* nowhere to count: slow everybody down instead */
        *wait_s = LOCKOUT_FIRST_S;
        return WS_FULL;
    }
    if (until_ns <= now_ns)
        return WS_OK;
    *wait_s = (until_ns - now_ns + CLOCK_NS_PER_S - 1) / CLOCK_NS_PER_S;
    return WS_AGAIN;
}

void lockout_failed(struct lockout *l, const char *name, const char *address,
                    int64_t now_ns)
{
    int way;

    pthread_mutex_lock(&l->lock);
    for (way = 0; way < WAYS; way++) {
        struct slot *s = find(l, key_of(l, way, name, address), now_ns, true);
        int64_t wait_s = LOCKOUT_FIRST_S;
        uint32_t over;

        if (!s)
            continue;
        s->failures++;
        s->last_ns = now_ns;
        if (s->failures < allowed[way])
            continue;
        over = s->failures - allowed[way];
        wait_s = over >= 5 ? LOCKOUT_LONGEST_S : LOCKOUT_FIRST_S << over;
        if (wait_s > LOCKOUT_LONGEST_S)
            wait_s = LOCKOUT_LONGEST_S;
        s->closed_until_ns = now_ns + wait_s * CLOCK_NS_PER_S;
    }
    pthread_mutex_unlock(&l->lock);
}

void lockout_passed(struct lockout *l, const char *name, const char *address)
{
    struct slot *s;

    pthread_mutex_lock(&l->lock);
    s = find(l, key_of(l, BY_PAIR, name, address), INT64_MIN / 2, false);
    if (s)
        s->failures = 0;
    pthread_mutex_unlock(&l->lock);
}
