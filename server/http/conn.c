/* conn.c - the life of one connection.
 *
 * Everything that can end a connection may happen deep inside a call on it: a
 * handler answers, the answer can't be written, the socket is closed. So a
 * connection is only marked CONN_DEAD there, and freed by the outermost call
 * (conn_keep() and conn_release() count the depth).
 */
#include "server/http/conn.h"

#include "core/clock.h"
#include "server/http/accesslog.h"
#include "server/http/dispatch.h"
#include "server/http/listener_private.h"
#include "server/http/tls.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <stdio.h>
#include <sys/socket.h>

#define CONN_REQUESTS_A_TURN 16 /* then other connections have theirs */
#define CONN_READ_AT_ONCE (64 << 10)
/* Of the bound, on top of it: for heads, and for routes with a lane. */
#define CONN_LANE_PART 8

void conn_keep(struct conn *c)
{
    c->depth++;
}

void conn_release(struct conn *c)
{
    if (--c->depth || c->state != CONN_DEAD)
        return;
    bufferevent_free(c->bev);
    free(c);
}

void conn_enter(struct conn *c, enum conn_state state)
{
    static const size_t room[] = {
        [CONN_BODY] = CONN_BUFFER_BYTES,
        [CONN_SKIP] = CONN_BUFFER_BYTES,
        [CONN_LINGER] = CONN_BUFFER_BYTES,
        [CONN_DEAD] = 0,
    };
    size_t most = room[state] ? room[state]
                              : c->listener->options.limits.max_header_bytes;

    if (c->state == CONN_DEAD)
        return;
    c->state = state;
    c->since_ns = clock_mono_ns();
    c->moved_bytes = 0;
    c->window_ns = c->since_ns;
    c->window_bytes = 0;
    bufferevent_setwatermark(c->bev, EV_READ, 0, most);
}

/* The loop is done with the exchange. */
static void let_go(struct conn *c)
{
    struct exchange *x = c->x;

    if (!x)
        return;
    c->x = NULL;
    x->conn = NULL;
    c->listener->counts.requests--;
    exchange_drop(x);
}

/* The connection ends while somebody works on its request: the exchange lives
 * on until that answer came, and only then is its line written: till then
 * others write into it. */
static void leave_behind(struct conn *c)
{
    listener_left(c->listener, c->x);
    c->x->conn = NULL;
    atomic_store(&c->x->gone, true);
    c->listener->counts.requests--;
    c->x = NULL;
}

void conn_kill(struct conn *c)
{
    struct listener *l = c->listener;
    enum conn_state was = c->state;

    if (was == CONN_DEAD)
        return;
    conn_keep(c);
    c->state = CONN_DEAD;
    bufferevent_disable(c->bev, EV_READ | EV_WRITE);
    bufferevent_setcb(c->bev, NULL, NULL, NULL, NULL);
    if (c->x && !c->x->ready && (was == CONN_ACCESS || was == CONN_WORK)) {
        leave_behind(c);
    } else if (c->x) {
        c->x->conn = NULL;
        if (was == CONN_STREAM)
            exchange_stream_closed(c->x);
        accesslog_write(c->x, was == CONN_BODY ? 499 : c->x->answer.status,
                        c->moved_bytes);
        let_go(c);
    }
    l->counts.held_bytes -= c->held;
    c->held = 0;
    listener_forget(l, c);
    conn_release(c);
}

bool conn_account(struct conn *c)
{
    struct listener *l = c->listener;
    size_t now = evbuffer_get_length(bufferevent_get_input(c->bev));
    size_t bound = l->options.limits.max_held_bytes;

    if (c->x)
        now += body_held(&c->x->body);
    l->counts.held_bytes += now - c->held;
    c->held = now;
    if (!c->x || (c->x->match.route && c->x->match.route->lane))
        bound += bound / CONN_LANE_PART;
    return l->counts.held_bytes <= bound;
}

/* The connection is as new. */
static void next_request(struct conn *c)
{
    let_go(c);
    conn_account(c);
    c->scanned = 0;
    c->kept = true;
    conn_enter(c, CONN_HEAD);
}

/* Say that it was the last. With bytes unread, or still to come, a close
 * would reset the connection and take the answer with it: so then wait for
 * the client to close. */
static void end_after_answer(struct conn *c)
{
    bool all_read =
        c->body_read && evbuffer_get_length(bufferevent_get_input(c->bev)) == 0;

    if (c->session)
        tls_end(c->session);
    shutdown(bufferevent_getfd(c->bev), SHUT_WR);
    let_go(c);
    if (all_read)
        conn_kill(c);
    else
        conn_enter(c, CONN_LINGER);
}

/* The answer is with the kernel: what comes next on this connection? */
static void answer_sent(struct conn *c)
{
    accesslog_write(c->x, c->x->answer.status, c->moved_bytes);
    if (c->close_after) {
        end_after_answer(c);
        return;
    }
    if (!c->body_read) {
        conn_enter(c, CONN_SKIP);
        return;
    }
    next_request(c);
}

/* One step; false: nothing more can be done now. */
static bool step(struct conn *c)
{
    if (c->x && c->x->ready && c->state < CONN_ANSWER) {
        conn_enter(c, CONN_ANSWER);
        if (!conn_write_answer(c))
            return false;
        answer_sent(c);
        return true;
    }
    switch (c->state) {
    case CONN_HEAD:
        return conn_read_head(c);
    case CONN_BODY:
        return conn_read_body(c);
    case CONN_SKIP:
        if (!conn_read_skip(c))
            return false;
        next_request(c);
        return true;
    case CONN_LINGER:
        conn_read_linger(c);
        return false;
    case CONN_ACCESS:
    case CONN_WORK:
    case CONN_ANSWER:
    case CONN_STREAM:
    case CONN_DEAD:
        break;
    }
    return false;
}

/* No more bytes will come: is there still something to do? */
static void check_eof(struct conn *c)
{
    if (!c->eof)
        return;
    if (c->state == CONN_HEAD || c->state == CONN_BODY ||
        c->state == CONN_SKIP || c->state == CONN_LINGER)
        conn_kill(c);
    else if (c->state == CONN_STREAM)
        conn_kill(c);
    else if (c->x)
        atomic_store(&c->x->gone, true);
}

void conn_advance(struct conn *c)
{
    uint64_t answered = c->listener->counts.answered;

    if (c->advancing) /* the call further out goes on */
        return;
    conn_keep(c);
    c->advancing = true;
    while (step(c)) {
        if (c->listener->counts.answered - answered < CONN_REQUESTS_A_TURN)
            continue;
        bufferevent_trigger(c->bev, EV_READ,
                            BEV_TRIG_IGNORE_WATERMARKS |
                                BEV_TRIG_DEFER_CALLBACKS);
        break;
    }
    if (c->listener->counts.answered - answered < CONN_REQUESTS_A_TURN)
        check_eof(c);
    c->advancing = false;
    conn_release(c);
}

static void on_read(struct bufferevent *bev, void *arg)
{
    (void)bev;
    conn_advance(arg);
}

/* All bytes are with the kernel. */
static void on_written(struct bufferevent *bev, void *arg)
{
    struct conn *c = arg;

    (void)bev;
    conn_keep(c);
    if (c->state == CONN_ANSWER && conn_write_pending(c) == 0)
        answer_sent(c);
    conn_advance(c);
    conn_release(c);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct conn *c = arg;

    (void)bev;
    if ((what & BEV_EVENT_EOF) && (what & BEV_EVENT_READING)) {
        c->eof = true;
        conn_advance(c);
    } else if (what & (BEV_EVENT_ERROR | BEV_EVENT_EOF)) {
        conn_kill(c);
    }
}

/* The bufferevent of a connection, which owns the socket from here on. */
static enum err open_bufferevent(struct conn *c, int fd)
{
    struct event_base *base = loop_base(c->listener->options.loop);
    struct tls *tls = c->listener->options.tls;

    if (!tls) {
        c->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
        return c->bev ? WS_OK : WS_NOMEM;
    }
    c->session = tls_session(tls);
    if (!c->session)
        return WS_NOMEM;
    /* Frees the session also when it fails. */
    c->bev = bufferevent_openssl_socket_new(
        base, fd, c->session, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (!c->bev)
        return WS_NOMEM;
    /* Lengths say where a message ends: a client that just goes is no error. */
    bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
    return WS_OK;
}

enum err conn_open(struct listener *l, int fd, struct peer *peer,
                   const char *address)
{
    struct conn *c = calloc(1, sizeof(*c));

    if (!c)
        return WS_NOMEM;
    c->listener = l;
    if (open_bufferevent(c, fd)) {
        free(c);
        return WS_NOMEM;
    }
    c->peer = peer;
    snprintf(c->address, sizeof(c->address), "%s", address);
    c->from_proxy = networks_hold(l->options.proxies, address);
    bufferevent_setcb(c->bev, on_read, on_written, on_event, c);
    bufferevent_set_max_single_read(c->bev, CONN_READ_AT_ONCE);
    conn_enter(c, CONN_HEAD);
    c->next = l->first;
    if (l->first)
        l->first->prev = c;
    else
        l->last = c;
    l->first = c;
    l->counts.connections++;
    if (bufferevent_enable(c->bev, EV_READ | EV_WRITE) < 0)
        conn_kill(c);
    return WS_OK;
}

/* Whoever worked on it is done, and nobody waits for it any more. */
static void drop_left_behind(struct exchange *x)
{
    accesslog_write(x, 499, 0);
    listener_left_ended(x->listener, x);
    exchange_drop(x);
}

void conn_take_answer(struct exchange *x)
{
    x->ready = true;
    if (x->conn)
        conn_advance(x->conn);
    else
        drop_left_behind(x);
}

void conn_take_access(struct exchange *x)
{
    struct conn *c = x->conn;

    if (!c) {
        drop_left_behind(x);
        return;
    }
    conn_keep(c);
    dispatch_granted(c);
    conn_advance(c);
    conn_release(c);
}
