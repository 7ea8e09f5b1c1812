/* conn_read.c - bytes that came in, by the state they came in. */
#include "core/clock.h"
#include "server/http/conn.h"
#include "server/http/dispatch.h"
#include "server/http/listener_private.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static struct evbuffer *input_of(struct conn *c)
{
    return bufferevent_get_input(c->bev);
}

/* Names that clients and proxies give a request, if they are harmless. */
static bool is_good_id(const char *id)
{
    size_t len = id ? strlen(id) : 0;

    return len > 0 && len < EXCHANGE_ID_BYTES &&
           strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                      "0123456789-_.") == len;
}

static void name_request(struct exchange *x)
{
    struct listener *l = x->listener;
    const char *given = head_get(&x->head, "x-request-id");

    if (is_good_id(given))
        snprintf(x->id, sizeof(x->id), "%s", given);
    else
        snprintf(x->id, sizeof(x->id), "%08x%08x", l->id_prefix, l->id_next++);
}

/* From the end of one line of X-Forwarded-For: the first address that is no
 * proxy we trust. False: found, or what stands further left is anybody's. */
static bool read_forwarded(struct exchange *x, const struct conn *c,
                           const char *list)
{
    size_t end = strlen(list), from;

    do {
        char one[PEERS_TEXT_BYTES];

        for (from = end; from > 0 && list[from - 1] != ',';)
            from--;
        snprintf(one, sizeof(one), "%.*s", (int)(end - from), list + from);
        memmove(one, one + strspn(one, " \t"),
                strlen(one) + 1 - strspn(one, " \t"));
        one[strcspn(one, " \t")] = '\0';
        if (!networks_is_address(one))
            return false;
        memcpy(x->peer, one, sizeof(x->peer));
        if (!networks_hold(c->listener->options.proxies, one))
            return false;
        end = from > 0 ? from - 1 : 0;
    } while (end > 0);
    return true;
}

/* Behind a proxy that we trust, its last words say who the client is. Some
 * proxies add to the client's line, others a line of their own below it: the
 * lines are read as one list, from its end. */
static void read_peer(struct exchange *x, const struct conn *c)
{
    const struct head *h = &x->head;
    const char *proto = head_get(h, "x-forwarded-proto");

    memcpy(x->peer, c->address, sizeof(x->peer));
    x->secure = c->session != NULL;
    if (!c->from_proxy)
        return;
    if (proto)
        x->secure = strcmp(proto, "https") == 0;
    for (size_t i = h->field_count; i > 0; i--)
        if (strcasecmp(h->fields[i - 1].name, "x-forwarded-for") == 0 &&
            !read_forwarded(x, c, h->fields[i - 1].value))
            return;
}

static struct exchange *begin_request(struct conn *c)
{
    struct exchange *x = exchange_new(c->listener, c);

    if (!x)
        return NULL;
    c->x = x;
    c->listener->counts.requests++;
    x->begun_ns = c->since_ns;
    c->said_continue = false;
    c->body_read = false;
    c->close_after = false;
    return x;
}

/* Refuse a request whose framing can't be relied on: answer and close. */
static void refuse_head(struct conn *c, enum err e, const struct refusal *why)
{
    struct exchange *x = c->x ? c->x : begin_request(c);

    if (!x) {
        conn_kill(c);
        return;
    }
    c->close_after = true;
    if (!x->id[0])
        name_request(x);
    if (!x->peer[0])
        read_peer(x, c);
    x->in_call = true;
    exchange_refuse(x, e, why);
    x->in_call = false;
}

/* RFC 9112 2.2: empty lines before a request line are passed over. */
static void skip_empty_lines(struct conn *c)
{
    char two[2];

    while (c->scanned == 0 && evbuffer_copyout(input_of(c), two, 2) == 2 &&
           memcmp(two, "\r\n", 2) == 0)
        evbuffer_drain(input_of(c), 2);
}

static bool has_body(const struct head *h)
{
    return h->chunked || (h->has_length && h->content_length > 0);
}

static void head_found(struct conn *c, const char *bytes, size_t head_len)
{
    struct refusal why = {0};
    struct exchange *x = begin_request(c);
    enum err e;

    if (!x) {
        conn_kill(c);
        return;
    }
    e = head_parse(&x->head, bytes, head_len, &why);
    evbuffer_drain(input_of(c), head_len);
    if (e) {
        refuse_head(c, e, &why);
        return;
    }
    name_request(x);
    read_peer(x, c);
    c->body_read = !has_body(&x->head);
    c->body_left = x->head.content_length;
    chunks_init(&c->chunks);
    dispatch_head(c);
}

bool conn_read_head(struct conn *c)
{
    size_t max = c->listener->options.limits.max_header_bytes;
    struct refusal why = {0};
    size_t len, head_len;
    const char *bytes;
    enum err e;

    skip_empty_lines(c);
    len = evbuffer_get_length(input_of(c));
    if (len == 0)
        return false;
    if (c->scanned == 0) /* the head's deadline counts from its first byte */
        c->since_ns = clock_mono_ns();
    if (!conn_account(c)) {
        refuse_head(c,
                    refusal_set(&why, 503, "busy",
                                "too many requests are "
                                "being read; retry soon"),
                    &why);
        return true;
    }
    bytes = (const char *)evbuffer_pullup(input_of(c),
                                          (ev_ssize_t)(len < max ? len : max));
    if (!bytes) {
        conn_kill(c);
        return false;
    }
    e = head_find_end(bytes, len < max ? len : max, max, &c->scanned, &head_len,
                      &why);
    if (e == WS_AGAIN)
        return false;
    if (e)
        refuse_head(c, e, &why);
    else
        head_found(c, bytes, head_len);
    return true;
}

static void refuse_body(struct conn *c, enum err e, const struct refusal *why)
{
    c->close_after = true;
    c->x->in_call = true;
    exchange_refuse(c->x, e, why);
    c->x->in_call = false;
}

/* One run of body bytes out of the input; *used 0: wait for more. */
static enum err next_run(struct conn *c, const char *bytes, size_t len,
                         size_t *used, const char **data, size_t *data_len,
                         struct refusal *why)
{
    if (c->x->head.chunked) {
        if (chunks_read(&c->chunks, bytes, len, used, data, data_len))
            return refusal_set(why, 400, "bad-chunk",
                               "the chunked body is malformed");
        c->body_read = chunks_ended(&c->chunks);
        return WS_OK;
    }
    *data = bytes;
    *data_len = (int64_t)len < c->body_left ? len : (size_t)c->body_left;
    *used = *data_len;
    c->body_left -= (int64_t)*used;
    c->body_read = c->body_left == 0;
    return WS_OK;
}

#define STRAIGHT_LEAST_BYTES 4096       /* still to come */
#define STRAIGHT_AT_ONCE_BYTES 65536    /* a read */
#define STRAIGHT_A_TURN_BYTES (1 << 18) /* then others have their turn */

/* Take in what the socket holds of a long body, past the bufferevent, which
 * reads 4 KiB a turn of the loop. An end or an error is left for it to find. */
static enum err take_straight(struct conn *c, struct refusal *why)
{
    char bytes[STRAIGHT_AT_ONCE_BYTES];
    size_t used, data_len, most = sizeof bytes;
    const char *data;
    ssize_t n;
    enum err e;

    if (c->session || c->x->head.chunked || c->body_left < STRAIGHT_LEAST_BYTES)
        return WS_AGAIN;
    if (c->body_left < (int64_t)most)
        most = (size_t)c->body_left;
    n = recv(bufferevent_getfd(c->bev), bytes, most, MSG_DONTWAIT);
    if (n <= 0)
        return WS_AGAIN;
    e = next_run(c, bytes, (size_t)n, &used, &data, &data_len, why);
    c->moved_bytes += used;
    return e ? e : body_feed(&c->x->body, data, data_len, why);
}

/* Take in what has come of the body. */
static enum err take_body(struct conn *c, struct refusal *why)
{
    struct evbuffer *input = input_of(c);
    const uint64_t begin = c->moved_bytes;

    while (!c->body_read) {
        size_t len = evbuffer_get_contiguous_space(input);
        size_t used = 0, data_len = 0;
        const char *data = NULL;
        const char *bytes;
        enum err e;

        if (len == 0) {
            e = c->moved_bytes - begin < STRAIGHT_A_TURN_BYTES
                    ? take_straight(c, why)
                    : WS_AGAIN;
            if (e)
                return e;
            continue;
        }
        bytes = (const char *)evbuffer_pullup(input, (ev_ssize_t)len);
        e = next_run(c, bytes, len, &used, &data, &data_len, why);
        if (!e && data_len)
            e = body_feed(&c->x->body, data, data_len, why);
        c->moved_bytes += used;
        evbuffer_drain(input, used);
        if (e)
            return e;
    }
    return body_end(&c->x->body, why);
}

bool conn_read_body(struct conn *c)
{
    struct refusal why = {0};
    enum err e = take_body(c, &why);

    if (e != WS_OK && e != WS_AGAIN) {
        refuse_body(c, e, &why);
        return true;
    }
    if (!conn_account(c)) {
        refuse_body(c,
                    refusal_set(&why, 503, "busy",
                                "too many requests are "
                                "being read; retry soon"),
                    &why);
        return true;
    }
    if (e == WS_AGAIN)
        return false;
    dispatch_request(c);
    return true;
}

bool conn_read_skip(struct conn *c)
{
    size_t len = evbuffer_get_length(input_of(c));

    if ((int64_t)len > c->body_left)
        len = (size_t)c->body_left;
    evbuffer_drain(input_of(c), len);
    c->body_left -= (int64_t)len;
    c->moved_bytes += len;
    return c->body_left == 0;
}

void conn_read_linger(struct conn *c)
{
    size_t len = evbuffer_get_length(input_of(c));

    evbuffer_drain(input_of(c), len);
    c->moved_bytes += len;
    if (c->moved_bytes > CONN_MAX_LINGER_BYTES)
        conn_kill(c);
}

void conn_read_timeout(struct conn *c, const char *what)
{
    struct refusal why = {0};
    enum err e = refusal_set(&why, 408, "too-slow",
                             "%s came too slowly; send it faster", what);

    c->listener->counts.timed_out++;
    conn_keep(c);
    if (c->state == CONN_HEAD)
        refuse_head(c, e, &why);
    else
        refuse_body(c, e, &why);
    conn_advance(c);
    conn_release(c);
}
