/* ask.h - how a command has its order done: by the server that runs, or by
 * itself.
 *
 * Flow:    a command -> [ask] -> DATA/control.sock, or DATA/lock and the store
 * Shapes:  the order and its answer as JSON (auth/orders.h)
 * Errors:  exit statuses: 0 done; 1 refused or failed, said on stderr with
 *          what to do; 2 used wrongly
 * Source:  design.md section 2; ui.md "CLI parsing"
 */
#ifndef SERVER_CLI_ASK_H
#define SERVER_CLI_ASK_H

#include "core/buf.h"
#include "core/cli.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "server/server.h"

#include <stdbool.h>

enum { ASK_STOPPED = 3 /* `status` while no server runs */ };

/* An order as it is written. */
struct ask {
    struct buf text;
    struct jsonw w;
};

void ask_begin(struct ask *a, const char *order);

/* Have it done; the answer is the caller's to free. Anything but CLI_OK was
 * said on stderr. With --json the answer was printed as it is. */
int ask_end(struct cli_call *call, struct ask *a, struct json **answer);

/* Fail as a command does: "worksight-server: message", "→ fix"; CLI_DEGRADED.
 */
int ask_fail(const struct cli_call *call, const char *fix, const char *fmt, ...)
    WS_PRINTF(3, 4);

/* The same for what a folder, a disk or a lock says. */
int ask_failed(const struct cli_call *call, enum err e);

const struct settings *ask_settings(const struct cli_call *call);

/* Take DATA/lock while this process lives; WS_AGAIN: a server holds it. */
enum err ask_lock(const char *data, int *fd) WS_MUST_CHECK;

/* A new password from stdin, judged and hashed into the order as
 * "password_hash"; CLI_OK or said. */
int ask_password(struct cli_call *call, struct ask *a, const char *account);

/* "-" for NULL. */
const char *ask_text(const struct json *item, const char *key);

struct ask_column {
    const char *title, *key; /* of a text or a whole number */
    int width;               /* in characters; 0: the last one */
};

/* Have an order without members done whose answer is a list, and print it. */
int ask_table(struct cli_call *call, const char *order,
              const struct ask_column *columns, size_t count);

#endif
