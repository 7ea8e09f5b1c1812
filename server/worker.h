/* worker.h - the process that answers: a loop, a committer thread, readers.
 *
 * Flow:    serve -> supervise -> [worker]: open everything, say ready, loop
 * Errors:  exit 1 when something can't be opened, said in the log
 * Process: its own; descriptors as serve.h says
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "server/server.h"

/* Run the worker of a seat of server/shared.h until it is told to stop; the
 * exit status. */
int worker_run(const struct settings *s, size_t seat);

#endif
