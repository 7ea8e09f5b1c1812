/* Who I am, my password, my logins. */
#include "server/auth/logins.h"
#include "server/auth/password.h"
#include "server/commit/committer.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/views/door.h"
#include "server/views/page.h"
#include "server/views/views.h"

#include <stdio.h>
#include <string.h>

/* The login or key of this request; false: answered. */
static bool who_asks(struct exchange *x, struct logins_who *out)
{
    enum logins_kind kind;
    const char *secret = logins_secret(x, &kind);
    enum err e = secret ? logins_load(exchange_server(x)->logins,
                                      readers_context(), kind, secret, out)
                        : WS_DENIED;

    if (e == WS_DENIED)
        exchange_problem(x, 401, "no-login", "log in, or send an API key");
    else if (e)
        exchange_busy(x, 1);
    return e == WS_OK;
}

/* The same for what a key can't do. */
static bool who_logged_in(struct exchange *x, struct logins_who *out)
{
    if (!who_asks(x, out))
        return false;
    if (out->login_id)
        return true;
    exchange_problem(x, 403, "no-login", "an API key has no logins");
    return false;
}

void views_me(struct exchange *x)
{
    struct buf b = BUF_EMPTY;
    struct logins_who who;
    struct jsonw w;

    if (!who_asks(x, &who))
        return;
    jsonw_init(&w, &b);
    door_write_me(x, &w, NULL, who.principal.name, who.roles,
                  who.principal.csrf, who.login_id);
    exchange_add_header(x, "Cache-Control", "no-store");
    page_reply(x, &b);
}

/* --- ending logins --- */

struct ending {
    struct exchange *x;
    const struct logins_who *who;
    int64_t id; /* 0: all but the asker's */
};

static enum err write_ending(struct store *writer, void *arg)
{
    const struct ending *g = arg;
    int64_t now_ns = env_wall_ns(exchange_server(g->x)->env);
    int64_t account = g->who->principal.user_id;
    char object[32] = "others";
    struct door_audit audit = {
        .x = g->x,
        .actor = g->who->principal.name,
        .account_id = account,
        .action = "logout",
        .object = object,
        .detail = "",
    };
    enum err e;

    if (g->id) {
        snprintf(object, sizeof(object), "login:%lld", (long long)g->id);
        e = store_accounts_login_end(writer, g->id, account, now_ns);
    } else {
        e = store_accounts_logins_end(writer, account, g->who->login_id,
                                      now_ns);
    }
    return e ? e : door_write_audit(writer, &audit);
}

static void end_logins(struct exchange *x, const struct logins_who *who,
                       int64_t id)
{
    struct server *server = exchange_server(x);
    struct ending g = {.x = x, .who = who, .id = id};
    enum err e = committer_call_wait(server->committer, write_ending, &g);

    if (e) {
        page_fail(x, e);
        return;
    }
    logins_forget(server->logins);
    if (id == who->login_id)
        door_clear_cookie(x);
    exchange_reply(x, 204, NULL, NULL);
}

void views_logout(struct exchange *x)
{
    struct logins_who who;

    if (who_logged_in(x, &who))
        end_logins(x, &who, who.login_id);
}

void views_end_login(struct exchange *x)
{
    struct logins_who who;

    if (who_logged_in(x, &who))
        end_logins(x, &who, exchange_path_id(x));
}

void views_end_logins(struct exchange *x)
{
    struct logins_who who;

    if (who_logged_in(x, &who))
        end_logins(x, &who, 0);
}

/* --- the list --- */

static void write_login(const struct store_login *l, int64_t current,
                        struct jsonw *w)
{
    jsonw_object(w, NULL);
    jsonw_int(w, "id", l->id);
    jsonw_bool(w, "current", l->id == current);
    jsonw_time(w, "created_at", l->created_ns);
    jsonw_time(w, "last_seen_at", l->seen_ns);
    jsonw_time(w, "expires_at", l->expires_ns);
    jsonw_text(w, "address", l->seen_address);
    jsonw_text(w, "user_agent", l->user_agent);
    jsonw_object_end(w);
}

void views_logins(struct exchange *x)
{
    static const char *const known[] = {"limit", "cursor", NULL};
    OWN_FREE struct store_login *list = NULL;
    struct logins_who who;
    struct buf b = BUF_EMPTY;
    struct page page;
    struct jsonw w;
    size_t count = 0, i;
    enum err e;

    page_begin(&page, x, known);
    page_read_list(&page, PAGE_LOGINS);
    if (page_refused(&page) || !who_logged_in(x, &who))
        return;
    list = calloc(page.limit + 1, sizeof(*list));
    e = list ? store_accounts_logins(readers_context(), who.principal.user_id,
                                     env_wall_ns(exchange_server(x)->env),
                                     page.goes_on ? page.cursor.keys[0]
                                                  : INT64_MAX,
                                     list, page.limit + 1, &count)
             : WS_NOMEM;
    page_begin_items(&w, &b);
    for (i = 0; i < count && page_takes(&page); i++) {
        write_login(&list[i], who.login_id, &w);
        page_wrote(&page, list[i].id, 0);
    }
    page_end_items(&page, e, &w, &b);
}

/* --- the password --- */

struct change {
    struct exchange *x;
    const struct logins_who *who;
    char hash[PASSWORD_HASH_BYTES];
};

static enum err write_change(struct store *writer, void *arg)
{
    const struct change *c = arg;
    struct door_audit audit = {
        .x = c->x,
        .actor = c->who->principal.name,
        .account_id = c->who->principal.user_id,
        .action = "password",
        .object = c->who->principal.name,
        .detail = "all other logins ended",
    };
    enum err e = store_accounts_set_password(
        writer, c->who->principal.user_id, c->hash,
        env_wall_ns(exchange_server(c->x)->env), c->who->login_id);

    return e ? e : door_write_audit(writer, &audit);
}

/* The current password is right; false: answered. Wrong ones count like
 * failed logins, so that a stolen cookie can't try all passwords. */
static bool current_is_right(struct exchange *x, const char *name,
                             const char *current)
{
    struct server *server = exchange_server(x);
    struct lockout *lockout = logins_lockout(server->logins);
    int64_t now_ns = env_mono_ns(server->env);
    struct store_account account;
    enum err e;

    if (!door_may_try(x, name, now_ns))
        return false;
    e = store_accounts_by_name(readers_context(), name, &account);
    if (!e)
        e = password_verify(account.password, current);
    if (e == WS_DENIED) {
        lockout_failed(lockout, name, exchange_peer(x), now_ns);
        door_refuse(x, "/current", "is not your password");
    } else if (e) {
        exchange_busy(x, 1);
    }
    return e == WS_OK;
}

void views_password(struct exchange *x)
{
    static const struct door_member members[] = {
        {"current", JSON_TEXT, true, 256},
        {"new", JSON_TEXT, true, 256},
    };
    struct server *server = exchange_server(x);
    OWN(json_free)
    struct json *doc = NULL;
    char why[PASSWORD_WHY_BYTES];
    struct logins_who who;
    struct change c = {.x = x, .who = &who};
    const char *fresh;
    enum err e;

    doc = door_body(x, members, 2);
    if (!doc || !who_logged_in(x, &who))
        return;
    fresh = json_text(json_get(doc, "new"), "");
    if (password_check(fresh, who.principal.name, why)) {
        door_refuse(x, "/new", "%s", why);
        return;
    }
    if (!current_is_right(x, who.principal.name,
                          json_text(json_get(doc, "current"), "")))
        return;
    e = password_hash(fresh, c.hash);
    if (!e)
        e = committer_call_wait(server->committer, write_change, &c);
    if (e) {
        page_fail(x, e);
        return;
    }
    logins_forget(server->logins);
    exchange_reply(x, 204, NULL, NULL);
}
