/* accesslog.c - one line a request. */
#include "server/http/accesslog.h"

#include "core/clock.h"
#include "core/log.h"

void accesslog_write(const struct exchange *x, int status, uint64_t sent_bytes)
{
    const struct route *route = x->match.route;
    const struct principal *who = &x->principal;
    enum log_level level = LOG_LEVEL_INFO;
    struct log_field fields[10];
    size_t n = 0;

    if (route && route->quiet && status < 300)
        level = LOG_LEVEL_DEBUG;
    fields[n++] = LOG_TEXT("method", x->head.method ? x->head.method : "-");
    if (route)
        fields[n++] = LOG_TEXT("route", route->path);
    else
        fields[n++] = LOG_TEXT("path", x->head.path ? x->head.path : "-");
    fields[n++] = LOG_INT("status", status);
    fields[n++] =
        LOG_INT("ms", (clock_mono_ns() - x->begun_ns) / CLOCK_NS_PER_MS);
    fields[n++] = LOG_INT("in", (int64_t)x->body.received);
    fields[n++] = LOG_INT("out", (int64_t)sent_bytes);
    fields[n++] = LOG_TEXT("peer", x->peer);
    fields[n++] = LOG_TEXT("id", x->id);
    if (who->kind == PRINCIPAL_AGENT)
        fields[n++] = LOG_INT("session", who->session_id);
    else if (who->kind == PRINCIPAL_USER)
        fields[n++] = LOG_INT("user", who->user_id);
    log_fields(level, "request", fields, n);
}
