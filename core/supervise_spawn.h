/* supervise_spawn.h - fork and exec of one supervised child.
 *
 * Flow:    supervise -> [supervise_spawn] -> a process with its descriptors
 * Errors:  WS_NOTFOUND  there is no such program
 *          WS_IO        fork or exec failed, logged here
 * Owns:    the caller closes control_fd and log_fd
 * Process: the child has default signals but for those that a terminal sends to
 *          everybody (ignored), and dies with the supervisor
 */
#ifndef CORE_SUPERVISE_SPAWN_H
#define CORE_SUPERVISE_SPAWN_H

#include "core/supervise.h"

struct supervise_spawn {
    pid_t pid;
    int control_fd; /* its words arrive here; its EOF tells it to stop */
    int log_fd;     /* its stdout and stderr, to read; not blocking */
};

/* Start a child; WS_OK says that its exec worked. */
enum err supervise_spawn(const struct supervise_child *child,
                         const char *const *base_argv,
                         struct supervise_spawn *out) WS_MUST_CHECK;

#endif
