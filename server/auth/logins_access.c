/* Who asks on a route for people: the cookie or the key, from memory or on a
 * reader thread, then CSRF for cookies. */
#include "core/clock.h"
#include "server/auth/csrf.h"
#include "server/auth/logins.h"
#include "server/commit/committer.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/store/store_accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *logins_secret(const struct exchange *x, enum logins_kind *kind)
{
    const char *bearer = access_bearer(x);
    const char *secret;

    if (bearer) {
        *kind = LOGINS_BY_KEY;
        return bearer;
    }
    *kind = LOGINS_BY_COOKIE;
    /* Over https only the cookie that no plain page can have set. */
    secret = exchange_cookie(x, LOGINS_COOKIE_TLS);
    return secret || exchange_secure(x) ? secret
                                        : exchange_cookie(x, LOGINS_COOKIE);
}

/* False: refused and answered. */
static bool csrf_passes(struct exchange *x, const struct principal *p)
{
    struct csrf_request r = {
        .method = exchange_method(x),
        .fetch_site = exchange_header(x, "Sec-Fetch-Site"),
        .origin = exchange_header(x, "Origin"),
        .host = exchange_header(x, "Host"),
        .token = exchange_header(x, ACCESS_CSRF_HEADER),
        .expected = p->csrf,
    };
    const char *why = "";

    if (csrf_check(&r, &why) == WS_OK)
        return true;
    exchange_problem(x, 403, "csrf", "%s", why);
    return false;
}

/* "Last seen" of a login or key, written now and then. */
struct seen {
    int64_t login_id, key_id, now_ns;
    char address[46];
};

static enum err seen_write(struct store *writer, void *arg)
{
    const struct seen *s = arg;

    if (s->key_id)
        return store_accounts_key_used(writer, s->key_id, s->now_ns);
    return store_accounts_login_seen(writer, s->login_id, s->now_ns,
                                     s->address);
}

static void seen_done(enum err e, void *arg)
{
    (void)e; /* not written: the next look-up tries again */
    free(arg);
}

static void note_seen(struct exchange *x, const struct logins_who *who)
{
    struct server *server = exchange_server(x);
    int64_t now_ns = env_wall_ns(server->env);
    struct seen *s;

    if (now_ns - who->seen_ns < LOGINS_SEEN_MS * CLOCK_NS_PER_MS &&
        (who->key_id || strcmp(who->address, exchange_peer(x)) == 0))
        return;
    s = calloc(1, sizeof(*s));
    if (!s)
        return;
    s->login_id = who->login_id;
    s->key_id = who->key_id;
    s->now_ns = now_ns;
    snprintf(s->address, sizeof(s->address), "%s", exchange_peer(x));
    if (committer_call(server->committer, seen_write, seen_done, s))
        free(s);
}

static void look_up(void *arg)
{
    struct exchange *x = arg;
    struct logins_who who;
    enum logins_kind kind;
    const char *secret = logins_secret(x, &kind);
    enum err e = logins_load(exchange_server(x)->logins, readers_context(),
                             kind, secret, &who);

    if (e == WS_OK) {
        if (kind == LOGINS_BY_COOKIE && !csrf_passes(x, &who.principal))
            return;
        note_seen(x, &who);
        *exchange_principal(x) = who.principal;
        exchange_access_done(x);
    } else if (e != WS_DENIED) {
        exchange_busy(x, 1);
    } else if (kind == LOGINS_BY_KEY) {
        access_refuse_token(x);
    } else {
        access_refuse_login(x);
    }
}

enum access logins_access_user(struct exchange *x)
{
    struct server *server = exchange_server(x);
    struct logins_who who;
    enum logins_kind kind;
    const char *secret = logins_secret(x, &kind);

    if (!secret) {
        access_refuse_login(x);
        return ACCESS_REFUSED;
    }
    if (strlen(secret) >= LOGINS_SECRET_BYTES ||
        (kind == LOGINS_BY_KEY && access_is_token(secret))) {
        if (kind == LOGINS_BY_KEY)
            access_refuse_token(x);
        else
            access_refuse_login(x);
        return ACCESS_REFUSED;
    }
    if (logins_find(server->logins, kind, secret, &who) == WS_OK) {
        if (kind == LOGINS_BY_COOKIE && !csrf_passes(x, &who.principal))
            return ACCESS_REFUSED;
        *exchange_principal(x) = who.principal;
        return ACCESS_GRANTED;
    }
    if (readers_run(server->readers, look_up, x)) {
        exchange_busy(x, 1);
        return ACCESS_REFUSED;
    }
    return ACCESS_LATER;
}
