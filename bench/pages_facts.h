/* pages_facts.h - facts as an agent would have sent them, made up: the same in
 * every run.
 *
 * Flow:    pages_fill -> [pages_facts] -> tally and store
 * Shapes:  a metric is made in two steps: what the tally reads, and what the
 *          store keeps beside it, so that days whose facts are gone cost little
 * Owns:    a finished fact points into its room
 */
#ifndef BENCH_PAGES_FACTS_H
#define BENCH_PAGES_FACTS_H

#include "core/sha256.h"
#include "server/store/store_facts.h"
#include "server/store/store_sessions.h"

#define PAGES_TICKS 90 /* of 10 s in a quarter */
#define PAGES_PICTURES 1000
#define PAGES_PAYLOAD_BYTES 1400

/* One agent that observes in a quarter. */
struct pages_agent {
    int64_t agent, session_id, seq; /* of the quarter's first item */
    char uid[STORE_UID_BYTES];
};

/* What a fact points to. */
struct pages_facts_room {
    char key[SHA256_HEX_BYTES], payload[PAGES_PAYLOAD_BYTES];
    char name[64], ref[32];
};

/* A number that depends on two alone. */
uint64_t pages_facts_dice(int64_t what, int64_t which);

/* The metric and the picture of a moment, as far as the tally reads them; seq
 * counts from the quarter's first item. */
void pages_facts_metric(struct fact *out, const struct pages_agent *a,
                        int64_t seq, int64_t at_ns);
void pages_facts_picture(struct fact *out, const struct pages_agent *a,
                         int64_t seq, int64_t at_ns);

/* The rest, but the id. */
void pages_facts_finish(struct fact *f, const struct pages_agent *a,
                        struct pages_facts_room *room);

#endif
