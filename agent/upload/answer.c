#include "agent/upload/answer.h"

#include <stdio.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool has_id(const struct json *doc, const char *key)
{
    return json_int(json_get(doc, key), 0) > 0;
}

bool answer_is_session(const struct json *doc)
{
    return has_id(doc, "session_id");
}

bool answer_is_metric(const struct json *doc)
{
    /* Null after retention: a duplicate of a row that is gone. */
    return has_id(doc, "ai_metric_id") ||
           strcmp(json_text(json_get(doc, "status"), ""), "duplicate") == 0;
}

bool answer_is_recording(const struct json *doc)
{
    return has_id(doc, "recording_id") ||
           strcmp(json_text(json_get(doc, "status"), ""), "duplicate") == 0;
}

bool answer_is_picture(const struct json *doc)
{
    const char *status = json_text(json_get(doc, "status"), "");

    return strcmp(status, "ok") == 0 || strcmp(status, "duplicate") == 0;
}

bool answer_is_batch(const struct json *doc)
{
    const struct json *results = json_get(doc, "results");

    return results && json_kind(results) == JSON_ARRAY;
}

bool answer_is_alive(const struct json *doc)
{
    return strcmp(json_text(json_get(doc, "status"), ""), "alive") == 0;
}

static enum answer_meaning success(const struct answer *a,
                                   answer_expected_fn *expected)
{
    return a->doc && expected(a->doc) ? ANSWER_DONE : ANSWER_NOT_ACK;
}

/* A 4xx that the server itself said: it has a JSON member "error". */
static enum answer_meaning refusal(int status, const char *type)
{
    switch (status) {
    case 400:
        return ANSWER_REJECTED;
    case 401:
    case 403:
        return ANSWER_UNAUTHORIZED;
    case 404:
    case 405:
    case 426:
        return ANSWER_WRONG_SERVER;
    case 410:
        return ends_with(type, "/erased") ? ANSWER_ERASED : ANSWER_AWAY;
    case 413:
        return ANSWER_TOO_LARGE;
    case 422:
        return ends_with(type, "/seq-reused") ? ANSWER_REUSED : ANSWER_REJECTED;
    default:
        return ANSWER_AWAY; /* 408, 429 and what nobody knows */
    }
}

static enum answer_meaning judge(const struct answer *a,
                                 answer_expected_fn *expected)
{
    if (a->status >= 200 && a->status < 300)
        return success(a, expected);
    if (a->status >= 500 && a->status < 600)
        return ANSWER_TROUBLE;
    if (a->status < 400 || a->status >= 500 || a->status == 408 ||
        a->status == 429)
        return ANSWER_AWAY;
    if (!json_get(a->doc, "error"))
        return a->status == 413 ? ANSWER_PROXY_LARGE : ANSWER_PROXY;
    return refusal(a->status, json_text(json_get(a->doc, "type"), ""));
}

/* The first pointer of errors[] tells more than the title. */
static const char *words_of(const struct json *problem)
{
    const struct json *first = json_first(json_get(problem, "errors"));
    const char *words = json_text(json_get(first, "detail"), NULL);

    if (!words)
        words = json_text(json_get(problem, "detail"), NULL);
    if (!words)
        words = json_text(json_get(problem, "error"), "");
    return words;
}

static void explain(const struct transport_answer *from, struct answer *a)
{
    size_t room = sizeof(a->reason);

    if (a->status == 0)
        snprintf(a->reason, room, "no answer: %.150s", from->error);
    else if (a->meaning == ANSWER_NOT_ACK)
        snprintf(a->reason, room,
                 "%d with another body than a WorkSight server's (%s): a "
                 "portal or proxy may stand between",
                 a->status, from->content_type);
    else if (a->meaning == ANSWER_PROXY || a->meaning == ANSWER_PROXY_LARGE)
        snprintf(a->reason, room, "%d of a proxy, not of the server",
                 a->status);
    else
        snprintf(a->reason, room, "%d %.180s", a->status, words_of(a->doc));
}

void answer_read(const struct transport_answer *from,
                 answer_expected_fn *expected, struct answer *out)
{
    memset(out, 0, sizeof(*out));
    out->status = from->status;
    out->retry_after_s = from->retry_after_s;
    if (from->body.len > 0 &&
        json_parse(from->body.data, from->body.len, &out->doc, NULL) != WS_OK)
        out->doc = NULL;
    out->meaning = judge(out, expected);
    explain(from, out);
}

void answer_fini(struct answer *a)
{
    json_free(a->doc);
    a->doc = NULL;
}

enum answer_meaning answer_problem(const struct json *problem, char *reason,
                                   size_t reason_bytes)
{
    const char *type = json_text(json_get(problem, "type"), "");
    int status = (int)json_int(json_get(problem, "status"), 400);

    snprintf(reason, reason_bytes, "%d %.180s", status, words_of(problem));
    if (ends_with(type, "/seq-reused"))
        return ANSWER_REUSED;
    return ends_with(type, "/erased") ? ANSWER_ERASED : ANSWER_REJECTED;
}

int64_t answer_id(const struct answer *a)
{
    static const char *const names[] = {"ai_metric_id", "recording_id",
                                        "screenshot_id"};
    int64_t id = 0;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]) && id == 0; i++)
        id = json_int(json_get(a->doc, names[i]), 0);
    return id;
}
