/* exclude.h - windows that are never captured, shipped with the program.
 *
 * Flow:    class and title of a window -> [exclude] -> capture
 * Shapes:  one const table; classes are compared whole, titles by whole words,
 *          both without regard to case
 * Source:  privacy.md M4
 */
#ifndef AGENT_CAPTURE_EXCLUDE_H
#define AGENT_CAPTURE_EXCLUDE_H

#include <stddef.h>

enum exclude_kind {
    EXCLUDE_NOTHING, /* may be captured */
    EXCLUDE_LOCK,    /* lock and login screens */
    EXCLUDE_PASSWORDS,
    EXCLUDE_PRIVATE_BROWSING,
    EXCLUDE_BANKING,
    EXCLUDE_HEALTH,
    EXCLUDE_WORKS_COUNCIL,
    EXCLUDE_WEBMAIL,
    EXCLUDE_CONSENT, /* dialogs that ask for a password or permission */
    EXCLUDE_KINDS,
};

/* Why a window of this class, instance and title is left out, or
 * EXCLUDE_NOTHING. NULL texts are allowed. */
enum exclude_kind exclude_match(const char *app, const char *instance,
                                const char *title);

/* "password manager" ... for people; never the title itself. */
const char *exclude_word(enum exclude_kind kind);

/* The shipped rules, for `doctor` and for tests. */
struct exclude_rule {
    enum exclude_kind kind;
    const char *app;   /* NULL: any */
    const char *title; /* words; NULL: any */
};
extern const struct exclude_rule exclude_rules[];
extern const size_t exclude_rule_count;

#endif
