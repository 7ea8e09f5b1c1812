/* answer.c - the head of an answer, as bytes. */
#include "server/http/answer.h"

#include "server/http/status.h"

#include <string.h>

/* On every answer, also to agents: whoever gets one to render stays caged. */
static const char security_lines[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "media-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), microphone=(), geolocation=(), "
    "display-capture=(), payment=(), usb=()\r\n";

static const char hsts_line[] =
    "Strict-Transport-Security: max-age=31536000\r\n";

/* Pages show this; see plain_http of server/settings.c. */
static const char plain_line[] = "X-WorkSight-Warning: plain-http\r\n";

static bool status_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

bool answer_has_body(const struct exchange *x)
{
    return status_has_body(x->answer.status) &&
           !(x->head.method && strcmp(x->head.method, "HEAD") == 0);
}

static int64_t body_length(const struct exchange_answer *a)
{
    if (a->fd >= 0)
        return a->file_len;
    return (int64_t)(a->fixed ? a->fixed_len : a->body.len);
}

void answer_head(const struct exchange *x, bool last, const char *date,
                 struct buf *out)
{
    const struct exchange_answer *a = &x->answer;

    buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nX-Request-Id: %s\r\n",
               a->status, status_text(a->status), date, x->id);
    if (*a->content_type)
        buf_printf(out, "Content-Type: %s\r\n", a->content_type);
    if (status_has_body(a->status) && !x->streaming)
        buf_printf(out, "Content-Length: %lld\r\n", (long long)body_length(a));
    if (last)
        buf_append_text(out, "Connection: close\r\n");
    else if (x->head.is_1_0)
        buf_append_text(out, "Connection: keep-alive\r\n");
    if (!a->has_cache_control)
        buf_append_text(out, "Cache-Control: no-store\r\n");
    buf_append(out, security_lines, sizeof(security_lines) - 1);
    if (x->secure)
        buf_append(out, hsts_line, sizeof(hsts_line) - 1);
    else if (exchange_warned(x))
        buf_append(out, plain_line, sizeof(plain_line) - 1);
    buf_append(out, a->headers.data, a->headers.len);
    buf_append(out, "\r\n", 2);
}
