/* POST /api/sessions/{id}/heartbeat/: heard, kept in memory, written soon. */
#include "core/json.h"
#include "core/jsonw.h"
#include "server/counters.h"
#include "server/http/exchange.h"
#include "server/ingest/beats.h"
#include "server/ingest/ingest.h"
#include "server/ingest/policy.h"
#include "server/server.h"

static void answer(struct exchange *x)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "status", "alive");
    jsonw_time(&w, "server_time", env_wall_ns(exchange_server(x)->env));
    jsonw_int(&w, "policy_revision",
              policy_revision(exchange_server(x)->settings));
    jsonw_raw(&w, "features", INGEST_FEATURES, sizeof INGEST_FEATURES - 1);
    jsonw_object_end(&w);
    if (buf_check(&out))
        exchange_busy(x, 1);
    else
        exchange_json(x, 200, &out);
}

/* Fill the beat from a body. False: answered 400. */
static bool read_body(struct exchange *x, const char *body, size_t len,
                      struct store_heartbeat *beat)
{
    OWN(json_free)
    struct json *doc = NULL;
    struct wire_problems problems = {.count = 0};
    struct json_error why;
    const struct json *queue;

    if (json_parse(body, len, &doc, &why)) {
        exchange_problem(x, 400, "bad-json",
                         "the body is not JSON: %s at byte %zu", why.message,
                         why.offset);
        return false;
    }
    if (wire_check(&wire_heartbeat, doc, &problems)) {
        exchange_problems(x, "bad-heartbeat", &problems);
        return false;
    }
    beat->health = body;
    beat->head_seq = json_int(json_get(doc, "head_seq"), 0);
    queue = json_get(doc, "queue");
    if (json_get(queue, "pending"))
        beat->pending = json_int(json_get(queue, "pending"), 0) +
                        json_int(json_get(queue, "dead"), 0);
    return true;
}

void heartbeat_post(struct exchange *x)
{
    struct server *server = exchange_server(x);
    struct store_heartbeat beat = {
        .session_id = exchange_principal(x)->session_id,
        .last_seen_ns = env_wall_ns(server->env),
        .pending = -1,
    };
    size_t len;
    const char *body = exchange_body(x, &len);

    if (len && !read_body(x, body, len, &beat))
        return;
    if (beats_hear(server->beats, &beat)) {
        exchange_busy(x, 1);
        return;
    }
    COUNTERS_ADD(server->counters, heartbeats, 1);
    answer(x);
}
