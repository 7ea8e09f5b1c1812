/* csrf.h - a request that changes something comes from our own page.
 *
 * Flow:    access check -> [csrf] -> handler
 * Shapes:  level 1 is the cookie's SameSite=Lax; level 2 Sec-Fetch-Site or,
 *          from browsers without it, Origin; level 3 the header X-CSRF-Token
 * Errors:  WS_DENIED, with the level that refused
 * Source:  ui.md section 2 (Fossil's three levels); Fetch metadata
 */
#ifndef SERVER_AUTH_CSRF_H
#define SERVER_AUTH_CSRF_H

#include "core/err.h"

#include <stdbool.h>

struct csrf_request {
    const char *method;
    const char *fetch_site; /* Sec-Fetch-Site, or NULL */
    const char *origin;     /* Origin, or NULL */
    const char *host;       /* Host, or NULL */
    const char *token;      /* X-CSRF-Token, or NULL */
    const char *expected;   /* the login's token; NULL: no login yet, level 2
                               alone counts */
};

/* Judge a request that came with a cookie, or that wants one; why is a text
 * for people. */
enum err csrf_check(const struct csrf_request *r,
                    const char **why) WS_MUST_CHECK;

#endif
