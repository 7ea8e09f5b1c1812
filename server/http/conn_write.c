/* conn_write.c - answers on their way out.
 *
 * An answer is first written straight to the socket; only what the kernel
 * does not take goes through the bufferevent, which saves two system calls
 * (epoll_ctl on and off) for nearly every answer. With TLS all of it goes
 * through the bufferevent, which encrypts.
 */
#include "core/log.h"
#include "server/http/answer.h"
#include "server/http/conn.h"
#include "server/http/listener_private.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <unistd.h>

#define CONN_WRITE_AT_ONCE (1 << 20) /* then others have their turn */

size_t conn_write_pending(const struct conn *c)
{
    return evbuffer_get_length(bufferevent_get_output(c->bev));
}

/* Send what is in `out`; false: the connection ended. */
static bool flush(struct conn *c, struct evbuffer *out)
{
    evutil_socket_t fd = bufferevent_getfd(c->bev);
    size_t written = 0;

    c->moved_bytes += evbuffer_get_length(out);
    while (!c->session && conn_write_pending(c) == 0 &&
           evbuffer_get_length(out) > 0 && written < CONN_WRITE_AT_ONCE) {
        int n = evbuffer_write(out, fd);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (n <= 0) {
            evbuffer_drain(out, evbuffer_get_length(out));
            conn_kill(c);
            return false;
        }
        written += (size_t)n;
    }
    if (evbuffer_get_length(out) > 0 &&
        bufferevent_write_buffer(c->bev, out) < 0) {
        evbuffer_drain(out, evbuffer_get_length(out));
        conn_kill(c);
        return false;
    }
    return true;
}

static void free_body(const void *data, size_t len, void *arg)
{
    (void)len;
    (void)arg;
    free((void *)(uintptr_t)data);
}

/* The answer's body into `out`, without a copy where it is large. */
static int add_body(struct evbuffer *out, struct exchange_answer *a)
{
    int result;

    if (a->fd >= 0) {
        off_t at = lseek(a->fd, 0, SEEK_CUR);

        result = evbuffer_add_file(out, a->fd, at, a->file_len);
        a->fd = -1; /* taken, also when that failed */
        return result;
    }
    if (a->fixed)
        return evbuffer_add_reference(out, a->fixed, a->fixed_len, NULL, NULL);
    if (a->body.len == 0)
        return 0;
    if (a->body.len < 2048)
        return evbuffer_add(out, a->body.data, a->body.len);
    result =
        evbuffer_add_reference(out, a->body.data, a->body.len, free_body, NULL);
    if (result == 0)
        buf_init(&a->body);
    return result;
}

/* May another request follow on this connection? */
static bool ends_here(const struct conn *c)
{
    const struct head *h = &c->x->head;
    /* A client that half closed may have left more requests behind. */
    bool done =
        c->eof && evbuffer_get_length(bufferevent_get_input(c->bev)) == 0;

    if (c->close_after || done || c->listener->draining || !h->keep_alive ||
        c->x->streaming)
        return true;
    if (c->body_read)
        return false;
    return h->chunked || c->body_left > CONN_MAX_SKIPPED_BYTES ||
           (h->expects_continue && !c->said_continue);
}

bool conn_write_answer(struct conn *c)
{
    struct evbuffer *out = c->listener->scratch;
    struct exchange *x = c->x;
    OWN_BUF struct buf head = BUF_EMPTY;

    c->close_after = ends_here(c);
    answer_head(x, c->close_after, listener_date(c->listener), &head);
    c->listener->counts.answered++;
    c->listener->counts.answered_by_class[x->answer.status / 100 % 6]++;
    if (buf_check(&head) || evbuffer_add(out, head.data, head.len) < 0 ||
        (answer_has_body(x) && add_body(out, &x->answer) < 0)) {
        evbuffer_drain(out, evbuffer_get_length(out));
        conn_kill(c);
        return false;
    }
    return flush(c, out) && conn_write_pending(c) == 0 && !x->streaming;
}

void conn_write_continue(struct conn *c)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

    evbuffer_add(c->listener->scratch, interim, sizeof(interim) - 1);
    c->said_continue = true;
    flush(c, c->listener->scratch);
    c->moved_bytes = 0;
}
