/* store_audit.h - the access log: append-only, each row hashed with the one
 * before it.
 *
 * Flow:    auth, views, orders -> [store_audit] -> the engine's SQL
 * Errors:  as store_accounts.h; WS_CORRUPT from the walk: a row does not fit
 * Process: store_audit_append() on the committer's handle, inside its
 *          transaction; the others on a reader's
 * Source:  privacy.md A2
 */
#ifndef SERVER_STORE_STORE_AUDIT_H
#define SERVER_STORE_STORE_AUDIT_H

#include "core/buf.h"
#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

struct store;

struct store_audit {
    int64_t id; /* given by the append: the next number, without gaps */
    int64_t at_ns;
    const char *actor;   /* "ana", "key:grafana", "cli" */
    int64_t account_id;  /* 0: no account */
    const char *action;  /* "login", "login.failed", "screenshot.view" ... */
    const char *object;  /* "screenshot:17" */
    const char *detail;  /* text for people, or "" */
    const char *address; /* of the asker */
    const char *request; /* request id */
};

enum err store_audit_append(struct store *s,
                            struct store_audit *row) WS_MUST_CHECK;

/* Walk rows with ids below `before_id`, newest first; `each` returns 0 to
 * stop. Texts live during the call. */
enum err store_audit_walk(struct store *s, int64_t before_id,
                          int (*each)(void *ctx, const struct store_audit *row),
                          void *ctx) WS_MUST_CHECK;

/* In a transaction: drop at most `limit` of the oldest rows that are older than
 * a time. The last one's number and hash stay: the chain goes on from there. */
enum err store_audit_expire(struct store *s, int64_t before_ns, int64_t limit,
                            int64_t *dropped) WS_MUST_CHECK;
/* How many there are. */
enum err store_audit_older(struct store *s, int64_t before_ns,
                           int64_t *count) WS_MUST_CHECK;

/* Walk the whole chain, from what was dropped on: WS_OK, or WS_CORRUPT and the
 * first row that does not fit (one past the last when the end is missing). */
enum err store_audit_verify(struct store *s, int64_t *rows,
                            int64_t *bad_id) WS_MUST_CHECK;

#endif
