/* Orders about enrollment codes, one-time links and agents' tokens. */
#include "core/clock.h"
#include "core/conf_parse.h"
#include "server/auth/logins.h"
#include "server/auth/orders_private.h"
#include "server/store/store_sessions.h"

#include <stdio.h>

enum err orders_codes_code_create(struct store *s, struct orders *o)
{
    struct store_code c = {.created_ns = env_wall_ns(o->env)};
    struct store_account a = {.id = 0};
    char code[LOGINS_SECRET_BYTES], object[32];
    char said[32];
    int64_t ms = json_int(json_get(o->request, "expires_ms"), ORDERS_CODE_MS);
    struct jsonw w;
    enum err e;

    if (ms < ORDERS_CODE_MIN_MS || ms > ORDERS_CODE_MAX_MS) {
        conf_parse_print(CONF_DURATION, ms, said, sizeof said);
        return orders_refuse_value(o, "for example --expires 7d",
                                   "--expires is %s, out of bounds: it must be "
                                   "from 1m to 90d",
                                   said);
    }
    if (*orders_text(o, "user")) {
        e = orders_account(s, o, orders_text(o, "user"), &a);
        if (e)
            return e;
    }
    c.account_id = a.id;
    c.expires_ns = c.created_ns + ms * CLOCK_NS_PER_MS;
    logins_make_code(o->env, code, c.sha256);
    e = store_accounts_code_add(s, &c);
    if (e)
        return e;
    snprintf(object, sizeof(object), "code:%lld", (long long)c.id);
    e = orders_audit(s, o, "enroll.create", object, a.name);
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_int(&w, "id", c.id);
    jsonw_text(&w, "code", code);
    jsonw_text(&w, "user", a.id ? a.name : NULL);
    jsonw_time(&w, "expires_at", c.expires_ns);
    return orders_end(o, &w);
}

static enum err read_codes(struct store *s, int64_t after_id, void *rows,
                           size_t max, size_t *count)
{
    return store_accounts_codes(s, after_id, rows, max, count);
}

static void write_code(const void *row, struct jsonw *w)
{
    const struct store_code *c = row;

    jsonw_int(w, "id", c->id);
    jsonw_text(w, "user", c->account_id ? c->account : NULL);
    jsonw_time(w, "created_at", c->created_ns);
    jsonw_time(w, "expires_at", c->expires_ns);
    jsonw_time(w, "used_at", c->used_ns);
    jsonw_time(w, "revoked_at", c->revoked_ns);
    jsonw_int(w, "session_id", c->session_id);
}

enum err orders_codes_code_list(struct store *s, struct orders *o)
{
    static const struct orders_list codes = {read_codes, write_code,
                                             sizeof(struct store_code),
                                             offsetof(struct store_code, id)};

    return orders_write_list(s, o, &codes);
}

enum err orders_codes_code_revoke(struct store *s, struct orders *o)
{
    int64_t id = json_int(json_get(o->request, "id"), 0);
    char object[32];
    struct jsonw w;
    enum err e = store_accounts_code_revoke(s, id, env_wall_ns(o->env));

    if (e == WS_NOTFOUND)
        return orders_refuse(o, "worksight-server enroll list shows the codes",
                             "there is no unused code %lld", (long long)id);
    if (e)
        return e;
    snprintf(object, sizeof(object), "code:%lld", (long long)id);
    e = orders_audit(s, o, "enroll.revoke", object, "");
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_int(&w, "id", id);
    return orders_end(o, &w);
}

enum err orders_codes_setup_link(struct store *s, struct orders *o)
{
    struct store_link l = {.created_ns = env_wall_ns(o->env)};
    struct store_account a = {.id = 0};
    char secret[LOGINS_SECRET_BYTES];
    int64_t count, first_admin;
    struct jsonw w;
    enum err e = store_accounts_count(s, &count, &first_admin);

    if (e)
        return e;
    if (*orders_text(o, "user")) {
        e = orders_account(s, o, orders_text(o, "user"), &a);
    } else if (count > 0 && first_admin == 0) {
        return orders_refuse(o,
                             "name an account: worksight-server setup --link "
                             "--user NAME",
                             "there are accounts but no administrator");
    } else if (count > 0) {
        e = store_accounts_by_id(s, first_admin, &a);
    }
    if (e)
        return e;
    l.account_id = a.id;
    l.expires_ns = l.created_ns + ORDERS_LINK_MS * CLOCK_NS_PER_MS;
    logins_make_secret(o->env, LOGINS_LINK_PREFIX, secret, l.sha256);
    e = store_accounts_link_add(s, &l);
    if (e)
        return e;
    e = orders_audit(s, o, "setup.link", a.name, "");
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_text(&w, "token", secret);
    jsonw_text(&w, "purpose", a.id ? "sign_in" : "first_account");
    jsonw_text(&w, "name", a.id ? a.name : NULL);
    jsonw_time(&w, "expires_at", l.expires_ns);
    if (o->process)
        jsonw_text(&w, "listen", o->process->listen);
    return orders_end(o, &w);
}

enum err orders_codes_token_revoke(struct store *s, struct orders *o)
{
    int64_t id = json_int(json_get(o->request, "session"), 0);
    char object[32];
    struct jsonw w;
    enum err e = store_sessions_revoke_token(s, id, env_wall_ns(o->env));

    if (e == WS_NOTFOUND)
        return orders_refuse(
            o, "the session's page and /api/v1/sessions show the ids",
            "session %lld has no token to revoke", (long long)id);
    if (e)
        return e;
    snprintf(object, sizeof(object), "session:%lld", (long long)id);
    e = orders_audit(s, o, "token.revoke", object, "");
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_int(&w, "session", id);
    return orders_end(o, &w);
}
