/* POST /api/sessions/ */
#include "server/ingest/sessions.h"

#include "core/clock.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/sha256.h"
#include "server/auth/tokens.h"
#include "server/commit/committer.h"
#include "server/counters.h"
#include "server/http/networks.h"
#include "server/http/readers.h"
#include "server/ingest/ingest.h"
#include "server/server.h"
#include "server/views/live.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_BYTES 32

struct opening {
    struct sessions_request request;
    struct exchange *x;
    struct json *doc;
    struct buf features;
    char token[2 * TOKEN_BYTES + 1]; /* made here; "" when the agent made it */
};

static void opening_close(struct opening *o)
{
    if (!o)
        return;
    json_free(o->doc);
    buf_fini(&o->features);
    free(o);
}
OWN_DEFINE(opening_close, struct opening *)

/* --- the answer --- */

static void write_limits(struct jsonw *w, const struct settings *s)
{
    jsonw_object(w, "limits");
    jsonw_int(w, "max_items", s->max_batch_items);
    jsonw_int(w, "max_body", s->max_batch_bytes);
    jsonw_int(w, "max_item", INGEST_MAX_ITEM_BYTES);
    jsonw_int(w, "max_image", s->max_image_bytes);
    jsonw_object_end(w);
}

static void answer_open(struct opening *o, int status)
{
    const struct server *server = exchange_server(o->x);
    OWN_BUF struct buf out = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_int(&w, "session_id", o->request.session_id);
    if (o->token[0])
        jsonw_text(&w, "token", o->token);
    jsonw_raw(&w, "features", INGEST_FEATURES, sizeof INGEST_FEATURES - 1);
    write_limits(&w, server->settings);
    jsonw_time(&w, "server_time", env_wall_ns(server->env));
    jsonw_object_end(&w);
    if (buf_check(&out))
        exchange_busy(o->x, 1);
    else
        exchange_json(o->x, status, &out);
}

static void answer(struct opening *o, enum sessions_outcome outcome)
{
    struct exchange *x = o->x;

    switch (outcome) {
    case SESSIONS_OPENED:
        answer_open(o, 201);
        break;
    case SESSIONS_REPLAYED:
    case SESSIONS_RENEWED:
        answer_open(o, 200);
        break;
    case SESSIONS_MISSING:
        exchange_add_header(x, "WWW-Authenticate", "Bearer");
        exchange_problem(x, 401, "enrollment",
                         "from %s a session needs Authorization: Bearer with "
                         "an enrollment code (worksight-server enroll)",
                         exchange_peer(x));
        break;
    case SESSIONS_REFUSED:
        exchange_problem(x, 403, "enrollment",
                         "this code or token is not known, used, expired or "
                         "revoked: ask for a new code");
        break;
    case SESSIONS_FOREIGN:
        exchange_problem(x, 403, "session-uid",
                         "this session_uid belongs to another agent_id");
        break;
    case SESSIONS_CLASH:
        exchange_problem(x, 400, "token-in-use",
                         "token_sha256 is in use: make a token of 256 random "
                         "bits for each session");
        break;
    }
}

static void remember(struct opening *o)
{
    struct server *server = exchange_server(o->x);
    struct tokens_session session = {.id = o->request.session_id,
                                     .tier = o->request.row.tier};

    if (o->request.outcome == SESSIONS_RENEWED)
        tokens_forget(server->tokens);
    if (o->request.row.session_uid)
        snprintf(session.uid, sizeof session.uid, "%s",
                 o->request.row.session_uid);
    tokens_put(server->tokens, o->request.token_sha256, session);
    if (o->request.outcome == SESSIONS_REPLAYED) {
        COUNTERS_ADD(server->counters, sessions_replayed, 1);
        return;
    }
    COUNTERS_ADD(server->counters, sessions_opened, 1);
    live_publish(server->live, LIVE_SESSIONS, o->request.session_id);
}

static void done(enum err e, void *arg)
{
    OWN(opening_close)
    struct opening *o = arg;

    if (e == WS_OK)
        remember(o);
    if (e == WS_OK || e == WS_DENIED)
        answer(o, o->request.outcome);
    else if (e == WS_FULL)
        exchange_problem(o->x, 507, "no-room",
                         "the server's disk is full: send it again later");
    else
        exchange_busy(o->x, 1);
}

/* --- the request --- */

/* The token: the agent's own, of which only the hash came, or one of ours. */
static void take_token(struct opening *o, bool layer1)
{
    const char *hash = json_text(json_get(o->doc, "token_sha256"), NULL);
    uint8_t bytes[TOKEN_BYTES];

    if (!layer1 && hash &&
        sha256_unhex(hash, o->request.token_sha256, STORE_SHA256_BYTES) ==
            WS_OK)
        return;
    env_random(exchange_server(o->x)->env, bytes, sizeof bytes);
    sha256_hex(bytes, sizeof bytes, o->token);
    sha256_hash(o->token, strlen(o->token), o->request.token_sha256);
}

/* What layer 2 adds; in layer 1 members of these names mean nothing. */
static void take_layer2(struct opening *o)
{
    struct store_session *row = &o->request.row;
    const char *started = json_text(json_get(o->doc, "started_at"), NULL);
    const struct json *features = json_get(o->doc, "features");

    row->session_uid = json_text(json_get(o->doc, "session_uid"), NULL);
    row->agent_id = json_text(json_get(o->doc, "agent_id"), NULL);
    row->tier = json_int(json_get(o->doc, "tier"), -1);
    if (started && clock_parse_iso(started, strlen(started), &row->started_ns))
        row->started_ns = row->created_ns; /* checked before: cannot happen */
    if (features) {
        json_print(features, &o->features);
        row->features = buf_text(&o->features);
    }
}

static void take_row(struct opening *o, bool layer1)
{
    struct store_session *row = &o->request.row;

    row->agent_name = json_text(json_get(o->doc, "agent_name"), "");
    row->agent_version = json_text(json_get(o->doc, "agent_version"), "");
    row->hostname = json_text(json_get(o->doc, "hostname"), "");
    row->username = json_text(json_get(o->doc, "username"), "");
    row->ip_address = json_text(json_get(o->doc, "ip_address"), "");
    row->peer = exchange_peer(o->x);
    row->created_ns = env_wall_ns(exchange_server(o->x)->env);
    row->payload = exchange_body(o->x, &row->payload_len);
    row->started_ns = row->created_ns;
    row->tier = -1;
    if (!layer1)
        take_layer2(o);
}

static void take_bearer(struct opening *o)
{
    const struct principal *p = exchange_principal(o->x);
    const char *bearer = access_bearer(o->x);

    o->request.inside = networks_hold(exchange_server(o->x)->enrollment_from,
                                      exchange_peer(o->x));
    if (!bearer)
        return;
    o->request.has_bearer = true;
    o->request.bearer_is_token = access_is_token(bearer);
    memcpy(o->request.bearer_sha256, p->token_sha256, STORE_SHA256_BYTES);
}

/* False: answered 400. */
static bool read_body(struct opening *o)
{
    struct wire_problems problems = {.count = 0};
    struct json_error why;
    size_t len;
    const char *body = exchange_body(o->x, &len);
    enum err e = json_parse(body, len, &o->doc, &why);
    bool layer1;

    if (e) {
        exchange_problem(o->x, e == WS_NOMEM ? 503 : 400, "bad-json",
                         "the body is not JSON: %s at byte %zu", why.message,
                         why.offset);
        return false;
    }
    layer1 = !json_get(o->doc, "session_uid") &&
             !json_get(o->doc, "agent_id") && !json_get(o->doc, "token_sha256");
    e = layer1 ? wire_check_layer1(&wire_session, o->doc, &problems)
               : wire_check(&wire_session, o->doc, &problems);
    if (e) {
        exchange_problems(o->x, "bad-session", &problems);
        return false;
    }
    take_token(o, layer1);
    take_row(o, layer1);
    take_bearer(o);
    return true;
}

void sessions_post(struct exchange *x)
{
    OWN(opening_close)
    struct opening *o = calloc(1, sizeof *o);
    enum sessions_outcome outcome;

    if (!o) {
        exchange_busy(x, 1);
        return;
    }
    o->x = x;
    if (!read_body(o))
        return;
    if (sessions_foresee(readers_context(), &o->request, &outcome) ||
        buf_check(&o->features)) {
        exchange_busy(x, 1);
        return;
    }
    if (outcome != SESSIONS_OPENED) {
        o->request.outcome = outcome;
        if (outcome == SESSIONS_REPLAYED)
            remember(o);
        answer(o, outcome);
        return;
    }
    exchange_hold(x);
    if (committer_call(exchange_server(x)->committer, sessions_decide, done, o))
        exchange_busy(x, 1);
    else
        (void)TAKE(o);
}
