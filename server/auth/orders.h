/* orders.h - what the commands ask of the store: one JSON object in, one out.
 *
 * Flow:    server/cli -> control.sock (or DATA/lock) -> [orders] -> store
 * Shapes:  {"order":"user.add","name":...} -> {"ok":true,...} or
 *          {"ok":false,"error":...,"fix":...}
 * Errors:  WS_INVALID  refused, and the answer says why; roll back
 *          others      of the store: the answer is worth nothing
 * Process: on the writer's handle, inside a transaction; may run again when
 *          that is replayed
 * Source:  design.md section 2: commands that write speak to the one writer
 */
#ifndef SERVER_AUTH_ORDERS_H
#define SERVER_AUTH_ORDERS_H

#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"

#include <stddef.h>
#include <stdint.h>

struct store;

#define ORDERS_MAX_BYTES 16384 /* of one request */
#define ORDERS_LINK_MS INT64_C(3600000)
#define ORDERS_CODE_MS (7 * INT64_C(86400000))
#define ORDERS_CODE_MIN_MS INT64_C(60000)
#define ORDERS_CODE_MAX_MS (90 * INT64_C(86400000))
#define ORDERS_LIST_BYTES (900 << 10) /* of a list; the API has pages */

/* The process that runs the orders, for "status"; NULL: no server runs. */
struct orders_process {
    int64_t pid, uptime_ms;
    const char *listen;
    size_t queue; /* writes waiting */
};

struct orders {
    const struct env *env;
    const struct json *request;
    const struct orders_process *process;
    struct buf answer; /* the caller's to free; one JSON object */
};

/* Run one; `orders` is struct orders (for committer_call). */
enum err orders_run(struct store *writer, void *orders) WS_MUST_CHECK;

/* A name for an account or key: 1 to 64 letters, digits and . _ - @ + */
enum err orders_check_name(const char *name) WS_MUST_CHECK;

#endif
