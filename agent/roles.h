/* roles.h - the table of roles: what each runs, is given and may do.
 *
 * Flow:    run.c starts the rows, main.c enters one, role.c walls it in
 * Shapes:  rows in the order of the start; they stop in the reverse order
 * Source:  design.md section 2, the table "Role, Does, May touch"
 */
#ifndef AGENT_ROLES_H
#define AGENT_ROLES_H

#include "agent/role.h"

#include <stddef.h>

#define ROLES_MAX_FDS 6
#define ROLES_OCR_DEADLINE INT64_C(-1) /* liveness_ms: as the setting says */

enum { /* folders that a role with SANDBOX_FILES may open files in */
       ROLES_STATE = 1,   /* STATE, to read and write */
       ROLES_SOURCE = 2,  /* DIR of file:DIR, to read; without that source
                             the role has no files at all */
       ROLES_NETWORK = 4, /* resolver, certificates, modules of the C
                             library: /etc, /usr/share, /lib; to read */
};

struct roles_row {
    const char *name;
    const char *program; /* a program beside this one; NULL: this one */
    enum board_role board;
    int (*run)(struct role *role); /* NULL for another program */
    int64_t liveness_ms;           /* silence that means hung */
    unsigned may;                  /* SANDBOX_* */
    unsigned folders;              /* ROLES_* */
    size_t fd_count;
    enum role_fd fds[ROLES_MAX_FDS]; /* in this order */
};

extern const struct roles_row roles_table[];
extern const size_t roles_count;

/* The row of this name, or NULL. */
const struct roles_row *roles_find(const char *name);

#endif
