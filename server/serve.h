/* serve.h - the command `serve`: one supervisor, one listening socket, the
 * lock of the data folder, and the settings that workers are started with.
 *
 * Flow:    main -> [serve] -> crew -> workers (the same program again)
 * Shapes:  a worker's descriptors from SUPERVISE_FIRST_FD on: SERVE_FD_*
 * Errors:  exit 1 with a message and the fix: the port or the folder is taken,
 *          others would be served without TLS, no worker can start; a reload
 *          with mistakes is refused in the log and changes nothing
 * Source:  server.md "One listening socket, made by the supervisor"
 */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

#include "core/cli.h"
#include "server/server.h"

enum {
    SERVE_FD_LISTEN,
    SERVE_FD_LOCK,
    SERVE_FD_SHARED,  /* server/shared.h */
    SERVE_FD_CONTROL, /* server/control.h */
    SERVE_FDS
};

/* Run until SIGTERM or SIGINT; the exit status. */
int serve_run(struct settings *s, struct cli_call *call);

#endif
