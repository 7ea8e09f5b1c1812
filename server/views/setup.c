/* The one-time link: it makes the first account, or logs somebody in. */
#include "core/sha256.h"
#include "server/auth/logins.h"
#include "server/auth/orders.h"
#include "server/auth/password.h"
#include "server/auth/roles.h"
#include "server/commit/committer.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/views/door.h"
#include "server/views/page.h"
#include "server/views/views.h"

#include <stdio.h>
#include <string.h>

#define FIRST "first_account"
#define SIGN_IN "sign_in"
#define LINK "\tlink" /* whose failures count together; no account's name */

struct use {
    struct exchange *x;
    struct store_link link;
    struct store_account account;
    struct door_login login;
    const char *purpose;
};

static enum err make_account(struct store *writer, struct use *u)
{
    int64_t count, first_admin;
    enum err e = store_accounts_count(writer, &count, &first_admin);

    if (!e && count > 0)
        return WS_DENIED; /* somebody was first with another link */
    if (!e)
        e = store_accounts_add(writer, &u->account);
    u->login.row.account_id = u->account.id;
    return e;
}

/* Use the link up, then do what it is for: all of it or nothing. */
static enum err write_use(struct store *writer, void *arg)
{
    struct use *u = arg;
    struct door_audit audit = {
        .x = u->x,
        .actor = u->account.name,
        .action = "setup.use",
        .object = u->purpose,
        .detail = u->account.roles,
    };
    enum err e =
        store_accounts_link_use(writer, u->link.id, u->login.row.created_ns);

    if (!e && u->link.account_id == 0)
        e = make_account(writer, u);
    if (!e)
        e = store_accounts_login_add(writer, &u->login.row);
    if (e)
        return e;
    audit.account_id = u->account.id;
    return door_write_audit(writer, &audit);
}

static void refuse_link(struct exchange *x)
{
    exchange_problem(x, 403, "link-used",
                     "the link was used, or is too old; make another one: "
                     "worksight-server setup --link");
}

static void describe(struct exchange *x, const struct use *u)
{
    struct buf b = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &b);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "purpose", u->purpose);
    jsonw_text(&w, "name", u->link.account_id ? u->account.name : NULL);
    jsonw_time(&w, "expires_at", u->link.expires_ns);
    jsonw_object_end(&w);
    exchange_add_header(x, "Cache-Control", "no-store");
    page_reply(x, &b);
}

/* Judge name and password of the first account; false: answered. */
static bool read_account(struct exchange *x, const struct json *doc,
                         struct use *u)
{
    const char *name = json_text(json_get(doc, "name"), "");
    const char *password = json_text(json_get(doc, "password"), "");
    char why[PASSWORD_WHY_BYTES];
    enum err e;

    if (orders_check_name(name)) {
        door_refuse(x, "/name", "use 1 to 64 letters, digits and . _ - @ +");
        return false;
    }
    if (password_check(password, name, why)) {
        door_refuse(x, "/password", "%s", why);
        return false;
    }
    e = password_hash(password, u->account.password);
    if (e) {
        exchange_busy(x, 1);
        return false;
    }
    snprintf(u->account.name, sizeof(u->account.name), "%s", name);
    roles_format(ROLES_FIRST, u->account.roles);
    return true;
}

static void use_up(struct exchange *x, const struct json *doc, struct use *u)
{
    struct server *server = exchange_server(x);
    enum err e;

    if (u->link.account_id == 0 && !read_account(x, doc, u))
        return;
    door_make_login(x, u->account.id, &u->login);
    u->account.created_ns = u->login.row.created_ns;
    e = committer_call_wait(server->committer, write_use, u);
    if (e == WS_OK)
        door_welcome(x, &u->account, &u->login, u->purpose);
    else if (e == WS_NOTFOUND || e == WS_DENIED)
        refuse_link(x);
    else
        exchange_busy(x, 1);
}

/* The link and its account; WS_NOTFOUND when it is not good. */
static enum err find(struct exchange *x, const char *token, struct use *u)
{
    struct server *server = exchange_server(x);
    uint8_t sha256[SHA256_BYTES];
    enum err e;

    sha256_hash(token, strlen(token), sha256);
    e = store_accounts_link(readers_context(), sha256, env_wall_ns(server->env),
                            &u->link);
    if (!e && u->link.account_id)
        e = store_accounts_by_id(readers_context(), u->link.account_id,
                                 &u->account);
    if (!e && u->account.closed_ns)
        e = WS_NOTFOUND;
    u->purpose = u->link.account_id ? SIGN_IN : FIRST;
    return e;
}

void views_setup(struct exchange *x)
{
    static const struct door_member members[] = {
        {"token", JSON_TEXT, true, 128},
        {"use", JSON_BOOL, false, 0},
        {"name", JSON_TEXT, false, 64},
        {"password", JSON_TEXT, false, 256},
    };
    struct server *server = exchange_server(x);
    struct lockout *lockout = logins_lockout(server->logins);
    int64_t now_ns = env_mono_ns(server->env);
    OWN(json_free)
    struct json *doc = NULL;
    struct use u = {.x = x};
    enum err e;

    if (!door_is_open(x))
        return;
    doc = door_body(x, members, 4);
    if (!doc)
        return;
    if (!door_may_try(x, LINK, now_ns))
        return;
    e = find(x, json_text(json_get(doc, "token"), ""), &u);
    if (e == WS_NOTFOUND) {
        lockout_failed(lockout, LINK, exchange_peer(x), now_ns);
        refuse_link(x);
    } else if (e) {
        exchange_busy(x, 1);
    } else if (json_bool(json_get(doc, "use"), false)) {
        use_up(x, doc, &u);
    } else {
        describe(x, &u);
    }
}
