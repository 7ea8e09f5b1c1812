#include "server/auth/lockout.h"

#include "core/clock.h"
#include "server/http/peers.h"

#include <ctype.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An open-addressed table by a keyed hash, so nobody can choose collisions.
 * The state of a slot is one word, changed by compare-and-swap alone: a worker
 * killed at any instruction leaves nothing locked and nothing half written.
 * How long it is closed follows from the count and its time. A slot whose
 * count is forgotten may be taken over by another key; in the race for it one
 * failure may be counted for that key as well, never lost. */
struct lockout {
    struct lockout_table *table;
    struct lockout_table *own; /* no shared one was given */
};

enum { BY_PAIR, BY_ADDRESS, BY_NAME, WAYS };
static const uint32_t allowed[WAYS] = {
    [BY_PAIR] = LOCKOUT_PAIR,
    [BY_ADDRESS] = LOCKOUT_ADDRESS,
    [BY_NAME] = LOCKOUT_NAME,
};

#define PROBES 16
#define COUNT_BITS 16 /* of a state: failures; above: ms of the last one */
#define COUNT_MAX UINT64_C(0xffff)

static uint64_t failures_of(uint64_t state)
{
    return state & COUNT_MAX;
}

static int64_t last_ns_of(uint64_t state)
{
    return (int64_t)(state >> COUNT_BITS) * CLOCK_NS_PER_MS;
}

void lockout_table_init(struct lockout_table *t)
{
    randombytes_buf(t->hash_key, sizeof(t->hash_key));
}

enum err lockout_open(struct lockout **out, struct lockout_table *shared)
{
    struct lockout *l = calloc(1, sizeof(*l));

    if (!l)
        return WS_NOMEM;
    l->table = shared;
    if (!shared) {
        l->own = l->table = calloc(1, sizeof(*l->own));
        if (!l->own) {
            free(l);
            return WS_NOMEM;
        }
        lockout_table_init(l->own);
    }
    *out = l;
    return WS_OK;
}

void lockout_close(struct lockout *l)
{
    if (!l)
        return;
    free(l->own);
    free(l);
}

/* An IPv6 address counts as its /64, as in peers.h: whoever has one has all of
 * them. */
static uint64_t key_of(const struct lockout *l, int way, const char *name,
                       const char *address)
{
    char text[400];
    uint64_t h;
    size_t i;
    int n = snprintf(text, sizeof(text), "%d\n%.300s\n%" PRIu64, way,
                     way == BY_ADDRESS ? "" : name,
                     way == BY_NAME ? 0 : peers_key_of_text(address));

    for (i = 0; i < (size_t)n; i++)
        text[i] = (char)tolower((unsigned char)text[i]);
    crypto_shorthash((unsigned char *)&h, (unsigned char *)text,
                     (unsigned long long)n, l->table->hash_key);
    return h ? h : 1;
}

/* When a count allows the next try. */
static int64_t closed_until_ns(int way, uint64_t state)
{
    uint64_t failures = failures_of(state), over;
    int64_t wait_s;

    if (failures < allowed[way])
        return 0;
    over = failures - allowed[way];
    wait_s = over >= 5 ? LOCKOUT_LONGEST_S : LOCKOUT_FIRST_S << over;
    if (wait_s > LOCKOUT_LONGEST_S)
        wait_s = LOCKOUT_LONGEST_S;
    return last_ns_of(state) + wait_s * CLOCK_NS_PER_S;
}

static bool stale(uint64_t state, int64_t now_ns)
{
    return failures_of(state) == 0 ||
           now_ns - last_ns_of(state) > LOCKOUT_FORGET_S * CLOCK_NS_PER_S;
}

/* The slot of a key; else one that is free for it (*is_free); else NULL. */
static struct lockout_slot *find(struct lockout *l, uint64_t key,
                                 int64_t now_ns, bool *is_free)
{
    struct lockout_slot *found = NULL;
    size_t i;

    for (i = 0; i < PROBES; i++) {
        struct lockout_slot *s = &l->table->slots[(key + i) % LOCKOUT_KEPT];

        if (atomic_load(&s->key) == key) {
            *is_free = false;
            return s;
        }
        if (!found && stale(atomic_load(&s->state), now_ns))
            found = s;
    }
    *is_free = true;
    return found;
}

enum err lockout_check(struct lockout *l, const char *name, const char *address,
                       int64_t now_ns, int64_t *wait_s)
{
    int64_t until_ns = 0;
    bool full = false, is_free;
    int way;

    for (way = 0; way < WAYS; way++) {
        struct lockout_slot *s =
            find(l, key_of(l, way, name, address), now_ns, &is_free);
        uint64_t state = s && !is_free ? atomic_load(&s->state) : 0;

        if (!s)
            full = true;
        else if (!stale(state, now_ns) &&
                 closed_until_ns(way, state) > until_ns)
            until_ns = closed_until_ns(way, state);
    }
    if (full) { /* nowhere to count: slow everybody down instead */
        *wait_s = LOCKOUT_FIRST_S;
        return WS_FULL;
    }
    if (until_ns <= now_ns)
        return WS_OK;
    *wait_s = (until_ns - now_ns + CLOCK_NS_PER_S - 1) / CLOCK_NS_PER_S;
    return WS_AGAIN;
}

/* Take over a slot that nobody needs; false: somebody else was faster. */
static bool claim(struct lockout_slot *s, uint64_t key, int64_t now_ns)
{
    uint64_t old_key = atomic_load(&s->key);
    uint64_t state = atomic_load(&s->state);

    return stale(state, now_ns) &&
           atomic_compare_exchange_strong(&s->state, &state, 0) &&
           atomic_compare_exchange_strong(&s->key, &old_key, key);
}

static void count(struct lockout_slot *s, int64_t now_ns)
{
    uint64_t now_ms = (uint64_t)(now_ns / CLOCK_NS_PER_MS);
    uint64_t state = atomic_load(&s->state), next;

    do {
        uint64_t failures = stale(state, now_ns) ? 0 : failures_of(state);

        next = now_ms << COUNT_BITS |
               (failures < COUNT_MAX ? failures + 1 : COUNT_MAX);
    } while (!atomic_compare_exchange_weak(&s->state, &state, next));
}

void lockout_failed(struct lockout *l, const char *name, const char *address,
                    int64_t now_ns)
{
    int way, tries;

    for (way = 0; way < WAYS; way++) {
        uint64_t key = key_of(l, way, name, address);

        for (tries = 0; tries < PROBES; tries++) {
            bool is_free;
            struct lockout_slot *s = find(l, key, now_ns, &is_free);

            if (!s)
                break;
            if (is_free && !claim(s, key, now_ns))
                continue;
            count(s, now_ns);
            if (atomic_load(&s->key) == key)
                break;
        }
    }
}

void lockout_passed(struct lockout *l, const char *name, const char *address)
{
    bool is_free;
    struct lockout_slot *s =
        find(l, key_of(l, BY_PAIR, name, address), 0, &is_free);

    if (s && !is_free)
        atomic_store(&s->state, 0);
}
