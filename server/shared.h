/* shared.h - what the workers of one machine count together.
 *
 * Flow:    serve (makes it, hands the descriptor on) -> worker (maps it) ->
 *          lockout, rate, peers, tokens, logins, counters
 * Shapes:  one memfd of fixed, sealed size; all of it atomics, no locks, so
 *          that a worker killed at any instruction holds nobody up
 * Owns:    shared_open() and shared_map() map it; shared_close() unmaps
 * Process: any; a worker has a seat: its column where a count must be given
 *          back when it dies
 * Source:  issue 3: a limit of R/s gives R with N workers; a revoked token is
 *          refused by every worker within 1 s
 */
#ifndef SERVER_SHARED_H
#define SERVER_SHARED_H

#include "server/auth/lockout.h"
#include "server/counters.h"
#include "server/http/peers.h"
#include "server/http/rate.h"
#include "server/views/live_ring.h"

#define SHARED_SEATS PEERS_SEATS

struct shared_seat {
    /* Before its SIGTERM: how long a worker that is replaced waits for the
     * next request of idle connections; 0: it ends them at once. */
    atomic_int_least64_t linger_ms;
};

struct shared {
    /* What caches remember counts for one of these; whoever revokes begins
     * the next. */
    atomic_uint_fast64_t token_generation, login_generation;
    unsigned char ticket_key[80]; /* TLS sessions begun at one worker go on at
                                     another */
    /* 1 + the seat of the one worker that removes what is too old; 0: nobody
     * yet, or not any more. */
    atomic_uint_least32_t keeper;
    struct lockout_table lockout;
    struct rate_table rate;
    struct peers_table peers;
    struct live_ring live;
    struct counters counters;
    struct shared_seat seats[SHARED_SEATS];
};

/* Make it; *fd is for the workers. */
enum err shared_open(struct shared **out, int *fd) WS_MUST_CHECK;
/* Map the one of a descriptor. WS_INVALID: that is none. */
enum err shared_map(struct shared **out, int fd) WS_MUST_CHECK;
void shared_close(struct shared *s);
OWN_DEFINE(shared_close, struct shared *)

/* The worker of a seat is gone: give back what only it held. */
void shared_vacate(struct shared *s, size_t seat);

#endif
