/* Name and password for a cookie. A wrong name and a wrong password answer
 * alike, in the same time; too many tries answer 429. */
#include "core/clock.h"
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

#define KEEP_ENDED_NS (INT64_C(7) * 86400 * CLOCK_NS_PER_S)

struct attempt {
    struct exchange *x;
    const char *name;
    bool right;
    struct store_account account;
    struct door_login login;
};

/* The login, or that it failed, and its row of the access log. */
static enum err write_attempt(struct store *writer, void *arg)
{
    struct attempt *a = arg;
    struct door_audit audit = {
        .x = a->x,
        .actor = a->right ? a->account.name : a->name,
        .account_id = a->account.id,
        .action = a->right ? "login" : "login.failed",
        .object = "",
        .detail = a->right ? a->login.row.user_agent : "",
    };
    enum err e = WS_OK;

    if (a->right)
        e = store_accounts_login_add(writer, &a->login.row);
    if (!e && a->right) /* the one place where logins grow is where they go */
        e = store_accounts_sweep(writer,
                                 a->login.row.created_ns - KEEP_ENDED_NS);
    if (e)
        return e;
    return door_write_audit(writer, &audit);
}

/* WS_OK right, WS_DENIED wrong, others: the answer is 503. */
static enum err judge(struct attempt *a, const char *password)
{
    enum err e =
        store_accounts_by_name(readers_context(), a->name, &a->account);
    bool known = e == WS_OK && a->account.closed_ns == 0;

    if (e && e != WS_NOTFOUND)
        return e;
    return password_verify(known ? a->account.password : NULL, password);
}

static void log_in(struct attempt *a, const char *password)
{
    struct exchange *x = a->x;
    struct server *server = exchange_server(x);
    struct lockout *lockout = logins_lockout(server->logins);
    int64_t now_ns = env_mono_ns(server->env);
    enum err e;

    if (!door_may_try(x, a->name, now_ns))
        return;
    e = judge(a, password);
    if (e && e != WS_DENIED) {
        exchange_busy(x, 1);
        return;
    }
    a->right = e == WS_OK;
    if (a->right) {
        lockout_passed(lockout, a->name, exchange_peer(x));
        door_make_login(x, a->account.id, &a->login);
    } else {
        lockout_failed(lockout, a->name, exchange_peer(x), now_ns);
    }
    if (committer_call_wait(server->committer, write_attempt, a))
        exchange_busy(x, 1);
    else if (a->right)
        door_welcome(x, &a->account, &a->login, NULL);
    else
        exchange_problem(x, 401, "wrong-login",
                         "the name or the password is wrong");
}

void views_login(struct exchange *x)
{
    static const struct door_member members[] = {
        {"name", JSON_TEXT, true, 64},
        {"password", JSON_TEXT, true, 256},
    };
    OWN(json_free)
    struct json *doc = NULL;
    struct attempt a = {.x = x};

    if (!door_is_open(x))
        return;
    doc = door_body(x, members, 2);
    if (!doc)
        return;
    a.name = json_text(json_get(doc, "name"), "");
    log_in(&a, json_text(json_get(doc, "password"), ""));
}
