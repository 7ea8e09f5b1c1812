/* access.h - who may ask this, decided before a body is read.
 *
 * Flow:    conn (head complete, route found) -> [access] -> auth/ (a table of
 *          functions) -> [access] -> body -> handler
 * Shapes:  auth/ says who asks (fills exchange_principal()); what that person
 *          or agent may do on this route is checked here, once, for all
 * Errors:  401 with WWW-Authenticate: Bearer  nobody said who they are
 *          403 unknown or revoked token; the token of another session than
 *          {id}; a permission missing (CSRF is judged by auth/csrf); 303 to
 *          /login for a browser that asks for a page
 * Process: the functions run on the loop and must not block; what needs the
 *          database returns ACCESS_LATER and goes on, on a reader thread
 * Source:  wire.md "Layer 1" (401, 403); server.md "HTTP layer"
 */
#ifndef SERVER_HTTP_ACCESS_H
#define SERVER_HTTP_ACCESS_H

#include "server/http/route.h"

#include <stdbool.h>

/* Unsafe methods by cookie carry principal.csrf in this header. */
#define ACCESS_CSRF_HEADER "X-CSRF-Token"

enum access {
    ACCESS_GRANTED, /* exchange_principal() is filled */
    ACCESS_REFUSED, /* the answer was already given */
    ACCESS_LATER,   /* exchange_access_done() or an answer will come, once */
};

/* How to find out who asks. A member that is NULL refuses everybody (401). */
struct access_ops {
    /* A session's token: "Authorization: Bearer" with 64 hex digits. Called
     * only when that header is there. Fills kind AGENT, session_id and
     * token_sha256; {id} is compared afterwards, by access. */
    enum access (*agent)(struct exchange *x);

    /* POST /api/sessions/: by network, code, or a session's token. Called
     * with and without an Authorization header; kind ENROLL or NOBODY. */
    enum access (*enroll)(struct exchange *x);

    /* A login cookie, or an API key as bearer, which is never 64 hex digits.
     * Fills kind USER, user_id, permissions, csrf (empty for a key), name.
     * Refuses by access_refuse_login(). */
    enum access (*user)(struct exchange *x);
};

/* Decide for a matched route; on the loop. ROUTE_OPEN is granted at once. */
enum access access_decide(const struct access_ops *ops, struct exchange *x);

/* Check the principal that was found against the route; on the loop. False:
 * refused and answered. */
bool access_settle(struct exchange *x);

/* The bearer credential: the text after "Bearer ", or NULL. */
const char *access_bearer(const struct exchange *x);
/* True for 64 hex digits, the form of a session's token. */
bool access_is_token(const char *bearer);

/* 403: the token given is not known, or revoked. */
void access_refuse_token(struct exchange *x);
/* A browser asking for a page: 303 to /login?next=...; all others: 401. */
void access_refuse_login(struct exchange *x);

#endif
