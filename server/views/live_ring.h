/* live_ring.h - hints of what one worker committed, for the streams of the
 * other workers.
 *
 * Flow:    live (gathered by one worker) -> [live_ring] -> live of the others
 * Shapes:  a ring of words: topics, the seat it came from, the session; a
 *          reader that is more than LIVE_RING_KEPT behind is told so
 * Process: lock-free, in memory that all workers map
 */
#ifndef SERVER_VIEWS_LIVE_RING_H
#define SERVER_VIEWS_LIVE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIVE_RING_KEPT 4096

struct live_ring { /* zeroed memory */
    atomic_uint_fast64_t next;
    struct {
        atomic_uint_fast64_t turn; /* 1 + the number of the word in it */
        atomic_uint_fast64_t word;
    } places[LIVE_RING_KEPT];
};

struct live_ring_hint {
    int64_t session_id; /* 0: all */
    unsigned topics;    /* bits of enum live_topic */
    size_t seat;
};

void live_ring_put(struct live_ring *r, const struct live_ring_hint *h);

/* Where a reader that begins now stands. */
uint64_t live_ring_end(const struct live_ring *r);

/* The next hint after *at; false: none is there yet. *missed is set when the
 * writers were faster than this reader. */
bool live_ring_take(struct live_ring *r, uint64_t *at,
                    struct live_ring_hint *out, bool *missed);

#endif
