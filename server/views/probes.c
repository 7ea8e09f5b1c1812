/* Is the process alive, is it ready: for load balancers and people on call. */
#include "core/io.h"
#include "core/jsonw.h"
#include "server/auth/logins.h"
#include "server/auth/roles.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/store/store.h"
#include "server/store/store_accounts.h"
#include "server/views/page.h"
#include "server/views/views.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define LEAST_FREE_BYTES (INT64_C(64) << 20)

void views_healthz(struct exchange *x)
{
    static const char body[] = "{\"status\":\"ok\"}";

    exchange_add_header(x, "Cache-Control", "no-store");
    exchange_reply_static(x, 200, "application/json", body, sizeof(body) - 1);
}

struct check {
    const char *name;
    bool ok;
    char detail[120];
};

static void check_database(struct server *server, struct check *c)
{
    int64_t count, first_admin;
    enum err e = store_accounts_count(readers_context(), &count, &first_admin);

    (void)server;
    c->ok = e == WS_OK;
    snprintf(c->detail, sizeof(c->detail), "%s",
             c->ok ? "answers" : err_name(e));
}

static void check_migrations(struct server *server, struct check *c)
{
    struct store_migrations m;
    enum err e = store_migrations(readers_context(), &m);

    (void)server;
    c->ok = e == WS_OK && m.pending == 0 && !store_migrations_shut_out(&m);
    if (e)
        snprintf(c->detail, sizeof(c->detail), "%s", err_name(e));
    else
        snprintf(c->detail, sizeof(c->detail),
                 "%zu known, %zu pending, %lld "
                 "ahead",
                 m.count, m.pending, (long long)m.ahead);
}

static void check_disk(struct server *server, struct check *c)
{
    struct statvfs v;
    int64_t free_bytes = 0;

    if (statvfs(server->settings->data, &v) == 0)
        free_bytes = (int64_t)v.f_bavail * (int64_t)v.f_frsize;
    c->ok = free_bytes >= LEAST_FREE_BYTES;
    snprintf(c->detail, sizeof(c->detail), "%lld MiB free",
             (long long)(free_bytes >> 20));
}

static void check_blobs(struct server *server, struct check *c)
{
    /* Pictures of a service are written into a file below data first. */
    OWN_FREE char *path =
        io_path(server->settings->data, server->blob_threads ? "tmp" : "blobs");

    c->ok = path && access(path, W_OK | X_OK) == 0;
    snprintf(c->detail, sizeof(c->detail), "%s",
             c->ok ? "writable" : "not writable");
}

static const struct {
    const char *name;
    void (*run)(struct server *server, struct check *c);
} checks[] = {
    {"database", check_database},
    {"migrations", check_migrations},
    {"disk", check_disk},
    {"blobs", check_blobs},
};
#define CHECKS (sizeof(checks) / sizeof(checks[0]))

/* The details are for people with a login or a key who run this. */
static bool may_see_details(struct exchange *x)
{
    struct logins_who who;
    enum logins_kind kind;
    const char *secret = logins_secret(x, &kind);

    return secret && strlen(secret) < LOGINS_SECRET_BYTES &&
           logins_load(exchange_server(x)->logins, readers_context(), kind,
                       secret, &who) == WS_OK &&
           (who.principal.permissions & PERM_OPERATIONS);
}

static void write_checks(const struct check *list, struct jsonw *w)
{
    size_t i;

    jsonw_array(w, "checks");
    for (i = 0; i < CHECKS; i++) {
        jsonw_object(w, NULL);
        jsonw_text(w, "name", list[i].name);
        jsonw_bool(w, "ok", list[i].ok);
        jsonw_text(w, "detail", list[i].detail);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

void views_readyz(struct exchange *x)
{
    struct check list[CHECKS];
    struct buf b = BUF_EMPTY;
    struct jsonw w;
    bool ok = true;
    size_t i;

    for (i = 0; i < CHECKS; i++) {
        list[i].name = checks[i].name;
        checks[i].run(exchange_server(x), &list[i]);
        ok = ok && list[i].ok;
    }
    jsonw_init(&w, &b);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "status", ok ? "ok" : "failed");
    if (may_see_details(x))
        write_checks(list, &w);
    jsonw_object_end(&w);
    exchange_add_header(x, "Cache-Control", "no-store");
    exchange_json(x, ok ? 200 : 503, &b);
}
