#include "server/views/door.h"

#include "core/clock.h"
#include "core/utf8.h"
#include "server/auth/csrf.h"
#include "server/auth/logins.h"
#include "server/auth/roles.h"
#include "server/server.h"
#include "server/store/store_audit.h"
#include "server/views/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool door_is_open(struct exchange *x)
{
    struct csrf_request r = {
        .method = exchange_method(x),
        .fetch_site = exchange_header(x, "Sec-Fetch-Site"),
        .origin = exchange_header(x, "Origin"),
        .host = exchange_header(x, "Host"),
    };
    const char *type = exchange_header(x, "Content-Type");
    const char *why = "";

    if (csrf_check(&r, &why)) {
        exchange_problem(x, 403, "csrf", "%s", why);
        return false;
    }
    /* A form of another page can't send this type. */
    if (!type || strncmp(type, "application/json", 16) != 0) {
        exchange_problem(x, 415, "not-json",
                         "send Content-Type: application/json");
        return false;
    }
    return true;
}

bool door_may_try(struct exchange *x, const char *name, int64_t now_ns)
{
    struct lockout *lockout = logins_lockout(exchange_server(x)->logins);
    int64_t wait_s = 0;
    char text[24];

    if (!lockout_check(lockout, name, exchange_peer(x), now_ns, &wait_s))
        return true;
    snprintf(text, sizeof(text), "%lld", (long long)wait_s);
    exchange_add_header(x, "Retry-After", text);
    exchange_problem(x, 429, "too-many-attempts",
                     "too many tries failed; try again in %lld s",
                     (long long)wait_s);
    return false;
}

void door_refuse(struct exchange *x, const char *pointer, const char *fmt, ...)
{
    struct wire_problems problems = {.count = 1};
    va_list args;

    snprintf(problems.list[0].pointer, sizeof(problems.list[0].pointer), "%s",
             pointer);
    va_start(args, fmt);
    vsnprintf(problems.list[0].detail, sizeof(problems.list[0].detail), fmt,
              args);
    va_end(args);
    exchange_problems(x, "bad-field", &problems);
}

static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static const struct door_member *
member_of(const char *name, const struct door_member *members, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    return NULL;
}

/* The first thing that is wrong with a body; false: answered. */
static bool check(struct exchange *x, const struct json *doc,
                  const struct door_member *members, size_t count)
{
    const struct json *v;
    char pointer[80];
    size_t i;

    for (v = json_first(doc); v; v = json_next(v)) {
        const struct door_member *m = member_of(json_key(v), members, count);

        snprintf(pointer, sizeof(pointer), "/%.60s", json_key(v));
        if (!m || json_kind(v) != m->kind) {
            door_refuse(x, pointer, "%s",
                        !m                     ? "is not known here"
                        : m->kind == JSON_TEXT ? "must be a text"
                                               : "must be true or false");
            return false;
        }
        if (m->kind == JSON_TEXT &&
            (characters(json_text(v, "")) > m->max_chars ||
             (m->required && !*json_text(v, "")))) {
            door_refuse(x, pointer,
                        "has %zu characters, must have from 1 to %zu",
                        characters(json_text(v, "")), m->max_chars);
            return false;
        }
    }
    for (i = 0; i < count; i++) {
        if (members[i].required && !json_get(doc, members[i].name)) {
            snprintf(pointer, sizeof(pointer), "/%s", members[i].name);
            door_refuse(x, pointer, "is missing");
            return false;
        }
    }
    return true;
}

struct json *door_body(struct exchange *x, const struct door_member *members,
                       size_t count)
{
    struct json_error why;
    struct json *doc = NULL;
    size_t len;
    const char *text = exchange_body(x, &len);

    if (json_parse(text, len, &doc, &why)) {
        exchange_problem(x, 400, "not-json", "the body is not JSON: %s",
                         why.message);
        return NULL;
    }
    if (json_kind(doc) != JSON_OBJECT) {
        exchange_problem(x, 400, "not-json", "the body must be an object");
        json_free(doc);
        return NULL;
    }
    if (!check(x, doc, members, count)) {
        json_free(doc);
        return NULL;
    }
    return doc;
}

void door_make_login(struct exchange *x, int64_t account_id,
                     struct door_login *out)
{
    struct server *server = exchange_server(x);
    const char *agent = exchange_header(x, "User-Agent");
    struct store_login *l = &out->row;

    *out = (struct door_login){.row = {.account_id = account_id}};
    l->created_ns = env_wall_ns(server->env);
    l->expires_ns =
        l->created_ns + server->settings->login_lifetime_ms * CLOCK_NS_PER_MS;
    snprintf(l->address, sizeof(l->address), "%s", exchange_peer(x));
    snprintf(l->user_agent, sizeof(l->user_agent), "%.120s",
             agent ? agent : "");
    logins_make_secret(server->env, "", out->secret, l->sha256);
}

enum err door_write_audit(struct store *writer, const struct door_audit *a)
{
    struct store_audit row = {
        .at_ns = env_wall_ns(exchange_server(a->x)->env),
        .actor = a->actor,
        .account_id = a->account_id,
        .action = a->action,
        .object = a->object,
        .detail = a->detail,
        .address = exchange_peer(a->x),
        .request = exchange_id(a->x),
    };

    return store_audit_append(writer, &row);
}

static void set_cookie(struct exchange *x, const char *secret, int64_t age_s)
{
    bool secure = exchange_secure(x);
    char text[200];

    snprintf(text, sizeof(text),
             "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s",
             secure ? LOGINS_COOKIE_TLS : LOGINS_COOKIE, secret,
             (long long)age_s, secure ? "; Secure" : "");
    exchange_add_header(x, "Set-Cookie", text);
}

void door_clear_cookie(struct exchange *x)
{
    set_cookie(x, "", 0);
}

static void write_words(struct jsonw *w, unsigned roles)
{
    unsigned permissions = roles_permissions(roles), bit;
    size_t i;

    jsonw_array(w, "roles");
    for (i = 0; i < ROLES_COUNT; i++)
        if (roles & (1U << i))
            jsonw_text(w, NULL, roles_name((enum roles_role)i));
    jsonw_array_end(w);
    jsonw_array(w, "permissions");
    for (bit = 1; roles_permission_name(bit); bit <<= 1)
        if (permissions & bit)
            jsonw_text(w, NULL, roles_permission_name(bit));
    jsonw_array_end(w);
}

void door_write_me(struct exchange *x, struct jsonw *w, const char *key,
                   const char *name, unsigned roles, const char *csrf,
                   int64_t login_id)
{
    jsonw_object(w, key);
    jsonw_text(w, "name", name);
    jsonw_text(w, "kind", login_id ? "user" : "key");
    write_words(w, roles);
    jsonw_text(w, "csrf_token", *csrf ? csrf : NULL);
    if (login_id)
        jsonw_int(w, "login_id", login_id);
    else
        jsonw_null(w, "login_id");
    jsonw_object(w, "server");
    jsonw_text(w, "version", WS_VERSION);
    jsonw_time(w, "time", env_wall_ns(exchange_server(x)->env));
    jsonw_array(w, "warnings");
    if (exchange_warned(x))
        jsonw_text(w, NULL, "plain-http");
    jsonw_array_end(w);
    jsonw_object_end(w);
    jsonw_object_end(w);
}

void door_welcome(struct exchange *x, const struct store_account *account,
                  const struct door_login *login, const char *wrap)
{
    struct buf b = BUF_EMPTY;
    struct jsonw w;
    char csrf[65];
    unsigned roles = 0;

    if (roles_parse(account->roles, &roles))
        roles = 0;
    logins_csrf(login->secret, csrf);
    jsonw_init(&w, &b);
    if (wrap) {
        jsonw_object(&w, NULL);
        jsonw_text(&w, "purpose", wrap);
        jsonw_text(&w, "name", account->name);
    }
    door_write_me(x, &w, wrap ? "me" : NULL, account->name, roles, csrf,
                  login->row.id);
    if (wrap)
        jsonw_object_end(&w);
    set_cookie(x, login->secret,
               exchange_server(x)->settings->login_lifetime_ms / 1000);
    exchange_add_header(x, "Cache-Control", "no-store");
    page_reply(x, &b);
}
