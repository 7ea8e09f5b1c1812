/* The sessions of a filter as a file, all of them or a refusal: never a part
 * that looks like the whole. Each export is in the access log before its first
 * byte leaves. */
#include "server/commit/committer.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/views/csv.h"
#include "server/views/door.h"
#include "server/views/page.h"
#include "server/views/session_filter.h"
#include "server/views/views.h"

#include <stdio.h>

/* Rows that one export looks at, whether they pass the filter or not. */
#define MAX_LOOKED_AT 20000

struct export
{
    struct exchange *x;
    struct page page;
    struct session_filter filter;
    struct store *reader;
    const struct settings *settings;
    int64_t now_ns, looked_at, rows;
    bool json; /* else CSV */
    struct buf out;
    struct csv csv;
    struct jsonw w;
    enum err failed; /* WS_FULL: more than MAX_LOOKED_AT */
};

static void write_header(struct csv *c)
{
    static const char *const names[] = {"id",
                                        "layer",
                                        "person",
                                        "username",
                                        "hostname",
                                        "ip_address",
                                        "agent_name",
                                        "agent_version",
                                        "agent_id",
                                        "session_uid",
                                        "status",
                                        "state",
                                        "revoked",
                                        "created_at",
                                        "started_at",
                                        "last_seen_at",
                                        "first_metric_at",
                                        "last_metric_at",
                                        "last_screenshot_at",
                                        "metrics_24h",
                                        "unusual_24h",
                                        "failures_24h",
                                        "queue_pending",
                                        "queue_dead",
                                        "attention"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        csv_text(c, names[i]);
    csv_end_row(c);
}

static void int_or_empty(struct csv *c, int64_t v)
{
    if (v < 0)
        csv_text(c, NULL);
    else
        csv_int(c, v);
}

static void write_attention(struct csv *c, const struct session_view *v)
{
    OWN_BUF struct buf all = BUF_EMPTY;

    for (size_t i = 0; i < v->attention_count; i++)
        buf_printf(&all, "%s%s", i ? "; " : "", v->attention[i].text);
    if (buf_check(&all))
        c->out->failed = true;
    csv_text(c, all.len ? buf_text(&all) : NULL);
}

/* The cells in the order of write_header(). */
static void write_row(struct csv *c, const struct session_view *v)
{
    const struct store_session_view *r = v->row;

    csv_int(c, r->id);
    csv_int(c, r->session_uid ? 2 : 1);
    csv_text(c, r->person);
    csv_text(c, r->username);
    csv_text(c, r->hostname);
    csv_text(c, r->ip_address);
    csv_text(c, r->agent_name);
    csv_text(c, r->agent_version);
    csv_text(c, r->agent_id);
    csv_text(c, r->session_uid);
    csv_text(c, session_view_status_word(v->status));
    csv_text(c, json_text(json_get(v->health, "state"), NULL));
    csv_text(c, r->revoked ? "true" : "false");
    csv_time(c, r->created_ns);
    csv_time(c, r->started_ns);
    csv_time(c, r->last_seen_ns);
    csv_time(c, r->first_metric_ns);
    csv_time(c, r->last_metric_ns);
    csv_time(c, r->last_screenshot_ns);
    csv_int(c, r->metrics_since);
    csv_int(c, r->unusual_since);
    csv_int(c, r->failures_since);
    int_or_empty(c, v->queue_pending);
    int_or_empty(c, v->queue_dead);
    write_attention(c, v);
    csv_end_row(c);
}

static int export_one(void *ctx, const struct store_session_view *row)
{
    struct export *x = ctx;
    struct session_view v;

    if (x->looked_at++ == MAX_LOOKED_AT) {
        x->failed = WS_FULL;
        return 0;
    }
    x->failed = session_view_read(x->settings, x->now_ns, row, &v);
    if (x->failed)
        return 0;
    if (session_filter_passes(&x->filter, &v)) {
        x->rows++;
        if (x->json)
            session_view_write(&v, &x->w, NULL);
        else
            write_row(&x->csv, &v);
    }
    session_view_fini(&v);
    return !x->out.failed;
}

static enum err write_audit(struct store *writer, void *arg)
{
    const struct export *x = arg;
    const struct session_filter *f = &x->filter;
    const struct principal *who = exchange_principal(x->x);
    const char *q = exchange_query(x->x, "q");
    char detail[400];
    struct door_audit row = {
        .x = x->x,
        .actor = who->name,
        .action = "sessions.export",
        .object = x->json ? "sessions:json" : "sessions:csv",
        .detail = detail,
        .account_id = who->user_id,
    };

    snprintf(detail, sizeof(detail),
             "rows:%lld status:%s attention:%s q:%.220s", (long long)x->rows,
             f->status ? f->status : "any", f->attention ? "true" : "any",
             q ? q : "");
    return door_write_audit(writer, &row);
}

static enum err fill(struct export *x)
{
    struct store_scope scope = page_scope(x->x);
    enum err e;

    csv_init(&x->csv, &x->out);
    jsonw_init(&x->w, &x->out);
    if (x->json) {
        jsonw_object(&x->w, NULL);
        jsonw_time(&x->w, "exported_at", x->now_ns);
        jsonw_array(&x->w, "items");
    } else {
        write_header(&x->csv);
    }
    e = store_views_sessions(x->reader, &scope, INT64_MAX,
                             session_view_since(x->now_ns), export_one, x);
    if (!e)
        e = x->failed;
    if (!e && x->json) {
        jsonw_array_end(&x->w);
        jsonw_object_end(&x->w);
    }
    return e ? e : buf_check(&x->out);
}

static void fail(struct exchange *x, enum err e)
{
    if (e == WS_FULL)
        exchange_problem(x, 422, "export-too-large",
                         "there are more than %d sessions to look through; "
                         "page through /api/v1/sessions instead",
                         MAX_LOOKED_AT);
    else
        page_fail(x, e);
}

static void answer(struct exchange *x, bool json)
{
    static const char *const known[] = {"q", "status", "attention", NULL};
    struct server *server = exchange_server(x);
    struct export export = {.x = x,
                            .reader = readers_context(),
                            .settings = server->settings,
                            .now_ns = env_wall_ns(server->env),
                            .json = json};
    enum err e;

    page_begin(&export.page, x, known);
    session_filter_read(&export.filter, &export.page);
    if (page_refused(&export.page))
        return;
    e = fill(&export);
    if (!e)
        e = committer_call_wait(server->committer, write_audit, &export);
    if (e) {
        buf_fini(&export.out);
        fail(x, e);
        return;
    }
    exchange_add_header(x, "Cache-Control", "private, no-store");
    exchange_add_header(x, "Content-Disposition",
                        json ? "attachment; filename=\"sessions.json\""
                             : "attachment; filename=\"sessions.csv\"");
    exchange_reply(x, 200,
                   json ? "application/json"
                        : "text/csv; charset=utf-8; header=present",
                   &export.out);
}

void views_sessions_csv(struct exchange *x)
{
    answer(x, false);
}

void views_sessions_json(struct exchange *x)
{
    answer(x, true);
}
