#include "server/views/session_view.h"

#include "core/clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUARTERS_A_DAY 96
#define QUEUE_OLD_S 120   /* an item waits longer than this: say so */
#define CLOCK_OFF_MS 5000 /* the agent's clock differs by more: say so */

/* By the age of the last heartbeat. */
static enum session_status status_of(const struct settings *settings,
                                     int64_t last_seen_ns, int64_t now_ns)
{
    int64_t age_ms = (now_ns - last_seen_ns) / CLOCK_NS_PER_MS;

    if (last_seen_ns == 0 || age_ms > settings->late_ms)
        return SESSION_OFFLINE;
    return age_ms > settings->online_ms ? SESSION_LATE : SESSION_ONLINE;
}

const char *session_view_status_word(enum session_status status)
{
    static const char *const words[] = {"online", "late", "offline"};

    return words[status];
}

int64_t session_view_since(int64_t now_ns)
{
    return now_ns / STORE_QUARTER_NS - QUARTERS_A_DAY + 1;
}

static void WS_PRINTF(4, 5) attend(struct session_view *v, const char *kind,
                                   int64_t at_ns, const char *fmt, ...)
{
    struct session_attention *a = &v->attention[v->attention_count];
    va_list args;

    if (v->attention_count == SESSION_MAX_ATTENTION)
        return;
    v->attention_count++;
    a->kind = kind;
    a->at_ns = at_ns;
    va_start(args, fmt);
    vsnprintf(a->text, sizeof(a->text), fmt, args);
    va_end(args);
}

static void attend_workers(struct session_view *v)
{
    const struct json *workers = json_get(v->health, "workers");
    const struct json *one;

    for (one = json_first(workers); one; one = json_next(one)) {
        if (json_bool(json_get(one, "alive"), true))
            continue;
        attend(v, "worker_down", v->row->last_seen_ns,
               "the worker %.32s of its agent does not run",
               json_text(json_get(one, "name"), "?"));
        return;
    }
}

/* What the agent said of itself counts while it is not offline. */
static void attend_agent(struct session_view *v)
{
    const struct json *queue = json_get(v->health, "queue");
    double oldest_s = json_number(json_get(queue, "oldest_s"), 0);
    double offset_ms = json_number(json_get(v->health, "clock_offset_ms"), 0);

    if (v->queue_pending > 0 && oldest_s > QUEUE_OLD_S)
        attend(v, "queue", v->row->last_seen_ns,
               "%lld %s on the computer, the oldest for %.0f min",
               (long long)v->queue_pending,
               v->queue_pending == 1 ? "item waits" : "items wait",
               oldest_s / 60);
    attend_workers(v);
    if (offset_ms > CLOCK_OFF_MS || offset_ms < -CLOCK_OFF_MS)
        attend(v, "clock", v->row->last_seen_ns,
               "the computer's clock is %.0f s %s", fabs(offset_ms) / 1000,
               offset_ms > 0 ? "behind" : "ahead");
}

static void find_attention(struct session_view *v)
{
    if (v->queue_dead > 0)
        attend(v, "dead_letters", v->row->last_seen_ns,
               "%lld %s refused and kept aside on the computer",
               (long long)v->queue_dead,
               v->queue_dead == 1 ? "item was" : "items were");
    if (v->row->failures_since > 0)
        attend(v, "failures", v->row->last_received_ns,
               "%lld %s failed in the last 24 hours",
               (long long)v->row->failures_since,
               v->row->failures_since == 1 ? "observation" : "observations");
    if (!v->row->latest)
        return;
    if (v->status == SESSION_LATE)
        attend(v, "late", v->row->last_seen_ns, "its heartbeat is late");
    if (v->status != SESSION_OFFLINE)
        attend_agent(v);
    if (v->row->unusual_since > 0)
        attend(v, "unusual", v->row->last_metric_ns,
               "%lld %s unusual for this person at that time in the last 24 "
               "hours",
               (long long)v->row->unusual_since,
               v->row->unusual_since == 1 ? "observation was"
                                          : "observations were");
}

enum err session_view_read(const struct settings *settings, int64_t now_ns,
                           const struct store_session_view *row,
                           struct session_view *out)
{
    const struct json *queue;

    *out = (struct session_view){.row = row};
    out->status = status_of(settings, row->last_seen_ns, now_ns);
    if (row->health && json_parse(row->health, strlen(row->health),
                                  &out->health, NULL) == WS_NOMEM)
        return WS_NOMEM;
    queue = json_get(out->health, "queue");
    out->queue_pending = json_int(json_get(queue, "pending"), -1);
    out->queue_dead = json_int(json_get(queue, "dead"), -1);
    find_attention(out);
    return WS_OK;
}

void session_view_fini(struct session_view *v)
{
    json_free(v->health);
    v->health = NULL;
}

static void int_or_null(struct jsonw *w, const char *key, int64_t v)
{
    if (v < 0)
        jsonw_null(w, key);
    else
        jsonw_int(w, key, v);
}

void session_view_write_attention(const struct session_attention *a,
                                  int64_t session_id, struct jsonw *w)
{
    jsonw_object(w, NULL);
    jsonw_text(w, "kind", a->kind);
    jsonw_text(w, "text", a->text);
    jsonw_int(w, "session_id", session_id);
    jsonw_time(w, "at", a->at_ns);
    jsonw_object_end(w);
}

void session_view_write(const struct session_view *v, struct jsonw *w,
                        const char *key)
{
    const struct store_session_view *r = v->row;
    size_t i;

    jsonw_object(w, key);
    jsonw_int(w, "id", r->id);
    jsonw_int(w, "layer", r->session_uid ? 2 : 1);
    jsonw_text(w, "agent_id", r->agent_id);
    jsonw_text(w, "session_uid", r->session_uid);
    jsonw_text(w, "agent_name", r->agent_name);
    jsonw_text(w, "agent_version", r->agent_version);
    jsonw_text(w, "hostname", r->hostname);
    jsonw_text(w, "username", r->username);
    jsonw_text(w, "ip_address", r->ip_address);
    jsonw_text(w, "person", r->person);
    jsonw_time(w, "created_at", r->created_ns);
    jsonw_time(w, "started_at", r->started_ns);
    jsonw_time(w, "last_seen_at", r->last_seen_ns);
    jsonw_text(w, "status", session_view_status_word(v->status));
    jsonw_text(w, "state", json_text(json_get(v->health, "state"), NULL));
    jsonw_bool(w, "revoked", r->revoked);
    jsonw_time(w, "first_metric_at", r->first_metric_ns);
    jsonw_time(w, "last_metric_at", r->last_metric_ns);
    jsonw_time(w, "last_screenshot_at", r->last_screenshot_ns);
    jsonw_int(w, "metrics_24h", v->row->metrics_since);
    jsonw_int(w, "unusual_24h", v->row->unusual_since);
    jsonw_int(w, "failures_24h", v->row->failures_since);
    int_or_null(w, "queue_pending", v->queue_pending);
    int_or_null(w, "queue_dead", v->queue_dead);
    jsonw_array(w, "attention");
    for (i = 0; i < v->attention_count; i++)
        session_view_write_attention(&v->attention[i], r->id, w);
    jsonw_array_end(w);
    jsonw_object_end(w);
}

/* A member of the heartbeat when it has the kind that the contract says. */
static void copy(struct jsonw *w, const struct json *from, const char *key,
                 enum json_kind kind)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    const struct json *v = json_get(from, key);

    if (!v || json_kind(v) != kind) {
        jsonw_null(w, key);
        return;
    }
    json_print(v, &b);
    jsonw_raw(w, key, buf_text(&b), b.len);
}

static void write_workers(const struct json *workers, struct jsonw *w)
{
    const struct json *one;

    jsonw_array(w, "workers");
    for (one = json_first(workers); one; one = json_next(one)) {
        if (!json_text(json_get(one, "name"), NULL))
            continue;
        jsonw_object(w, NULL);
        jsonw_text(w, "name", json_text(json_get(one, "name"), ""));
        jsonw_bool(w, "alive", json_bool(json_get(one, "alive"), false));
        jsonw_int(w, "restarts", json_int(json_get(one, "restarts"), 0));
        jsonw_int(w, "busy_ms", json_int(json_get(one, "busy_ms"), 0));
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void copy_time(struct jsonw *w, const struct json *from, const char *key,
                      int64_t fallback_ns)
{
    const char *text = json_text(json_get(from, key), NULL);
    int64_t ns = fallback_ns;

    if (text && clock_parse_iso(text, strlen(text), &ns))
        ns = fallback_ns;
    jsonw_time(w, key, ns);
}

void session_view_write_health(const struct session_view *v, int64_t now_ns,
                               struct jsonw *w)
{
    const struct store_session_view *r = v->row;
    const struct json *h = v->health;

    jsonw_object(w, NULL);
    jsonw_int(w, "session_id", r->id);
    jsonw_text(w, "status", session_view_status_word(v->status));
    jsonw_text(w, "state", json_text(json_get(h, "state"), NULL));
    jsonw_time(w, "last_seen_at", r->last_seen_ns);
    if (r->last_seen_ns)
        jsonw_int(w, "heartbeat_age_ms",
                  (now_ns - r->last_seen_ns) / CLOCK_NS_PER_MS);
    else
        jsonw_null(w, "heartbeat_age_ms");
    jsonw_text(w, "agent_version",
               json_text(json_get(h, "agent_version"), r->agent_version));
    copy(w, h, "uptime_s", JSON_NUMBER);
    write_workers(json_get(h, "workers"), w);
    copy(w, h, "queue", JSON_OBJECT);
    copy(w, h, "head_seq", JSON_NUMBER);
    copy_time(w, h, "last_ai_upload_at", 0);
    copy_time(w, h, "last_observation_at", 0);
    jsonw_time(w, "last_metric_received_at",
               r->metrics ? r->last_received_ns : 0);
    jsonw_time(w, "last_frame_at", r->last_metric_ns);
    copy(w, h, "cpu_share", JSON_NUMBER);
    copy(w, h, "pss_bytes", JSON_NUMBER);
    copy(w, h, "disk_free_bytes", JSON_NUMBER);
    copy(w, h, "clock_offset_ms", JSON_NUMBER);
    copy(w, h, "policy_revision", JSON_NUMBER);
    jsonw_object_end(w);
}
