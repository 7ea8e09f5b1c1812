/* control.h - DATA/control.sock: how commands reach the one process that
 * writes.
 *
 * Flow:    worksight-server COMMAND -> [control] -> committer_call -> orders
 * Shapes:  one JSON line in, one JSON line out, one connection an order
 * Errors:  WS_IO  the socket could not be made
 * Owns:    control_listen() makes the socket, for the supervisor; workers
 *          share it: control_open() starts a thread, control_close() ends it
 * Process: a thread of its own, so that a slow command holds nobody up
 * Source:  design.md section 2; unix(7), SO_PEERCRED: the same user or root
 */
#ifndef SERVER_CONTROL_H
#define SERVER_CONTROL_H

#include "core/err.h"
#include "core/own.h"

#include <stddef.h>

#define CONTROL_NAME "control.sock"
#define CONTROL_LOCK "lock"
#define CONTROL_TIMEOUT_MS 10000 /* a command waits for its answer */
#define CONTROL_LINE_MS 1000     /* the server waits for an order's line */

struct control;
struct server;

/* Listen at DATA/control.sock; control_unlink() removes it at the end. */
enum err control_listen(const char *data, int *fd) WS_MUST_CHECK;
void control_unlink(const char *data);

/* Answer what comes in at the socket, which stays the caller's. */
enum err control_open(struct control **out, struct server *server,
                      int fd) WS_MUST_CHECK;
void control_close(struct control *c);
OWN_DEFINE(control_close, struct control *)

/* --- for the commands --- */

/* Connect to the server that holds a data folder; WS_NOTFOUND: none listens. */
enum err control_connect(const char *data, int *fd) WS_MUST_CHECK;

/* Send one line and read the answer's, both without the newline. */
struct buf;
enum err control_ask(int fd, const struct buf *request,
                     struct buf *answer) WS_MUST_CHECK;

#endif
