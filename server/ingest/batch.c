/* POST /api/sessions/{id}/batch/: up to 500 items, one answer each.
 *
 * The payload of an item is a JSON string: its bytes are what is hashed and
 * kept, and they are parsed once more as the item's document. An item that
 * cannot be read is rejected in its place; its neighbours go on.
 */
#include "core/jsonw.h"
#include "core/sha256.h"
#include "server/commit/committer.h"
#include "server/counters.h"
#include "server/http/readers.h"
#include "server/ingest/facts.h"
#include "server/ingest/ingest.h"
#include "server/ingest/tiers.h"
#include "server/server.h"
#include "server/store/store_sessions.h"

#include <stdlib.h>
#include <string.h>

struct row { /* one item of the request, in its order */
    int64_t seq;
    struct commit_item *item; /* NULL: rejected before the commit */
    struct json *doc;
    struct facts_room room;
    char key[SHA256_HEX_BYTES];
    struct wire_problem problem; /* the first one, when rejected */
    const char *slug;            /* of it */
    bool wait;                   /* not rejected: to be sent again */
};

struct batch {
    struct committer_request request;
    struct exchange *x;
    struct json *body;
    struct row *rows;
    size_t row_count;
    struct commit_item *items;
};

static void batch_close(struct batch *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->row_count; i++) {
        json_free(b->rows[i].doc);
        facts_fini(&b->rows[i].room);
    }
    json_free(b->body);
    free(b->rows);
    free(b->items);
    free(b);
}
OWN_DEFINE(batch_close, struct batch *)

/* --- the answer --- */

static void write_problem(struct jsonw *w, int status, const char *slug,
                          const char *pointer, const char *detail)
{
    OWN_BUF struct buf type = BUF_EMPTY;

    buf_printf(&type, "/problems/%s", slug);
    jsonw_object(w, "problem");
    jsonw_text(w, "type", buf_text(&type));
    jsonw_int(w, "status", status);
    jsonw_text(w, "error", detail);
    jsonw_text(w, "detail", detail);
    if (pointer && pointer[0]) {
        jsonw_array(w, "errors");
        jsonw_object(w, NULL);
        jsonw_text(w, "pointer", pointer);
        jsonw_text(w, "detail", detail);
        jsonw_object_end(w);
        jsonw_array_end(w);
    }
    jsonw_object_end(w);
}

static const char *status_of(enum commit_verdict v)
{
    switch (v) {
    case COMMIT_ACCEPTED:
        return "accepted";
    case COMMIT_DUPLICATE:
    case COMMIT_CONFLICT:
        return "duplicate";
    case COMMIT_REUSED:
    case COMMIT_REJECTED:
        return "rejected";
    default:
        return "retry";
    }
}

static void write_row(struct jsonw *w, const struct row *r)
{
    enum commit_verdict v = r->item   ? r->item->verdict
                            : r->wait ? COMMIT_RETRY
                                      : COMMIT_REJECTED;

    jsonw_object(w, NULL);
    jsonw_int(w, "seq", r->seq);
    jsonw_text(w, "status", status_of(v));
    if (v == COMMIT_DUPLICATE && !r->item->id)
        jsonw_null(w, "id");
    else if (r->item && r->item->id)
        jsonw_int(w, "id", r->item->id);
    if (!r->item && !r->wait)
        write_problem(w, 400, r->slug, r->problem.pointer, r->problem.detail);
    else if (v == COMMIT_REUSED)
        write_problem(w, 422, "seq-reused", NULL,
                      "this seq names another payload already: begin a new "
                      "session");
    else if (v == COMMIT_REJECTED)
        write_problem(w, 400, "not-storable", NULL,
                      "the store cannot hold this item");
    jsonw_object_end(w);
}

static void answer(struct batch *b)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_array(&w, "results");
    for (size_t i = 0; i < b->row_count; i++)
        write_row(&w, &b->rows[i]);
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    if (buf_check(&out))
        exchange_busy(b->x, 1);
    else
        exchange_json(b->x, 200, &out);
}

/* True when every item of the commit has this verdict. */
static bool all(const struct batch *b, enum commit_verdict v)
{
    for (size_t i = 0; i < b->request.count; i++)
        if (b->items[i].verdict != v)
            return false;
    return b->request.count > 0;
}

static void finish(void *arg)
{
    OWN(batch_close)
    struct batch *b = arg;

    if (all(b, COMMIT_DENIED))
        exchange_problem(b->x, 403, "token", "this token is revoked");
    else if (all(b, COMMIT_NO_ROOM))
        exchange_problem(b->x, 507, "no-room",
                         "the server's disk is full: send it again later");
    else if (all(b, COMMIT_RETRY))
        exchange_busy(b->x, 1);
    else
        answer(b);
}

/* The committer goes on: the answer is made, and all is freed, on the loop. */
static void done(struct committer_request *r)
{
    struct batch *b = r->arg;

    exchange_finish(b->x, finish, b);
}

static bool gone(struct committer_request *r)
{
    const struct batch *b = r->arg;

    return exchange_gone(b->x);
}

/* --- the request --- */

static void reject(struct row *r, const char *slug,
                   const struct wire_problems *problems)
{
    r->item = NULL;
    r->slug = slug;
    r->problem = problems->list[0];
}

static void put_off(struct row *r)
{
    r->item = NULL;
    r->wait = true;
}

/* Refuse what is above the tier; a metric within the one that the session
 * opened with is not looked up, of that kind there are many. */
static void check_tier(struct exchange *x, struct row *r,
                       enum wire_item_kind kind)
{
    int64_t needed = tiers_needed(kind, r->doc);
    struct tiers t = tiers_judge_early(x, needed);
    struct wire_problems problems = {.count = 0};
    char text[TIERS_TEXT_BYTES];
    enum err e = WS_OK;

    if (needed == 0)
        return;
    if (t.verdict != TIERS_WITHIN || kind != WIRE_ITEM_METRIC)
        e = tiers_judge(x, r->seq, needed, &t);
    if (e || t.verdict == TIERS_WAIT) {
        put_off(r);
    } else if (t.verdict != TIERS_WITHIN) {
        tiers_say(&t, wire_item_name(kind), text);
        wire_problem(&problems, "/payload", "%s", text);
        reject(r, tiers_slug(&t), &problems);
    }
}

static enum err read_payload(struct row *r, struct fact *f,
                             enum wire_item_kind kind, const char *payload,
                             struct wire_problems *problems)
{
    size_t len = strlen(payload);

    if (len > INGEST_MAX_ITEM_BYTES) {
        wire_problem(problems, "/payload",
                     "payload has %zu bytes, at most %d are taken", len,
                     INGEST_MAX_ITEM_BYTES);
        return WS_INVALID;
    }
    return facts_parse(kind, payload, len, &r->doc, f, &r->room, problems);
}

static void read_row(struct exchange *x, struct row *r, const struct json *v,
                     const struct commit_item *model, struct commit_item *item)
{
    struct wire_problems problems = {.count = 0};
    enum wire_item_kind kind = WIRE_ITEM_KINDS;
    enum err e = WS_OK;

    *item = *model;
    r->item = item;
    r->seq = json_int(json_get(v, "seq"), 0);
    if (wire_check(&wire_batch_item, v, &problems) == WS_OK &&
        wire_item_kind(json_text(json_get(v, "kind"), ""), &kind) == WS_OK) {
        item->fact.seq = r->seq;
        wire_item_key(exchange_principal(x)->session_uid, (uint64_t)r->seq,
                      r->key);
        item->fact.key = r->key;
        e = read_payload(r, &item->fact, kind,
                         json_text(json_get(v, "payload"), ""), &problems);
    }
    if (problems.count)
        reject(r, "bad-item", &problems);
    else if (e) /* out of memory: it was not judged */
        put_off(r);
    else
        check_tier(x, r, kind);
}

/* The list of the body. False: answered. */
static bool read_list(struct batch *b, const struct json **items)
{
    struct json_error why;
    size_t len, n, most;
    const char *body = exchange_body(b->x, &len);
    enum err e = json_parse(body, len, &b->body, &why);

    if (e) {
        exchange_problem(b->x, e == WS_NOMEM ? 503 : 400, "bad-json",
                         "the body is not JSON: %s at byte %zu", why.message,
                         why.offset);
        return false;
    }
    if (len > (size_t)exchange_server(b->x)->settings->max_batch_bytes) {
        exchange_problem(
            b->x, 413, "too-large",
            "the batch has %zu bytes decoded, at most %lld", len,
            (long long)exchange_server(b->x)->settings->max_batch_bytes);
        return false;
    }
    *items = json_get(b->body, "items");
    n = *items && json_kind(*items) == JSON_ARRAY ? json_count(*items) : 0;
    most = (size_t)exchange_server(b->x)->settings->max_batch_items;
    if (most > COMMITTER_MAX_ITEMS)
        most = COMMITTER_MAX_ITEMS;
    if (n >= 1 && n <= most)
        return true;
    exchange_problem(b->x, n > most ? 413 : 400, "bad-batch",
                     "items must be a list of 1 to %zu items, it has %zu", most,
                     n);
    return false;
}

static bool make_rows(struct batch *b, const struct json *items)
{
    b->row_count = json_count(items);
    b->rows = calloc(b->row_count, sizeof *b->rows);
    b->items = calloc(b->row_count, sizeof *b->items);
    if (b->rows && b->items)
        return true;
    b->row_count = 0;
    exchange_busy(b->x, 1);
    return false;
}

/* Every item of the list, read or rejected. False: answered. */
static bool read_rows(struct batch *b, const struct json *items)
{
    const struct principal *p = exchange_principal(b->x);
    struct commit_item model = {
        .fact = {.session_id = p->session_id,
                 .received_ns = env_wall_ns(exchange_server(b->x)->env)}};
    const struct json *v = json_first(items);

    memcpy(model.token_sha256, p->token_sha256, sizeof p->token_sha256);
    if (!p->session_uid[0]) {
        exchange_problem(b->x, 400, "layer-1-session",
                         "this session was opened without session_uid: its "
                         "items have no seq");
        return false;
    }
    for (size_t i = 0; i < b->row_count; i++, v = json_next(v)) {
        struct commit_item *item = &b->items[b->request.count];

        read_row(b->x, &b->rows[i], v, &model, item);
        if (b->rows[i].item)
            b->request.count++;
    }
    return true;
}

void batch_post(struct exchange *x)
{
    OWN(batch_close)
    struct batch *b = calloc(1, sizeof *b);
    const struct json *items;

    if (!b) {
        exchange_busy(x, 1);
        return;
    }
    COUNTERS_ADD(exchange_server(x)->counters, batches, 1);
    b->x = x;
    if (!read_list(b, &items) || !make_rows(b, items) || !read_rows(b, items))
        return;
    if (b->request.count == 0) {
        answer(b);
        return;
    }
    b->request.items = b->items;
    b->request.done = done;
    b->request.gone = gone;
    b->request.arg = b;
    exchange_hold(x);
    if (committer_submit(exchange_server(x)->committer, &b->request))
        exchange_busy(x, 1);
    else
        (void)TAKE(b);
}
