#include "server/auth/orders.h"

#include "core/clock.h"
#include "server/auth/orders_private.h"
#include "server/store/store.h"
#include "server/store/store_audit.h"
#include "server/store/store_views.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_PAGE 50

static enum err refuse(struct orders *o, bool value, const char *fix,
                       const char *text)
{
    struct jsonw w;

    buf_clear(&o->answer);
    jsonw_init(&w, &o->answer);
    jsonw_object(&w, NULL);
    jsonw_bool(&w, "ok", false);
    jsonw_bool(&w, "bad_value", value);
    jsonw_text(&w, "error", text);
    jsonw_text(&w, "fix", fix);
    jsonw_object_end(&w);
    return WS_INVALID;
}

enum err orders_refuse(struct orders *o, const char *fix, const char *fmt, ...)
{
    char text[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return refuse(o, false, fix, text);
}

enum err orders_refuse_value(struct orders *o, const char *fix, const char *fmt,
                             ...)
{
    char text[300];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    return refuse(o, true, fix, text);
}

struct jsonw orders_begin(struct orders *o)
{
    struct jsonw w;

    buf_clear(&o->answer);
    jsonw_init(&w, &o->answer);
    jsonw_object(&w, NULL);
    jsonw_bool(&w, "ok", true);
    return w;
}

enum err orders_end(struct orders *o, struct jsonw *w)
{
    jsonw_object_end(w);
    return buf_check(&o->answer);
}

/* A page of rows at a time. WS_OK with *more as it turned out. */
static enum err write_rows(struct store *s, struct orders *o,
                           const struct orders_list *list, struct jsonw *w,
                           bool *more)
{
    OWN_FREE char *rows = calloc(LIST_PAGE, list->row_bytes);
    int64_t after = 0;
    size_t n = LIST_PAGE;
    enum err e = rows ? WS_OK : WS_NOMEM;

    while (!e && n == LIST_PAGE && o->answer.len < ORDERS_LIST_BYTES) {
        e = list->read(s, after, rows, LIST_PAGE, &n);
        for (size_t i = 0; !e && i < n; i++) {
            const char *row = rows + i * list->row_bytes;

            jsonw_object(w, NULL);
            list->write(row, w);
            jsonw_object_end(w);
            memcpy(&after, row + list->id_at, sizeof after);
        }
    }
    *more = n == LIST_PAGE;
    return e;
}

enum err orders_write_list(struct store *s, struct orders *o,
                           const struct orders_list *list)
{
    struct jsonw w = orders_begin(o);
    bool more = false;
    enum err e;

    jsonw_array(&w, "items");
    e = write_rows(s, o, list, &w, &more);
    if (e)
        return e;
    jsonw_array_end(&w);
    jsonw_bool(&w, "more", more);
    return orders_end(o, &w);
}

const char *orders_text(const struct orders *o, const char *key)
{
    return json_text(json_get(o->request, key), "");
}

enum err orders_audit(struct store *s, const struct orders *o,
                      const char *action, const char *object,
                      const char *detail)
{
    struct store_audit row = {
        .at_ns = env_wall_ns(o->env),
        .actor = "cli",
        .action = action,
        .object = object,
        .detail = detail,
        .address = "",
        .request = "",
    };

    return store_audit_append(s, &row);
}

enum err orders_check_name(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len >= STORE_NAME_BYTES)
        return WS_INVALID;
    if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                     "0123456789._-@+") != len)
        return WS_INVALID;
    return WS_OK;
}

enum err orders_refuse_name(struct orders *o, const char *name)
{
    return orders_refuse_value(o, "use 1 to 64 letters, digits and . _ - @ +",
                               "\"%.80s\" can't be a name", name);
}

enum err orders_account(struct store *s, struct orders *o, const char *name,
                        struct store_account *out)
{
    enum err e = store_accounts_by_name(s, name, out);

    if (e == WS_NOTFOUND)
        return orders_refuse(o, "worksight-server user list shows the accounts",
                             "there is no account \"%.64s\"", name);
    return e;
}

static enum err verify(struct store *s, struct orders *o)
{
    int64_t rows = 0, bad_id = 0;
    struct jsonw w;
    enum err e = store_audit_verify(s, &rows, &bad_id);

    if (e == WS_CORRUPT)
        return orders_refuse(
            o, "keep the database file as it is; compare with a backup",
            "the access log does not fit from row %lld on", (long long)bad_id);
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_int(&w, "rows", rows);
    return orders_end(o, &w);
}

static enum err status(struct store *s, struct orders *o)
{
    static const struct store_scope all = {.width = STORE_SCOPE_EVERYONE};
    const struct orders_process *p = o->process;
    int64_t now_ns = env_wall_ns(o->env);
    int64_t online = json_int(json_get(o->request, "online_ms"), 25000);
    int64_t late = json_int(json_get(o->request, "late_ms"), 300000);
    struct store_agents agents;
    int64_t accounts, first_admin;
    struct jsonw w;
    enum err e = store_accounts_count(s, &accounts, &first_admin);

    if (e)
        return e;
    e = store_views_agents(s, &all, now_ns - online * CLOCK_NS_PER_MS,
                           now_ns - late * CLOCK_NS_PER_MS, &agents);
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_bool(&w, "running", p != NULL);
    if (p) {
        jsonw_int(&w, "pid", p->pid);
        jsonw_text(&w, "listen", p->listen);
        jsonw_text(&w, "version", WS_VERSION);
        jsonw_int(&w, "uptime_ms", p->uptime_ms);
        jsonw_int(&w, "writes_waiting", (int64_t)p->queue);
    }
    jsonw_text(&w, "store", store_name(s));
    jsonw_int(&w, "store_bytes", store_bytes(s));
    jsonw_int(&w, "accounts", accounts);
    jsonw_bool(&w, "has_admin", first_admin != 0);
    jsonw_int(&w, "sessions", agents.sessions);
    jsonw_int(&w, "online", agents.online);
    jsonw_int(&w, "late", agents.late);
    jsonw_int(&w, "offline", agents.offline);
    return orders_end(o, &w);
}

/* clang-format off */
static const struct {
    const char *name;
    enum err (*run)(struct store *s, struct orders *o);
} table[] = {
    {"user.add",      orders_accounts_user_add},
    {"user.list",     orders_accounts_user_list},
    {"user.password", orders_accounts_user_password},
    {"apikey.create", orders_accounts_key_create},
    {"apikey.list",   orders_accounts_key_list},
    {"apikey.revoke", orders_accounts_key_revoke},
    {"enroll.create", orders_codes_code_create},
    {"enroll.list",   orders_codes_code_list},
    {"enroll.revoke", orders_codes_code_revoke},
    {"setup.link",    orders_codes_setup_link},
    {"token.revoke",  orders_codes_token_revoke},
    {"audit.verify",  verify},
    {"status",        status},
};
/* clang-format on */

enum err orders_run(struct store *writer, void *orders)
{
    struct orders *o = orders;
    const char *name = orders_text(o, "order");
    size_t i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(name, table[i].name) == 0)
            return table[i].run(writer, o);
    return orders_refuse(o, "server and command may be of different versions",
                         "the order \"%.40s\" is not known", name);
}
