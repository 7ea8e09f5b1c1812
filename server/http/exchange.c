/* exchange.c - one request: what a handler may ask of it. */
#include "server/http/exchange_private.h"
#include "server/http/listener_private.h"

#include <string.h>

struct exchange *exchange_new(struct listener *l, struct conn *c)
{
    struct exchange *x = calloc(1, sizeof(*x));

    if (!x)
        return NULL;
    x->listener = l;
    x->conn = c;
    atomic_init(&x->refs, 1);
    x->answer.fd = -1;
    return x;
}

struct exchange *exchange_keep(struct exchange *x)
{
    atomic_fetch_add(&x->refs, 1);
    return x;
}

void exchange_drop(struct exchange *x)
{
    if (atomic_fetch_sub(&x->refs, 1) != 1)
        return;
    pairs_close(x->query);
    pairs_close(x->cookies);
    body_fini(&x->body);
    head_fini(&x->head);
    buf_fini(&x->answer.headers);
    buf_fini(&x->answer.body);
    if (x->answer.fd >= 0)
        close(x->answer.fd);
    free(x);
}

struct server *exchange_server(struct exchange *x)
{
    return x->listener->options.server;
}

const char *exchange_method(const struct exchange *x)
{
    return x->head.method;
}

const char *exchange_path(const struct exchange *x)
{
    return x->head.path;
}

const char *exchange_header(const struct exchange *x, const char *name)
{
    return head_get(&x->head, name);
}

/* Lists are cut when first asked for; a broken one counts as empty. The
 * exchange has one user at a time, so that is no race. */
static const struct pairs *query_of(struct exchange *x)
{
    if (!x->query_read && x->head.query)
        if (pairs_open_query(&x->query, x->head.query, strlen(x->head.query)))
            x->query = NULL;
    x->query_read = true;
    return x->query;
}

static const struct pairs *cookies_of(struct exchange *x)
{
    const char *cookie = head_get(&x->head, "cookie");

    if (!x->cookies_read && cookie)
        if (pairs_open_cookies(&x->cookies, cookie, strlen(cookie)))
            x->cookies = NULL;
    x->cookies_read = true;
    return x->cookies;
}

const char *exchange_query(const struct exchange *x, const char *name)
{
    return pairs_get(query_of((struct exchange *)x), name);
}

bool exchange_query_good(const struct exchange *x)
{
    return query_of((struct exchange *)x) || !x->head.query;
}

const char *exchange_query_name(const struct exchange *x, size_t i)
{
    return pairs_name(query_of((struct exchange *)x), i);
}

const char *exchange_cookie(const struct exchange *x, const char *name)
{
    return pairs_get(cookies_of((struct exchange *)x), name);
}

const char *exchange_peer(const struct exchange *x)
{
    return x->peer;
}

bool exchange_secure(const struct exchange *x)
{
    return x->secure;
}

bool exchange_warned(const struct exchange *x)
{
    return !x->secure && x->listener->options.warn_plain;
}

const char *exchange_id(const struct exchange *x)
{
    return x->id;
}

struct principal *exchange_principal(struct exchange *x)
{
    return &x->principal;
}

int64_t exchange_path_id(const struct exchange *x)
{
    return x->match.id;
}

const char *exchange_body(const struct exchange *x, size_t *len)
{
    *len = x->body.memory.len;
    return buf_text(&x->body.memory);
}

struct exchange_part *exchange_part(struct exchange *x, const char *name)
{
    return x->body.form ? form_part(x->body.form, name) : NULL;
}

void exchange_hold(struct exchange *x)
{
    x->held = true;
}

bool exchange_gone(const struct exchange *x)
{
    return atomic_load(&x->gone);
}
