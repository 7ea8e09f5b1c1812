/* serve.h - the command `serve`: one supervisor, one listening socket, the
 * lock of the data folder, and a worker that is started again when it dies.
 *
 * Flow:    main -> [serve] -> supervise -> worker (the same program again)
 * Shapes:  the worker's descriptors from SUPERVISE_FIRST_FD on: the listening
 *          socket, then the lock
 * Errors:  exit 1 with a message and the fix: the port or the folder is taken,
 *          the worker cannot start
 * Source:  server.md "One listening socket, made by the supervisor"
 */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "core/cli.h"
#include "server/server.h"

enum { SERVE_FD_LISTEN, SERVE_FD_LOCK, SERVE_FDS };

#define SERVE_STOP_MS 4500 /* from SIGTERM to the worker's SIGKILL */

/* Run until SIGTERM or SIGINT; the exit status. */
int serve_run(struct settings *s, struct cli_call *call);

#endif
