/* store_fleet.h - figures of all sessions together, kept behind a watermark.
 *
 * Flow:    retention's thread, hourly -> [store_fleet] -> views (overview)
 * Shapes:  sessions and agents are counted once up to a moment; a page adds
 *          what was created since. The fleet's roll-ups are written a row a
 *          quarter and writer, so that writers never meet; once a quarter is
 *          past its rows are folded into one
 * Errors:  as store.h
 * Process: any number of servers may do it at once: the outcome is the same
 * Source:  design.md section 2: "fleet figures are folded by one job behind a
 *          watermark"
 */
#ifndef SERVER_STORE_STORE_FLEET_H
#define SERVER_STORE_STORE_FLEET_H

#include "core/err.h"

#include <stdint.h>

struct store;

struct store_fleet_count {
    int64_t upto_ns; /* session.created_at below it */
    int64_t sessions;
    int64_t agents; /* a session of layer 1 is one */
};

/* What is kept. */
enum err store_fleet_kept(struct store *s,
                          struct store_fleet_count *out) WS_MUST_CHECK;

/* Count all sessions that were created before out->upto_ns: a scan, so for the
 * job alone. */
enum err store_fleet_count(struct store *s,
                           struct store_fleet_count *out) WS_MUST_CHECK;

/* In a transaction: keep it. */
enum err store_fleet_keep(struct store *s,
                          const struct store_fleet_count *count) WS_MUST_CHECK;

/* The first quarter after one and before another whose figures several writers
 * hold; WS_NOTFOUND: there is none. */
enum err store_fleet_next(struct store *s, int64_t after, int64_t before,
                          int64_t *quarter) WS_MUST_CHECK;

/* In a transaction: one row for a quarter, the sum of those there were. */
enum err store_fleet_fold(struct store *s, int64_t quarter) WS_MUST_CHECK;

/* Quarters before one: how many rows, and their end. */
enum err store_fleet_before(struct store *s, int64_t quarter,
                            int64_t *count) WS_MUST_CHECK;
enum err store_fleet_drop(struct store *s, int64_t quarter,
                          int64_t *dropped) WS_MUST_CHECK;

#endif
