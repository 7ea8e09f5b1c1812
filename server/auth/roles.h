/* roles.h - what each role may do, as one table.
 *
 * Flow:    account or key -> [roles] -> principal.permissions -> route table
 * Shapes:  an account holds a set of roles, written "admin,reviewer"; its
 *          permissions are the union of theirs, so person and manager, whose
 *          sight is narrower, stand alone: a union would widen it
 * Errors:  WS_INVALID  an unknown role, or person or manager with another one;
 *          the caller says so with roles_known()
 * Source:  ui.md section 1; privacy.md A3 (an administrator sees no content)
 */
#ifndef SERVER_AUTH_ROLES_H
#define SERVER_AUTH_ROLES_H

#include "core/buf.h"
#include "core/err.h"

#include <stddef.h>

enum { /* one permission a bit; roles_permission_name() is its word */
       PERM_SESSIONS = 1 << 0,    /* sessions, health, ledger, overview */
       PERM_METRICS = 1 << 1,     /* scores, their reasons, lists of pictures */
       PERM_SCREENSHOTS = 1 << 2, /* the pictures themselves; each view is
                                     audited */
       PERM_EVERYONE = 1 << 3,    /* whose: everybody's sessions */
       PERM_TEAM = 1 << 4,        /* whose: the own team's; without 3 and 4
                                     only the own */
       PERM_ACCOUNTS = 1 << 5,    /* accounts, API keys, enrollment codes */
       PERM_AUDIT = 1 << 6,       /* read the access log */
       PERM_OPERATIONS = 1 << 7,  /* /metrics, the details of /readyz */
       PERM_EXPORTS = 1 << 8,     /* take a list away as a file; audited */
};

enum roles_role { /* bit numbers of a set */
                  ROLES_VIEWER,
                  ROLES_REVIEWER,
                  ROLES_MANAGER,
                  ROLES_ADMIN,
                  ROLES_AUDITOR,
                  ROLES_PERSON,
                  ROLES_COUNT,
};

#define ROLES_TEXT_BYTES 64 /* every role with commas, and the NUL */
/* What the account made by the set-up link gets, and is told. */
#define ROLES_FIRST ((1U << ROLES_ADMIN) | (1U << ROLES_REVIEWER))

/* "admin", ...; NULL past the end. */
const char *roles_name(enum roles_role role);

/* The known roles and the rule, for messages. */
const char *roles_known(void);

/* Read "admin" or "admin,reviewer" into a set; empty is WS_INVALID. */
enum err roles_parse(const char *text, unsigned *set) WS_MUST_CHECK;

/* Write a set as roles_parse() reads it. */
void roles_format(unsigned set, char out[ROLES_TEXT_BYTES]);

/* The union of what the roles of a set may do. */
unsigned roles_permissions(unsigned set);

/* "screenshots.view" for one bit; NULL for an unknown one. */
const char *roles_permission_name(unsigned bit);

#endif
