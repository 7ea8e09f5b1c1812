/* listener.c - takes connections in, within bounds, and lets them go. */
#include "server/http/listener.h"

#include "core/clock.h"
#include "core/log.h"
#include "server/http/listener_private.h"
#include "server/http/rooms.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LISTENER_ACCEPTS_A_TURN 64
#define LISTENER_TICKS_A_DEADLINE 8
#define LISTENER_TICK_MIN_MS 10
#define LISTENER_TICK_MAX_MS 250
#define LISTENER_EVICT_LOOKS 256 /* connections looked at for an idle one */
#define LISTENER_ROOMS_PART 2    /* of max_held_bytes, for files of forms */

const struct listener_limits listener_limits_default = {
    .header_deadline_ms = 10000,
    .idle_ms = 75000,
    .least_rate_bytes = 8 << 10,
    .rate_grace_ms = 10000,
    .max_header_bytes = 16 << 10,
    .max_connections = 10000,
    .max_per_peer = 256,
    .max_held_bytes = 256 << 20,
    .max_stream_bytes = 256 << 10,
};

/* What a connection over a bound is told; nobody reads its request. */
struct last_words {
    const char *status, *body;
};

static const struct last_words too_many = {
    "503 Service Unavailable",
    "{\"error\":\"too many connections\",\"status\":503,"
    "\"type\":\"/problems/busy\"}"};
static const struct last_words too_many_of_one = {
    "429 Too Many Requests",
    "{\"error\":\"too many connections from this address\",\"status\":429,"
    "\"type\":\"/problems/too-many\"}"};

const char *listener_date(struct listener *l)
{
    int64_t now_s = clock_wall_ns() / CLOCK_NS_PER_S;
    time_t now = (time_t)now_s;
    struct tm utc;

    if (now_s != l->date_s && gmtime_r(&now, &utc)) {
        strftime(l->date, sizeof(l->date), "%a, %d %b %Y %H:%M:%S GMT", &utc);
        l->date_s = now_s;
    }
    return l->date;
}

static void send_last_words(struct listener *l, int fd,
                            const struct last_words *words)
{
    char unread[4096], text[512];
    int len;

    l->counts.refused++;
    len = snprintf(text, sizeof(text),
                   "HTTP/1.1 %s\r\nRetry-After: 5\r\nConnection: close\r\n"
                   "Content-Type: application/problem+json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   words->status, strlen(words->body), words->body);
    /* Nothing waits for this: what does not fit now is lost. A client of TLS
     * is not greeted for it: the close is all it gets. */
    if (!l->options.tls &&
        send(fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
        shutdown(fd, SHUT_WR);
        while (recv(fd, unread, sizeof(unread), MSG_DONTWAIT) > 0)
            continue;
    }
    close(fd);
}

/* End the longest idle of the connections; false: none is idle. */
static bool evict_idle(struct listener *l)
{
    struct conn *c = l->last;
    size_t i;

    for (i = 0; c && i < LISTENER_EVICT_LOOKS; i++, c = c->prev)
        if (c->state == CONN_HEAD && c->scanned == 0 && !c->x) {
            conn_kill(c);
            return true;
        }
    return false;
}

static void take_in(struct listener *l, int fd,
                    const struct sockaddr_storage *address)
{
    const struct listener_limits *limits = &l->options.limits;
    const struct sockaddr *sa = (const struct sockaddr *)address;
    char text[PEERS_TEXT_BYTES] = "";
    struct peer *peer;
    int on = 1;

    if (l->counts.connections >= limits->max_connections && !evict_idle(l)) {
        send_last_words(l, fd, &too_many);
        return;
    }
    peers_text(sa, text);
    peer = peers_add(l->peers, sa);
    if (peers_connections(peer) > limits->max_per_peer &&
        !networks_hold(l->options.proxies, text)) {
        peers_drop(l->peers, peer);
        send_last_words(l, fd, &too_many_of_one);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    l->counts.accepted++;
    if (conn_open(l, fd, peer, text) != WS_OK) {
        peers_drop(l->peers, peer);
        close(fd);
    }
}

static void on_acceptable(void *arg)
{
    struct listener *l = arg;
    int i;

    for (i = 0; i < LISTENER_ACCEPTS_A_TURN; i++) {
        struct sockaddr_storage address = {0};
        socklen_t len = sizeof(address);
        int fd = accept4(l->fd, (struct sockaddr *)&address, &len,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            take_in(l, fd, &address);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                   errno == ENOMEM) {
            err_sys("listener: accept a connection");
            evict_idle(l);
            /* The tick looks again: until then the backlog waits. */
            loop_watch_close(TAKE(l->watch));
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

static void finish_drain(struct listener *l)
{
    void (*done)(void *arg) = l->on_drained;

    l->on_drained = NULL;
    if (done)
        done(l->on_drained_arg);
}

/* No request is on its way: not in our buffer, not in the kernel's. Neither
 * shows the one for which a connection was opened just now, or is in its
 * handshake of TLS: so a drain that lingers waits for the first. */
static bool is_idle(const struct conn *c)
{
    bool may_end = c->kept || !c->listener->awaits_first;
    char byte;

    return c->state == CONN_STREAM || c->state == CONN_LINGER ||
           (c->state == CONN_HEAD && !c->scanned && may_end &&
            recv(bufferevent_getfd(c->bev), &byte, 1,
                 MSG_PEEK | MSG_DONTWAIT) <= 0);
}

static void end_idle(struct listener *l)
{
    struct conn *c, *next;

    for (c = l->first; c; c = next) {
        next = c->next;
        if (is_idle(c))
            conn_kill(c);
    }
}

static void on_tick(void *arg)
{
    struct listener *l = arg;
    int64_t now_ns = clock_mono_ns();
    bool kill_all = l->draining && now_ns >= l->drain_until_ns;
    struct conn *c, *next;

    for (c = l->first; c; c = next) {
        next = c->next;
        if (kill_all)
            conn_kill(c);
        else
            conn_deadline_check(c, now_ns);
    }
    if (l->draining && now_ns >= l->linger_until_ns)
        end_idle(l);
    if (!l->watch && !l->draining &&
        loop_watch_open(&l->watch, l->options.loop, l->fd, on_acceptable, l))
        log_warn("accept_paused", "listener: no memory to accept; trying on");
}

void listener_forget(struct listener *l, struct conn *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        l->first = c->next;
    if (c->next)
        c->next->prev = c->prev;
    else
        l->last = c->prev;
    l->counts.connections--;
    peers_drop(l->peers, c->peer);
    if (l->draining && !l->first)
        finish_drain(l);
}

void listener_left(struct listener *l, struct exchange *x)
{
    x->left_bytes = body_held(&x->body);
    l->counts.held_bytes += x->left_bytes;
    l->left_behind++;
}

void listener_left_ended(struct listener *l, struct exchange *x)
{
    l->counts.held_bytes -= x->left_bytes;
    if (--l->left_behind == 0 && l->closed)
        free(l);
}

static int64_t tick_ms(const struct listener_limits *limits)
{
    int64_t ms = limits->header_deadline_ms / LISTENER_TICKS_A_DEADLINE;

    if (ms < LISTENER_TICK_MIN_MS)
        return LISTENER_TICK_MIN_MS;
    return ms < LISTENER_TICK_MAX_MS ? ms : LISTENER_TICK_MAX_MS;
}

static enum err start(struct listener *l)
{
    uint64_t seed;
    enum err e;

    env_random(l->options.env, &seed, sizeof(seed));
    l->id_prefix = (uint32_t)(seed >> 32);
    e = peers_open(&l->peers, l->options.peers, l->options.seat, seed);
    if (e)
        return e;
    e = rooms_open(&l->rooms,
                   l->options.limits.max_held_bytes / LISTENER_ROOMS_PART);
    if (e)
        return e;
    l->scratch = evbuffer_new();
    if (!l->scratch)
        return WS_NOMEM;
    if (!l->options.tls) /* sendfile(2) can't encrypt */
        evbuffer_set_flags(l->scratch, EVBUFFER_FLAG_DRAINS_TO_FD);
    e = loop_timer_open(&l->tick, l->options.loop, tick_ms(&l->options.limits),
                        on_tick, l);
    if (e)
        return e;
    return loop_watch_open(&l->watch, l->options.loop, l->fd, on_acceptable, l);
}

enum err listener_open(struct listener **out, int fd,
                       const struct listener_options *options)
{
    OWN(listener_close)
    struct listener *l = calloc(1, sizeof(*l));
    enum err e;

    if (!l)
        return WS_NOMEM;
    l->fd = fd;
    l->options = *options;
    signal(SIGPIPE, SIG_IGN); /* a client that left is an error code here */
    e = start(l);
    if (e)
        return e;
    *out = TAKE(l);
    return WS_OK;
}

void listener_close(struct listener *l)
{
    struct conn *c, *next;

    if (!l)
        return;
    for (c = l->first; c; c = next) {
        next = c->next;
        conn_kill(c);
    }
    loop_watch_close(l->watch);
    loop_timer_close(l->tick);
    peers_close(l->peers);
    rooms_close(l->rooms);
    if (l->scratch)
        evbuffer_free(l->scratch);
    l->closed = true;
    if (l->left_behind == 0)
        free(l);
}

void listener_drain(struct listener *l, int64_t linger_ms, int64_t grace_ms,
                    void (*done)(void *arg), void *arg)
{
    int64_t now_ns = clock_mono_ns();

    l->draining = true;
    l->awaits_first = linger_ms > 0;
    l->linger_until_ns = now_ns + linger_ms * CLOCK_NS_PER_MS;
    l->drain_until_ns = now_ns + grace_ms * CLOCK_NS_PER_MS;
    l->on_drained = done;
    l->on_drained_arg = arg;
    loop_watch_close(TAKE(l->watch));
    if (linger_ms == 0)
        end_idle(l);
    if (!l->first)
        finish_drain(l);
}

void listener_count(const struct listener *l, struct listener_counts *out)
{
    *out = l->counts;
}
