/* commit_run.h - does what a commit_plan says, on a store.
 *
 * Flow:    committer -> [commit_run] -> store
 * Process: the committer's thread
 * Source:  server.md "How it answers each request of a batch"
 */
#ifndef SERVER_COMMIT_COMMIT_RUN_H
#define SERVER_COMMIT_COMMIT_RUN_H

#include "core/env.h"
#include "server/commit/commit_plan.h"
#include "server/counters.h"

struct commit_run {
    struct store *store;
    const struct env *env;
    struct counters *counters;       /* or NULL */
    int64_t shards;                  /* of the fleet's figures; 0: one */
    int64_t next_id, end_id;         /* what is left of the block of ids */
    int64_t shard;                   /* by the block's number */
    struct store_arrivals *arrivals; /* of the transaction under way */
};

/* Give every item of a group its verdict. */
void commit_run_group(struct commit_run *r, struct commit_item **items,
                      size_t count);

/* Run fn in a transaction of its own, replayed when it was a victim. */
enum err commit_run_call(struct commit_run *r,
                         enum err (*fn)(struct store *s, void *arg),
                         void *arg) WS_MUST_CHECK;

#endif
