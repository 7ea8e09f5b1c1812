#include "agent/outbox/control.h"

#include "agent/cli/control.h"
#include "agent/outbox/outbox_list.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/utf8.h"

#include <math.h>
#include <string.h>

#define CONTROL_MAX_ROWS 1000
#define CONTROL_QUEUE_ROWS 200
#define CONTROL_SENT_ROWS 50
#define CONTROL_MIN_PAUSE_MS 1000
#define CONTROL_MAX_REASON 200

/* One request under way. */
struct asking {
    const struct control_scope *scope;
    const struct json *request;
    struct jsonw *w;
    const char *detail; /* what is wrong, for people */
};

static enum err refuse(struct asking *a, const char *detail)
{
    a->detail = detail;
    return WS_INVALID;
}

/* A whole number within bounds, or the fallback when it is absent. */
static enum err take_int(struct asking *a, const char *key, int64_t bounds[2],
                         int64_t *v)
{
    const struct json *member = json_get(a->request, key);
    double number = json_number(member, NAN);

    if (!member || json_kind(member) == JSON_NULL)
        return WS_OK;
    if (!(number >= (double)bounds[0] && number <= (double)bounds[1]))
        return WS_INVALID;
    *v = (int64_t)number;
    return WS_OK;
}

static enum err take_id(struct asking *a, struct outbox_list_id *id)
{
    const struct json *member = json_get(a->request, "id");
    const char *text = json_text(member, NULL);
    enum err e;

    if (member && json_kind(member) != JSON_NULL && !text)
        return refuse(a, "id must be a text like 5f2b91c0/17, or 17");
    e = outbox_list_find(a->scope->outbox, text, id);
    if (e == WS_INVALID)
        return refuse(a, "id must be SEQ, or SESSION/SEQ with at least 8 hex "
                         "digits that begin one session only");
    return e;
}

/* --- status --- */

static enum err write_queue(struct asking *a)
{
    struct client_counts c;
    struct jsonw *w = a->w;
    enum err e = outbox_counts(a->scope->outbox, &c);

    if (e)
        return e;
    jsonw_int(w, "head_seq", (int64_t)c.head_seq);
    jsonw_object(w, "queue");
    jsonw_int(w, "recorded", c.recorded);
    jsonw_int(w, "delivered", c.delivered);
    jsonw_int(w, "pending", c.pending);
    jsonw_int(w, "leased", c.leased);
    jsonw_int(w, "parked", c.parked);
    jsonw_int(w, "dead", c.dead);
    jsonw_int(w, "dropped", c.dropped);
    jsonw_int(w, "erased", c.erased);
    jsonw_int(w, "kept", c.kept);
    jsonw_int(w, "bytes", c.bytes);
    jsonw_int(w, "oldest_wall_ms", c.oldest_wall_ns / CLOCK_NS_PER_MS);
    jsonw_object_end(w);
    return WS_OK;
}

static void write_pause(struct asking *a)
{
    const struct pausing *p = a->scope->pausing;
    int64_t until = p ? pausing_until(p) : 0;

    if (until == 0) {
        jsonw_null(a->w, "pause");
        return;
    }
    jsonw_object(a->w, "pause");
    jsonw_int(a->w, "until_wall_ms", until / CLOCK_NS_PER_MS);
    jsonw_text(a->w, "reason", p->reason[0] ? p->reason : NULL);
    jsonw_bool(a->w, "written", p->kept);
    jsonw_object_end(a->w);
}

static enum err do_status(struct asking *a)
{
    struct client_session s;
    enum err e = outbox_session(a->scope->outbox, &s);

    if (e)
        return e;
    jsonw_text(a->w, "agent_id", s.agent_id);
    jsonw_text(a->w, "session_uid", s.session_uid);
    jsonw_int(a->w, "session_id", s.session_id);
    jsonw_bool(a->w, "enrolled", s.session_id != 0 || s.earlier[0]);
    e = write_queue(a);
    if (e)
        return e;
    outbox_list_today(a->scope->outbox, a->w);
    write_pause(a);
    e = outbox_list_last_metric(a->scope->outbox, a->w);
    if (e)
        return e;
    jsonw_object(a->w, "board");
    board_json(a->scope->board, a->w);
    jsonw_object_end(a->w);
    return WS_OK;
}

/* --- queue --- */

static enum err do_queue_list(struct asking *a)
{
    const char *state = json_text(json_get(a->request, "state"), NULL);
    int64_t limit = CONTROL_QUEUE_ROWS;
    enum err e = take_int(a, "limit", (int64_t[]){1, CONTROL_MAX_ROWS}, &limit);

    if (e)
        return refuse(a, "limit must be 1 to 1000");
    if (state && strcmp(state, "pending") != 0 &&
        strcmp(state, "leased") != 0 && strcmp(state, "parked") != 0 &&
        strcmp(state, "dead") != 0)
        return refuse(a, "state must be pending, leased, parked or dead");
    return outbox_list_queue(a->scope->outbox, state, limit, a->w);
}

static enum err do_queue_retry(struct asking *a)
{
    struct outbox_list_id id;
    int64_t count = 0;
    enum err e = take_id(a, &id);

    if (!e)
        e = outbox_list_retry(a->scope->outbox, &id, &count);
    if (e == WS_NOTFOUND)
        a->detail = "no dead or parked item has this id";
    if (!e)
        jsonw_int(a->w, "count", count);
    return e;
}

static enum err do_queue_purge(struct asking *a)
{
    struct outbox_list_id id;
    int64_t count = 0;
    enum err e = take_id(a, &id);

    if (!e)
        e = outbox_list_purge(a->scope->outbox, &id, &count);
    if (e == WS_NOTFOUND)
        a->detail = "no dead item has this id";
    if (!e)
        jsonw_int(a->w, "count", count);
    return e;
}

static enum err do_sent(struct asking *a)
{
    int64_t limit = CONTROL_SENT_ROWS, since = 0;
    enum err e = take_int(a, "limit", (int64_t[]){1, CONTROL_MAX_ROWS}, &limit);

    if (e)
        return refuse(a, "limit must be 1 to 1000");
    e = take_int(a, "since_wall_ms",
                 (int64_t[]){0, INT64_MAX / 2 / CLOCK_NS_PER_MS}, &since);
    if (e)
        return refuse(a, "since_wall_ms must be a time in milliseconds");
    return outbox_list_sent(a->scope->outbox, since * CLOCK_NS_PER_MS, limit,
                            a->w);
}

static enum err do_explain(struct asking *a)
{
    struct outbox_list_id id;
    enum err e = take_id(a, &id);

    if (!e)
        e = outbox_list_explain(a->scope->outbox, &id, a->w);
    if (e == WS_NOTFOUND)
        a->detail = "no such item here: it may be forgotten since its "
                    "delivery (the server has it)";
    return e;
}

/* --- pause, resume, enroll --- */

static enum err do_pause(struct asking *a)
{
    const char *reason = json_text(json_get(a->request, "reason"), NULL);
    int64_t duration_ms = 0, until;
    enum err e = take_int(a, "duration_ms",
                          (int64_t[]){CONTROL_MIN_PAUSE_MS, PAUSING_MAX_MS},
                          &duration_ms);

    if (!a->scope->pausing)
        return WS_DENIED;
    if (e || duration_ms == 0)
        return refuse(a, "duration_ms must be 1000 to 86400000 (1s to 24h)");
    if (reason && utf8_count(reason) > CONTROL_MAX_REASON)
        return refuse(a, "reason must be at most 200 characters");
    until = env_wall_ns(a->scope->env) + duration_ms * CLOCK_NS_PER_MS;
    (void)pausing_set(a->scope->pausing, until, reason);
    jsonw_int(a->w, "until_wall_ms", until / CLOCK_NS_PER_MS);
    return WS_OK;
}

static enum err do_resume(struct asking *a)
{
    if (!a->scope->pausing)
        return WS_DENIED;
    jsonw_bool(a->w, "was_paused", pausing_set(a->scope->pausing, 0, NULL));
    return WS_OK;
}

static enum err do_enroll(struct asking *a)
{
    const char *code = json_text(json_get(a->request, "code"), "");
    enum err e = outbox_enroll(a->scope->outbox, code);

    if (e == WS_INVALID)
        return refuse(a, "code must be 1 to 255 visible ASCII characters");
    return e;
}

/* --- the table --- */

/* clang-format off */
static const struct {
    const char *name;
    enum err (*run)(struct asking *a);
} verbs[] = {
    {"status",      do_status},
    {"queue-list",  do_queue_list},
    {"queue-retry", do_queue_retry},
    {"queue-purge", do_queue_purge},
    {"sent",        do_sent},
    {"explain",     do_explain},
    {"pause",       do_pause},
    {"resume",      do_resume},
    {"enroll",      do_enroll},
};
/* clang-format on */

static enum err run_verb(struct asking *a)
{
    const char *name = json_text(json_get(a->request, "verb"), "");
    size_t i;

    for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(name, verbs[i].name) == 0)
            return verbs[i].run(a);
    return refuse(a, "verb must be status, queue-list, queue-retry, "
                     "queue-purge, sent, explain, pause, resume or enroll");
}

static const char *error_word(enum err e)
{
    switch (e) {
    case WS_INVALID:
        return "invalid";
    case WS_NOTFOUND:
        return "not-found";
    case WS_DENIED:
        return "denied";
    default:
        return "io";
    }
}

static void write_error(struct buf *answer, enum err e, const char *detail)
{
    struct jsonw w;

    buf_clear(answer);
    jsonw_init(&w, answer);
    jsonw_object(&w, NULL);
    jsonw_bool(&w, "ok", false);
    jsonw_text(&w, "error", error_word(e));
    jsonw_text(&w, "detail", detail ? detail : err_name(e));
    jsonw_object_end(&w);
    buf_append_byte(answer, '\n');
}

enum err control_answer(const struct control_scope *scope, const char *line,
                        size_t len, struct buf *answer)
{
    OWN(json_free)
    struct json *request = NULL;
    struct json_error why;
    struct jsonw w;
    struct asking a = {.scope = scope, .w = &w};
    enum err e = json_parse(line, len, &request, &why);

    if (e) {
        write_error(answer, WS_INVALID, "the request is no JSON object");
        return buf_check(answer);
    }
    a.request = request;
    jsonw_init(&w, answer);
    jsonw_object(&w, NULL);
    jsonw_bool(&w, "ok", true);
    e = run_verb(&a);
    jsonw_object_end(&w);
    buf_append_byte(answer, '\n');
    if (!e && (buf_check(answer) || answer->len > CONTROL_ANSWER_BYTES)) {
        e = WS_INVALID;
        a.detail = "the answer is too long: ask for fewer with limit";
    }
    if (e)
        write_error(answer, e, a.detail);
    return e == WS_CORRUPT || e == WS_IO ? e : buf_check(answer);
}
