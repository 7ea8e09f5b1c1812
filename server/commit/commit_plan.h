/* commit_plan.h - what to do with a group of facts, decided without I/O.
 *
 * Flow:    committer feeds outcomes in -> [commit_plan] -> the next step
 * Shapes:  a state machine: commit_plan_next(outcome of the last step) gives
 *          the next step until COMMIT_DONE; then every item has a verdict
 * Owns:    items stay the caller's; commit_plan_close() frees the plan
 * Process: one thread; no clock, no store: a simulator runs the same code
 * Source:  server.md "How it answers each request of a batch"
 *
 * One slice of the group at a time is one transaction. A slice that holds a
 * row which cannot be stored is cut in two, down to the row alone. A slice
 * whose transaction was a deadlock's victim is replayed whole. When the
 * outcome is not known, every item of it is COMMIT_RETRY.
 */
#ifndef SERVER_COMMIT_COMMIT_PLAN_H
#define SERVER_COMMIT_COMMIT_PLAN_H

#include "core/err.h"
#include "core/own.h"
#include "server/store/store_facts.h"
#include "server/store/store_ledger.h"
#include "server/store/store_sessions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMIT_PLAN_TRIES 3 /* of one transaction */

enum commit_verdict {
    COMMIT_OPEN,      /* not decided yet */
    COMMIT_ACCEPTED,  /* durable now: 201 */
    COMMIT_DUPLICATE, /* was there, same payload: 200 with its id (0: gone) */
    COMMIT_CONFLICT, /* layer 1: was there with another payload: 200, counted */
    COMMIT_REUSED,   /* seq or Idempotency-Key with another payload: 422 */
    COMMIT_REJECTED, /* this row can never be stored: 400 */
    COMMIT_DENIED,   /* its token is not the session's any more: 403 */
    COMMIT_RETRY,    /* not known or not now: 503 */
    COMMIT_NO_ROOM,  /* the disk is full: 507 */
};

/* One fact with what the verdict needs, and the verdict. */
struct commit_item {
    struct fact fact;
    uint8_t token_sha256[STORE_SHA256_BYTES]; /* that it was sent with */
    bool strict; /* another payload under its key is 422, not counted */

    enum commit_verdict verdict;
    int64_t id;                 /* accepted, duplicate, conflict; 0: none */
    char blob[FACT_BLOB_BYTES]; /* of the row that holds the key; or "" */

    /* The plan's own: */
    size_t order;             /* of arrival */
    struct commit_item *twin; /* the first with its key in this slice */
    enum err put;             /* what the insert said */
    bool known;               /* its seq was delivered before */
};

enum commit_action {
    COMMIT_BEGIN,
    COMMIT_READ_TOKENS, /* fill in tokens[] */
    COMMIT_READ_LEDGER, /* commit_plan_known() for what of asked[] arrived,
                           then commit_plan_refuse() for tombstones[] that
                           touch too much of the ledger */
    COMMIT_PUT_FACTS,   /* insert facts[], outcomes into results[] */
    COMMIT_FIND,        /* look for find's key, in its own kind's table first,
                           and when any_kind in all; WS_NOTFOUND is fine */
    COMMIT_PUT_LEDGER,  /* deliver runs[], then bury what tombstones[] say */
    COMMIT_PUT_ROLLUPS, /* add rollups[], fleet[], stats[] */
    COMMIT_COMMIT,
    COMMIT_ROLLBACK, /* its outcome is not asked */
    COMMIT_WAIT,     /* up to wait_ms, with jitter */
    COMMIT_DONE,
};

/* One step: only what its action names is there. */
struct commit_step {
    enum commit_action action;
    struct store_token *tokens;
    size_t token_count;
    const struct store_seqs *asked; /* runs of seqs without a gap */
    size_t asked_count;
    const struct fact *const *facts;
    enum err *results;
    size_t fact_count;
    const struct fact *find;
    bool any_kind;
    struct fact_found *found;
    const struct store_seqs *runs;
    size_t run_count;
    const struct fact *const *tombstones;
    size_t tombstone_count;
    const struct store_rollup *rollups, *fleet;
    size_t rollup_count, fleet_count;
    const struct store_stat *stats;
    size_t stat_count;
    int64_t wait_ms;
};

struct commit_plan;

/* Take a group of items; accepted ones get ids first_id + 0 .. count - 1. */
enum err commit_plan_open(struct commit_plan **out, struct commit_item **items,
                          size_t count, int64_t first_id) WS_MUST_CHECK;
void commit_plan_close(struct commit_plan *p);
OWN_DEFINE(commit_plan_close, struct commit_plan *)

/* Give the outcome of the last step (WS_OK the first time), get the next. The
 * step's arrays are the plan's and live until the next call. */
const struct commit_step *commit_plan_next(struct commit_plan *p,
                                           enum err outcome);

/* In COMMIT_READ_LEDGER: these seqs were delivered before. */
void commit_plan_known(struct commit_plan *p, int64_t session_id,
                       struct store_run run);
/* In COMMIT_READ_LEDGER: this tombstone, unless it is known, is rejected; its
 * neighbours go on. */
void commit_plan_refuse(struct commit_plan *p, const struct fact *tombstone);

#endif
