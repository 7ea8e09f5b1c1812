/* rate.h - how many requests a second each address may make.
 *
 * Flow:    dispatch (head complete) -> [rate] -> 429, or on
 * Shapes:  one time an address: when its allowance would be used up (GCRA); a
 *          quarter of a second's requests may come at once
 * Units:   monotonic ns
 * Process: lock-free; in a shared table the bound is one for all workers
 * Source:  ITU-T I.371, the virtual scheduling algorithm
 */
#ifndef SERVER_HTTP_RATE_H
#define SERVER_HTTP_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define RATE_KEPT 16384 /* addresses that ask at a time */

struct rate_slot {
    atomic_uint_fast64_t key;    /* 0: never used */
    atomic_int_fast64_t paid_ns; /* the allowance is used up to here */
};

struct rate_table { /* zeroed memory */
    uint64_t seed;  /* keeps others from choosing keys that collide */
    struct rate_slot slots[RATE_KEPT];
};

/* Take one request of a key that may make `per_s` a second; false: too many,
 * *wait_ns says when the next one is allowed. */
bool rate_take(struct rate_table *t, uint64_t key, int64_t per_s,
               int64_t now_ns, int64_t *wait_ns);

#endif
