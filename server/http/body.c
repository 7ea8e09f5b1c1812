/* body.c - where the bytes of a request's body go. */
#include "server/http/body.h"

#include <strings.h>

static size_t most_bytes(const struct route *route)
{
    return route->body == ROUTE_NO_BODY ? BODY_MAX_IGNORED_BYTES
                                        : route->max_body_bytes;
}

static enum err too_large(const struct body *b, struct refusal *why)
{
    return refusal_set(why, 413, "body-too-large",
                       "the body is over %zu bytes; send less at a time",
                       most_bytes(b->route));
}

/* Say in the client's words what a form or decoder found. */
static enum err explain(const struct body *b, enum err e, struct refusal *why)
{
    if (e == WS_NOMEM)
        return e;
    if (b->form && form_disk_failed(b->form))
        return e == WS_FULL
                   ? refusal_set(why, 507, "no-room",
                                 "the server's disk is full; retry later")
                   : refusal_set(why, 503, "storage-away",
                                 "the server can't write its spool folder; "
                                 "retry later");
    if (b->gunzip)
        return e == WS_FULL
                   ? too_large(b, why)
                   : refusal_set(why, 400, "bad-gzip",
                                 "the body is not one whole gzip stream");
    return e == WS_FULL
               ? refusal_set(why, 413, "form-too-large",
                             "the form has too many parts, or its fields are "
                             "over %d bytes together",
                             FORM_MAX_FIELD_BYTES)
               : refusal_set(why, 400, "bad-form",
                             "the body is not multipart/form-data with every "
                             "part named and the last boundary in place");
}

static enum err begin_coding(struct body *b, const char *coding,
                             struct refusal *why)
{
    if (!coding || strcasecmp(coding, "identity") == 0)
        return WS_OK;
    if (b->route->body != ROUTE_GZIP || strcasecmp(coding, "gzip") != 0)
        return refusal_set(
            why, 415, "content-encoding",
            "Content-Encoding \"%.40s\" is not taken here; "
            "send %s",
            coding, b->route->body == ROUTE_GZIP ? "gzip or none" : "none");
    return gunzip_open(&b->gunzip, b->route->max_body_bytes);
}

enum err body_begin(struct body *b, const struct route *route,
                    const struct head *head, const char *spool_dir,
                    struct refusal *why)
{
    const char *type = head_get(head, "content-type");
    enum err e;

    *b = (struct body){.route = route};
    if (head->has_length && (uint64_t)head->content_length > most_bytes(route))
        return too_large(b, why);
    if (!head->chunked && head->content_length == 0 &&
        route->body != ROUTE_MULTIPART)
        return WS_OK;
    e = begin_coding(b, head_get(head, "content-encoding"), why);
    if (e || route->body != ROUTE_MULTIPART)
        return e;
    e = form_open(&b->form, type ? type : "", spool_dir);
    if (e == WS_INVALID)
        return refusal_set(why, 400, "not-a-form",
                           "Content-Type is not multipart/form-data with a "
                           "boundary");
    return e;
}

void body_hold(struct body *b, struct rooms *rooms, size_t len)
{
    if (b->form)
        form_hold(b->form, rooms, len);
}

size_t body_held(const struct body *b)
{
    return b->memory.cap + (b->form ? form_held(b->form) : 0);
}

enum err body_feed(struct body *b, const char *data, size_t len,
                   struct refusal *why)
{
    enum err e = WS_OK;

    b->received += len;
    if (b->received > most_bytes(b->route))
        return too_large(b, why);
    if (b->form)
        e = form_feed(b->form, data, len);
    else if (b->gunzip)
        e = gunzip_feed(b->gunzip, data, len, &b->memory);
    else if (b->route->body != ROUTE_NO_BODY) {
        buf_append(&b->memory, data, len);
        return buf_check(&b->memory);
    }
    return e ? explain(b, e, why) : WS_OK;
}

enum err body_end(struct body *b, struct refusal *why)
{
    enum err e = WS_OK;

    if (b->form)
        e = form_end(b->form);
    else if (b->gunzip)
        e = gunzip_end(b->gunzip);
    return e ? explain(b, e, why) : WS_OK;
}

void body_fini(struct body *b)
{
    buf_fini(&b->memory);
    gunzip_close(TAKE(b->gunzip));
    form_close(TAKE(b->form));
}
