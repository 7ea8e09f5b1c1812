#include "server/auth/roles.h"

#include <stdbool.h>
#include <string.h>

struct roles_row {
    const char *name;
    unsigned permissions;
};

/* clang-format off */
static const struct roles_row rows[ROLES_COUNT] = {
    [ROLES_VIEWER]   = {"viewer",   PERM_SESSIONS | PERM_METRICS | PERM_EVERYONE},
    [ROLES_REVIEWER] = {"reviewer", PERM_SESSIONS | PERM_METRICS | PERM_SCREENSHOTS | PERM_EVERYONE | PERM_EXPORTS},
    [ROLES_MANAGER]  = {"manager",  PERM_SESSIONS | PERM_METRICS | PERM_TEAM | PERM_EXPORTS},
    [ROLES_ADMIN]    = {"admin",    PERM_SESSIONS | PERM_EVERYONE | PERM_ACCOUNTS | PERM_AUDIT | PERM_OPERATIONS | PERM_EXPORTS},
    [ROLES_AUDITOR]  = {"auditor",  PERM_AUDIT | PERM_OPERATIONS},
    [ROLES_PERSON]   = {"person",   PERM_SESSIONS | PERM_METRICS | PERM_SCREENSHOTS | PERM_EXPORTS},
};

static const struct {
    unsigned bit;
    const char *name;
} permissions[] = {
    {PERM_SESSIONS,    "sessions.view"},
    {PERM_METRICS,     "metrics.view"},
    {PERM_SCREENSHOTS, "screenshots.view"},
    {PERM_EVERYONE,    "scope.everyone"},
    {PERM_TEAM,        "scope.team"},
    {PERM_ACCOUNTS,    "accounts.manage"},
    {PERM_AUDIT,       "audit.view"},
    {PERM_OPERATIONS,  "operations.view"},
    {PERM_EXPORTS,     "exports.make"},
};
/* clang-format on */

/* Roles whose scope a union with others would widen. */
static const unsigned alone = (1U << ROLES_MANAGER) | (1U << ROLES_PERSON);

const char *roles_known(void)
{
    return "viewer, reviewer, admin, auditor (these may be joined with "
           "commas), manager, person";
}

const char *roles_name(enum roles_role role)
{
    return role < ROLES_COUNT ? rows[role].name : NULL;
}

static bool find(const char *word, size_t len, unsigned *bit)
{
    size_t i;

    for (i = 0; i < ROLES_COUNT; i++) {
        if (strlen(rows[i].name) == len &&
            memcmp(rows[i].name, word, len) == 0) {
            *bit = 1U << i;
            return true;
        }
    }
    return false;
}

enum err roles_parse(const char *text, unsigned *set)
{
    unsigned all = 0;

    for (;;) {
        size_t len = strcspn(text, ",");
        unsigned bit = 0;

        if (!find(text, len, &bit))
            return WS_INVALID;
        all |= bit;
        if (text[len] == '\0')
            break;
        text += len + 1;
    }
    if ((all & alone) && (all & (all - 1)))
        return WS_INVALID;
    *set = all;
    return WS_OK;
}

void roles_format(unsigned set, char out[ROLES_TEXT_BYTES])
{
    size_t i, at = 0;

    for (i = 0; i < ROLES_COUNT; i++) {
        size_t len = strlen(rows[i].name);

        if ((set & (1U << i)) == 0)
            continue;
        if (at > 0)
            out[at++] = ',';
        memcpy(out + at, rows[i].name, len);
        at += len;
    }
    out[at] = '\0';
}

unsigned roles_permissions(unsigned set)
{
    unsigned all = 0;
    size_t i;

    for (i = 0; i < ROLES_COUNT; i++)
        if (set & (1U << i))
            all |= rows[i].permissions;
    return all;
}

const char *roles_permission_name(unsigned bit)
{
    size_t i;

    for (i = 0; i < sizeof(permissions) / sizeof(permissions[0]); i++)
        if (permissions[i].bit == bit)
            return permissions[i].name;
    return NULL;
}
