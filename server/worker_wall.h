/* worker_wall.h - what a worker keeps once it is open: the files of DATA and
 * connections that come in; with a database or pictures on a host of their
 * own, what it takes to reach it.
 *
 * Flow:    settings, database_needs() -> [worker_wall] -> core/sandbox
 * Errors:  of the sandbox; a kernel that filters nothing is a warning
 * Process: the worker's: sandbox_folders before it has threads, then
 *          sandbox_enter when all is open
 */
#ifndef SERVER_WORKER_WALL_H
#define SERVER_WORKER_WALL_H

#include "core/sandbox.h"
#include "server/database.h"

/* Give `enter` the worker's row. */
enum err worker_wall(const struct settings *s, const struct database_needs *db,
                     enum err (*enter)(const struct sandbox *)) WS_MUST_CHECK;

#endif
