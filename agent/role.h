/* role.h - what every role of the agent is given, and the body they share.
 *
 * Flow:    roles.c (the table) -> [role] -> capture_run(), ai_run(), ...
 * Shapes:  a role is `int NAME_run(struct role *)`: acquire, sandbox, say
 *          ready, loop { work, board_alive, supervise_child_alive }; the return
 *          value is the process's exit status
 * Process: one role a process; nothing is shared but what stands here
 * Source:  design.md section 2; OpenSMTPD
 */
#ifndef AGENT_ROLE_H
#define AGENT_ROLE_H

#include "agent/board.h"
#include "agent/settings.h"
#include "core/env.h"
#include "core/err.h"

#include <stdbool.h>

/* Descriptors a role may be given; each row of roles.c names its own. */
enum role_fd {
    ROLE_FD_BOARD,     /* every role */
    ROLE_FD_RING,      /* capture, ai: the frame ring, read-write */
    ROLE_FD_RING_VIEW, /* ocr: the frame ring, read-only */
    ROLE_FD_OUTBOX,    /* ai, upload, heartbeat: this role's end of its pair */
    ROLE_FD_AI_PEER, /* outbox: the other ends, one a role (= one verb list) */
    ROLE_FD_UPLOAD_PEER,
    ROLE_FD_HEARTBEAT_PEER,
    ROLE_FD_CONTROL,  /* outbox: the listening STATE/control.sock */
    ROLE_FD_OCR,      /* ai: its end of the pair with worksight-ocr */
    ROLE_FD_OCR_PEER, /* worksight-ocr: the other end */
    ROLE_FDS,
};

struct role {
    const char *name;
    enum board_role row; /* its row on the board */
    const struct settings *settings;
    const struct env *env; /* clocks and random */
    struct board *board;
    int fds[ROLE_FDS]; /* -1: not for this role */
};

/* Give up everything the role's row of roles.c does not name; call it after
 * acquiring and before supervise_child_ready(). On an error the role exits. */
enum err role_enter_sandbox(const struct role *role) WS_MUST_CHECK;

/* The table row's function for each role. */
int outbox_role_run(struct role *role);
int indicator_run(struct role *role);
int capture_run(struct role *role);
int ai_run(struct role *role);
int upload_run(struct role *role);
int heartbeat_run(struct role *role);

#endif
