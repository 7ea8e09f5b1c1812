/* exchange_problem.c - answers that say what went wrong (RFC 9457), with the
 * member `error` that clients of layer 1 look for. */
#include "core/jsonw.h"
#include "server/http/exchange_private.h"
#include "server/http/status.h"

#include <stdarg.h>
#include <stdio.h>

#define PROBLEM_TYPE "application/problem+json"

static void begin_problem(struct jsonw *w, const struct exchange *x, int status,
                          const char *slug, const char *detail)
{
    char type[96];

    snprintf(type, sizeof(type), "/problems/%s", slug);
    jsonw_object(w, NULL);
    jsonw_text(w, "error", detail);
    jsonw_text(w, "type", type);
    jsonw_text(w, "title", status_text(status));
    jsonw_int(w, "status", status);
    jsonw_text(w, "detail", detail);
    jsonw_text(w, "instance", x->id);
}

void exchange_problem(struct exchange *x, int status, const char *slug,
                      const char *fmt, ...)
{
    struct buf body = BUF_EMPTY;
    struct jsonw w;
    char detail[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(detail, sizeof(detail), fmt, args);
    va_end(args);
    jsonw_init(&w, &body);
    begin_problem(&w, x, status, slug, detail);
    jsonw_object_end(&w);
    exchange_reply(x, status, PROBLEM_TYPE, &body);
}

void exchange_problems(struct exchange *x, const char *slug,
                       const struct wire_problems *problems)
{
    struct buf body = BUF_EMPTY;
    char detail[440] = "the request is not as it must be";
    struct jsonw w;
    size_t i;

    if (problems->count)
        snprintf(detail, sizeof(detail), "%s: %s", problems->list[0].pointer,
                 problems->list[0].detail);
    jsonw_init(&w, &body);
    begin_problem(&w, x, 400, slug, detail);
    jsonw_array(&w, "errors");
    for (i = 0; i < problems->count; i++) {
        jsonw_object(&w, NULL);
        jsonw_text(&w, "pointer", problems->list[i].pointer);
        jsonw_text(&w, "detail", problems->list[i].detail);
        jsonw_object_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    exchange_reply(x, 400, PROBLEM_TYPE, &body);
}

void exchange_busy(struct exchange *x, int retry_after_s)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", retry_after_s);
    exchange_add_header(x, "Retry-After", text);
    exchange_problem(x, 503, "busy",
                     "the server has too much to do; retry in %d s",
                     retry_after_s);
}

void exchange_refuse(struct exchange *x, enum err e, const struct refusal *why)
{
    if (e == WS_INVALID && why->status) {
        if (why->status == 503 || why->status == 429)
            exchange_add_header(x, "Retry-After", "5");
        exchange_problem(x, why->status, why->slug, "%s", why->detail);
    } else {
        exchange_busy(x, 5);
    }
}
