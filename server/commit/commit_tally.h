/* commit_tally.h - what accepted facts add to the roll-ups.
 *
 * Flow:    commit_plan, after the inserts -> [commit_tally] -> store_facts
 * Shapes:  per (session, quarter hour), per quarter for the fleet, per session;
 *          each sorted by its key, so that writers never lock crosswise
 * Owns:    commit_tally_open() makes room for `most` facts; _close() frees
 * Process: pure
 * Source:  design.md "Schema rules": aggregated and sorted before they are
 *          written; ai.md: a metric that is not scored enters no average
 */
#ifndef SERVER_COMMIT_COMMIT_TALLY_H
#define SERVER_COMMIT_COMMIT_TALLY_H

#include "core/err.h"
#include "server/store/store_facts.h"

#include <stddef.h>

struct commit_tally {
    struct store_rollup *rollups, *fleet;
    struct store_stat *stats;
    size_t rollup_count, fleet_count, stat_count;
};

enum err commit_tally_open(struct commit_tally *t, size_t most) WS_MUST_CHECK;
void commit_tally_close(struct commit_tally *t);
void commit_tally_clear(struct commit_tally *t);

/* Add one accepted fact; those of one session come together. */
void commit_tally_add(struct commit_tally *t, const struct fact *f);

/* Sort, and fold the fleet's figures. */
void commit_tally_finish(struct commit_tally *t);

/* The quarter hour of a time, also before 1970. */
int64_t commit_tally_quarter(int64_t at_ns);

#endif
