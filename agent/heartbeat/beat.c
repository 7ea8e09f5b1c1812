#include "agent/heartbeat/beat.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/jsonw.h"

#include <stdatomic.h>
#include <string.h>

#define BEAT_ALIVE_NS (30 * CLOCK_NS_PER_S)
/* Memory in whole MiB: to the byte, it would tell the lines that OCR holds. */
#define BEAT_PSS_STEP (1 << 20)

static void write_worker(const struct beat_scope *s, enum board_role role,
                         struct jsonw *w)
{
    const struct board_row *row = &s->board->role[role];
    int64_t alive = atomic_load(&row->alive_boot_ns);
    bool fresh = alive == 0 || s->boot_ns - alive < BEAT_ALIVE_NS;

    jsonw_object(w, NULL);
    jsonw_text(w, "name", board_role_name(role));
    jsonw_bool(w, "alive", atomic_load(&row->pid) != 0 && fresh);
    jsonw_int(w, "restarts", atomic_load(&row->restarts));
    jsonw_int(w, "busy_ms", atomic_load(&row->busy_ns) / CLOCK_NS_PER_MS);
    jsonw_object_end(w);
}

/* A worker that is switched off is not one that is down. */
static bool is_off(const struct beat_scope *s, enum board_role role)
{
    return role == BOARD_OCR && atomic_load(&s->board->ocr_state) == 0 &&
           atomic_load(&s->board->role[role].pid) == 0;
}

static void write_queue(const struct beat_scope *s, struct jsonw *w)
{
    const struct client_counts *c = s->counts;
    int64_t oldest_s = 0;

    if (c->oldest_wall_ns != 0 && c->oldest_wall_ns < s->wall_ns)
        oldest_s = (s->wall_ns - c->oldest_wall_ns) / CLOCK_NS_PER_S;
    jsonw_object(w, "queue");
    jsonw_int(w, "pending", c->pending);
    jsonw_int(w, "oldest_s", oldest_s);
    jsonw_int(w, "dead", c->dead);
    jsonw_int(w, "bytes", c->bytes);
    jsonw_object_end(w);
}

static void write_numbers(const struct beat_scope *s, struct jsonw *w)
{
    const struct board *b = s->board;
    int64_t up_ns = s->wall_ns - s->session->started_wall_ns;

    jsonw_text(w, "agent_version", WS_VERSION);
    jsonw_int(w, "uptime_s", up_ns > 0 ? up_ns / CLOCK_NS_PER_S : 0);
    jsonw_int(w, "head_seq", (int64_t)s->counts->head_seq);
    jsonw_time(w, "last_ai_upload_at", atomic_load(&b->last_ai_upload_wall_ns));
    jsonw_time(w, "last_observation_at",
               atomic_load(&b->last_observation_wall_ns));
    if (atomic_load(&b->cpu_ppm) >= 0)
        jsonw_number(w, "cpu_share", (double)atomic_load(&b->cpu_ppm) / 1e6);
    if (atomic_load(&b->pss_bytes) >= 0)
        jsonw_int(w, "pss_bytes",
                  atomic_load(&b->pss_bytes) / BEAT_PSS_STEP * BEAT_PSS_STEP);
    if (s->disk_free_bytes >= 0)
        jsonw_int(w, "disk_free_bytes", s->disk_free_bytes);
    jsonw_int(w, "clock_offset_ms", atomic_load(&b->clock_offset_ms));
    if (atomic_load(&b->policy_revision) > 0)
        jsonw_int(w, "policy_revision", atomic_load(&b->policy_revision));
    jsonw_text(w, "state",
               board_capture_word(
                   (enum board_capture_state)atomic_load(&b->capture_state)));
}

enum err beat_body(const struct beat_scope *s, struct buf *out)
{
    struct jsonw w;
    int role;

    if (!s->session->features[0])
        return WS_OK;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    write_numbers(s, &w);
    jsonw_array(&w, "workers");
    for (role = 0; role < BOARD_ROLES; role++)
        if (!is_off(s, (enum board_role)role))
            write_worker(s, (enum board_role)role, &w);
    jsonw_array_end(&w);
    write_queue(s, &w);
    jsonw_object_end(&w);
    return buf_check(out);
}

/* --- the answer --- */

static enum beat_result result_of(int status, const struct json *doc)
{
    if (status == 200 &&
        strcmp(json_text(json_get(doc, "status"), ""), "alive") == 0)
        return BEAT_HEARD;
    if (!json_get(doc, "error"))
        return BEAT_AWAY; /* a proxy, a portal, or nobody */
    switch (status) {
    case 401:
    case 403:
        return BEAT_UNAUTHORIZED;
    case 404:
    case 405:
    case 426:
        return BEAT_WRONG_SERVER;
    default:
        return BEAT_AWAY;
    }
}

void beat_read(const struct transport_answer *answer, int64_t asked_wall_ns,
               int64_t answered_wall_ns, struct beat_news *out)
{
    OWN(json_free)
    struct json *doc = NULL;
    const char *time;
    int64_t server_ns;

    memset(out, 0, sizeof(*out));
    if (answer->body.len > 0 &&
        json_parse(answer->body.data, answer->body.len, &doc, NULL) != WS_OK)
        doc = NULL;
    out->result = result_of(answer->status, doc);
    if (out->result != BEAT_HEARD)
        return;
    out->layer_2 = json_count(json_get(doc, "features")) > 0;
    out->policy_revision = json_int(json_get(doc, "policy_revision"), 0);
    time = json_text(json_get(doc, "server_time"), "");
    if (clock_parse_iso(time, strlen(time), &server_ns) != WS_OK)
        return;
    out->has_time = true;
    /* The server looked at its clock half way between, as far as we know. */
    out->clock_offset_ms =
        (server_ns - (asked_wall_ns / 2 + answered_wall_ns / 2)) /
        CLOCK_NS_PER_MS;
}
