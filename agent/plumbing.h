/* plumbing.h - what the supervisor makes and holds for the roles.
 *
 * Flow:    run.c -> [plumbing] -> descriptors, by the rows of roles.c
 * Owns:    the supervisor holds both ends of every pair: a role that comes
 *          back finds its pair, ring and board as they were
 */
#ifndef AGENT_PLUMBING_H
#define AGENT_PLUMBING_H

#include "agent/ring.h"
#include "agent/role.h"

struct plumbing {
    bool opened;
    struct board *board;
    struct ring *ring;
    int fds[ROLE_FDS]; /* all but ROLE_FD_OUTBOX, which each has its own */
    int outbox[BOARD_ROLES]; /* a role's end of its pair with the outbox */
};

/* Make all of it; control_fd becomes the plumbing's. */
enum err plumbing_open(struct plumbing *p, int control_fd) WS_MUST_CHECK;
void plumbing_close(struct plumbing *p);

/* The descriptor that a role is given for this name; -1: none. */
int plumbing_fd(const struct plumbing *p, enum board_role role,
                enum role_fd name);

#endif
