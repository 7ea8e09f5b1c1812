/* instance.h - one agent a state folder, and the door that commands knock at.
 *
 * Flow:    run.c -> [instance] -> lock, STATE/control.sock
 * Errors:  WS_EXISTS  another agent holds the folder; its pid is given
 * Owns:    the lock ends with the last process that holds lock_fd: the roles
 *          inherit it, so a role that outlives its supervisor keeps the folder
 * Source:  faults.md A-04; flock(2)
 */
#ifndef AGENT_INSTANCE_H
#define AGENT_INSTANCE_H

#include "core/err.h"

#include <sys/types.h>

struct instance {
    int lock_fd;
    pid_t other; /* with WS_EXISTS: who holds the folder; 0: not known */
};

/* Make the folder (0700) and take it. */
enum err instance_take(const char *state, struct instance *out) WS_MUST_CHECK;

/* The listening control socket (mode 0600, not blocking). */
enum err instance_listen(const char *state, int *fd) WS_MUST_CHECK;

/* Connect to it; WS_NOTFOUND when no agent listens. */
enum err instance_connect(const char *state, int *fd) WS_MUST_CHECK;

/* Remove the socket's name and the lock's note, and let the folder go. */
void instance_leave(const char *state, struct instance *instance);

#endif
