/* Who asks on a route for agents: the bearer token, from memory or on a
 * reader thread. */
#include "core/sha256.h"
#include "server/auth/tokens.h"
#include "server/counters.h"
#include "server/http/readers.h"
#include "server/server.h"

#include <string.h>

static void grant(struct principal *p, const struct tokens_session *session)
{
    p->kind = PRINCIPAL_AGENT;
    p->session_id = session->id;
    p->tier = session->tier;
    memcpy(p->session_uid, session->uid, sizeof p->session_uid);
}

static void look_up(void *arg)
{
    struct exchange *x = arg;
    struct server *server = exchange_server(x);
    struct principal *p = exchange_principal(x);
    struct tokens_session session;
    enum err e = tokens_load(server->tokens, readers_context(), p->token_sha256,
                             &session);

    if (e == WS_OK) {
        grant(p, &session);
        exchange_access_done(x);
    } else if (e == WS_DENIED) {
        COUNTERS_ADD(server->counters, token_refusals, 1);
        access_refuse_token(x);
    } else {
        exchange_busy(x, 1);
    }
}

enum access tokens_access_agent(struct exchange *x)
{
    struct server *server = exchange_server(x);
    struct principal *p = exchange_principal(x);
    const char *bearer = access_bearer(x);
    struct tokens_session session;

    if (!bearer || !access_is_token(bearer)) {
        COUNTERS_ADD(server->counters, token_refusals, 1);
        access_refuse_token(x);
        return ACCESS_REFUSED;
    }
    sha256_hash(bearer, strlen(bearer), p->token_sha256);
    if (tokens_find(server->tokens, p->token_sha256, &session) == WS_OK) {
        COUNTERS_ADD(server->counters, token_hits, 1);
        grant(p, &session);
        return ACCESS_GRANTED;
    }
    COUNTERS_ADD(server->counters, token_misses, 1);
    if (readers_run_first(server->readers, look_up, x)) {
        exchange_busy(x, 1);
        return ACCESS_REFUSED;
    }
    return ACCESS_LATER;
}

/* Whether network, code or token is good enough is judged with the body: a
 * replay is recognised before any code is. */
enum access tokens_access_enroll(struct exchange *x)
{
    struct principal *p = exchange_principal(x);
    const char *bearer = access_bearer(x);

    p->kind = PRINCIPAL_NOBODY;
    if (bearer) {
        p->kind = PRINCIPAL_ENROLL;
        sha256_hash(bearer, strlen(bearer), p->token_sha256);
    }
    return ACCESS_GRANTED;
}
