/* The overview: one sentence, the counters, what to look at first. */
#include "core/clock.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/views/page.h"
#include "server/views/session_view.h"
#include "server/views/views.h"

#include <stdio.h>
#include <string.h>

#define QUARTERS 96
#define MAX_SESSIONS 20
#define MAX_CHECKS 10
#define MAX_LOOKED_AT 500 /* of the newest sessions */

struct day {
    int64_t metrics[QUARTERS], unusual[QUARTERS], very_unusual[QUARTERS];
    int64_t first; /* number of the oldest quarter */
    int64_t observations, scored, judged, odd, failed, screenshots;
};

struct overview {
    struct store *reader;
    const struct settings *settings;
    int64_t now_ns, looked_at;
    int64_t pending, dead, with_attention;
    size_t checks, shown_attention, shown_others;
    struct buf attention, others, check_first;
    struct jsonw attention_w, others_w, check_w;
    enum err failed;
};

static int add_quarter(void *ctx, const struct store_rollup *row)
{
    struct day *d = ctx;
    int64_t i = row->quarter - d->first;

    d->observations += row->observations;
    d->scored += row->scored;
    d->judged += row->judged;
    d->odd += row->suspicious + row->critical;
    d->failed += row->failed;
    d->screenshots += row->screenshots;
    if (i >= QUARTERS) /* a clock ahead of ours: counted, not drawn */
        i = QUARTERS - 1;
    d->metrics[i] += row->observations;
    d->unusual[i] += row->suspicious;
    d->very_unusual[i] += row->critical;
    return 1;
}

static void note_checks(struct overview *o, const struct session_view *v)
{
    size_t i;

    for (i = 0; i < v->attention_count && o->checks < MAX_CHECKS; i++) {
        struct session_attention a = v->attention[i];

        snprintf(a.text, sizeof(a.text), "%.40s@%.40s: %s", v->row->username,
                 v->row->hostname, v->attention[i].text);
        session_view_write_attention(&a, v->row->id, &o->check_w);
        o->checks++;
    }
}

static int look_at(void *ctx, const struct store_session_view *row)
{
    struct overview *o = ctx;
    struct session_view v;

    if (o->looked_at++ == MAX_LOOKED_AT)
        return 0;
    o->failed = session_view_read(o->settings, o->now_ns, row, &v);
    if (o->failed)
        return 0;
    if (row->latest && v.status != SESSION_OFFLINE && v.queue_pending > 0)
        o->pending += v.queue_pending;
    if (row->latest && v.queue_dead > 0)
        o->dead += v.queue_dead;
    if (v.attention_count > 0) {
        o->with_attention++;
        note_checks(o, &v);
        if (o->shown_attention < MAX_SESSIONS) {
            session_view_write(&v, &o->attention_w, NULL);
            o->shown_attention++;
        }
    } else if (o->shown_others < MAX_SESSIONS) {
        session_view_write(&v, &o->others_w, NULL);
        o->shown_others++;
    }
    session_view_fini(&v);
    return 1;
}

static void write_banner(const struct overview *o,
                         const struct store_agents *agents, struct jsonw *w)
{
    const char *level = "ok";
    char text[200];

    if (agents->sessions == 0) {
        level = "empty";
        snprintf(text, sizeof(text),
                 "No agent has reported yet. On a computer: worksight-agent "
                 "run --server http://THIS-SERVER");
    } else if (agents->online + agents->late == 0) {
        level = "problem";
        snprintf(text, sizeof(text), "No agent is online.");
    } else if (o->with_attention > 0) {
        level = "attention";
        snprintf(text, sizeof(text),
                 "%lld online; %lld session%s with something to look at.",
                 (long long)agents->online, (long long)o->with_attention,
                 o->with_attention == 1 ? "" : "s");
    } else {
        snprintf(text, sizeof(text), "%lld online, nothing needs a look.",
                 (long long)agents->online);
    }
    jsonw_object(w, "banner");
    jsonw_text(w, "level", level);
    jsonw_text(w, "text", text);
    jsonw_object_end(w);
}

static void write_counters(const struct overview *o, const struct day *d,
                           const struct store_agents *agents, struct jsonw *w)
{
    jsonw_object(w, "counters");
    jsonw_int(w, "sessions_total", agents->sessions);
    jsonw_int(w, "agents_online", agents->online);
    jsonw_int(w, "agents_late", agents->late);
    jsonw_int(w, "agents_offline", agents->offline);
    jsonw_int(w, "metrics_24h", d->observations);
    jsonw_int(w, "scored_24h", d->scored);
    jsonw_int(w, "judged_24h", d->judged);
    jsonw_int(w, "unusual_24h", d->odd);
    jsonw_int(w, "failures_24h", d->failed);
    jsonw_int(w, "screenshots_24h", d->screenshots);
    jsonw_int(w, "queue_pending", o->pending);
    jsonw_int(w, "queue_dead", o->dead);
    jsonw_object_end(w);
}

static void write_ribbon(const struct day *d, struct jsonw *w)
{
    int64_t i;

    jsonw_array(w, "ribbon");
    for (i = 0; i < QUARTERS; i++) {
        jsonw_object(w, NULL);
        jsonw_time(w, "from", (d->first + i) * STORE_QUARTER_NS);
        jsonw_int(w, "metrics", d->metrics[i]);
        jsonw_int(w, "unusual", d->unusual[i]);
        jsonw_int(w, "very_unusual", d->very_unusual[i]);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

/* The two lists were written as they were met: attention first. */
static void write_sessions(struct overview *o, struct jsonw *w)
{
    const char *between =
        o->shown_attention > 0 && o->others.len > 0 ? "," : "";
    OWN_BUF struct buf all = BUF_EMPTY;

    buf_printf(&all, "[%s%s%s]", buf_text(&o->attention), between,
               buf_text(&o->others));
    jsonw_raw(w, "sessions", buf_text(&all), all.len);
}

static enum err read_all(struct overview *o, const struct store_scope *scope,
                         struct day *d, struct store_agents *agents)
{
    enum err e = store_views_agents(
        o->reader, scope, o->now_ns - o->settings->online_ms * CLOCK_NS_PER_MS,
        o->now_ns - o->settings->late_ms * CLOCK_NS_PER_MS, agents);

    if (!e)
        e = store_views_fleet(o->reader, scope, d->first, INT64_MAX,
                              add_quarter, d);
    if (!e)
        e = store_views_sessions(o->reader, scope, INT64_MAX, d->first, look_at,
                                 o);
    return e ? e : o->failed;
}

static void write_all(struct overview *o, const struct day *d,
                      const struct store_agents *agents, struct buf *b)
{
    struct jsonw w;

    jsonw_init(&w, b);
    jsonw_object(&w, NULL);
    jsonw_time(&w, "generated_at", o->now_ns);
    write_banner(o, agents, &w);
    write_counters(o, d, agents, &w);
    buf_append_byte(&o->check_first, ']');
    jsonw_raw(&w, "check_first", buf_text(&o->check_first), o->check_first.len);
    write_sessions(o, &w);
    write_ribbon(d, &w);
    jsonw_object_end(&w);
}

void views_overview(struct exchange *x)
{
    static const char *const known[] = {NULL};
    struct server *server = exchange_server(x);
    struct store_scope scope = page_scope(x);
    struct overview o = {.reader = readers_context(),
                         .settings = server->settings,
                         .now_ns = env_wall_ns(server->env)};
    struct day d = {.first = o.now_ns / STORE_QUARTER_NS - QUARTERS + 1};
    struct store_agents agents;
    struct buf b = BUF_EMPTY;
    struct page page;
    enum err e;

    page_begin(&page, x, known);
    if (page_refused(&page))
        return;
    jsonw_init(&o.attention_w, &o.attention);
    jsonw_init(&o.others_w, &o.others);
    jsonw_init(&o.check_w, &o.check_first);
    buf_append_byte(&o.check_first, '[');
    e = read_all(&o, &scope, &d, &agents);
    if (!e)
        e = buf_check(&o.attention) ? WS_NOMEM : buf_check(&o.others);
    if (!e)
        write_all(&o, &d, &agents, &b);
    buf_fini(&o.attention);
    buf_fini(&o.others);
    buf_fini(&o.check_first);
    if (e) {
        buf_fini(&b);
        page_fail(x, e);
        return;
    }
    page_reply(x, &b);
}
