/* dispatch.c - from a head to its route, and from a whole request to its
 * handler. */
#include "server/http/dispatch.h"

#include "core/clock.h"
#include "core/log.h"
#include "server/http/access.h"
#include "server/http/listener_private.h"
#include "server/http/rate.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdio.h>

#define DISPATCH_STALE_MS 1000 /* waited so long, and the client has left */

static void answer_no_route(struct exchange *x)
{
    if (*x->match.allow) {
        exchange_add_header(x, "Allow", x->match.allow);
        exchange_problem(x, 405, "method-not-allowed",
                         "%s is not allowed here; allowed: %s", x->head.method,
                         x->match.allow);
    } else {
        exchange_problem(x, 404, "not-found", "there is nothing at %.200s",
                         x->head.path);
    }
}

/* False, and answered: this address asks too often. Heartbeats have a lane of
 * their own: what tells that an agent lives never waits behind other things. */
static bool is_within_rate(struct conn *c)
{
    const struct listener_options *options = &c->listener->options;
    struct exchange *x = c->x;
    int64_t per_s = options->limits.max_requests_per_peer, wait_ns = 0;
    char text[24];

    if (!options->rate || per_s == 0 || x->match.route->lane ||
        networks_hold(options->proxies, x->peer) ||
        rate_take(options->rate, peers_key_of_text(x->peer), per_s,
                  clock_mono_ns(), &wait_ns))
        return true;
    snprintf(text, sizeof(text), "%lld",
             (long long)(wait_ns / CLOCK_NS_PER_S + 1));
    exchange_add_header(x, "Retry-After", text);
    exchange_problem(x, 429, "too-many",
                     "more than %lld requests a second from this address",
                     (long long)per_s);
    return false;
}

void dispatch_head(struct conn *c)
{
    const struct listener_options *options = &c->listener->options;
    struct exchange *x = c->x;
    enum access access;

    route_find(options->routes, options->route_count, x->head.method,
               x->head.path, &x->match);
    conn_enter(c, CONN_ACCESS);
    x->in_call = true;
    if (x->match.route) {
        access = is_within_rate(c) ? access_decide(options->access, x)
                                   : ACCESS_REFUSED;
    } else {
        answer_no_route(x);
        access = ACCESS_REFUSED;
    }
    x->in_call = false;
    if (access == ACCESS_GRANTED)
        dispatch_granted(c);
}

/* Room for the body at hand, before any of it is read. */
static bool has_room(const struct conn *c)
{
    const struct listener *l = c->listener;
    const struct exchange *x = c->x;
    uint64_t announced = 0;

    if (x->head.has_length && x->match.route->body != ROUTE_MULTIPART)
        announced = (uint64_t)x->head.content_length;
    return x->match.route->lane ||
           l->counts.held_bytes + announced <= l->options.limits.max_held_bytes;
}

void dispatch_granted(struct conn *c)
{
    struct exchange *x = c->x;
    struct refusal why = {0};
    bool settled;
    enum err e;

    x->in_call = true;
    settled = access_settle(x);
    x->in_call = false;
    if (!settled)
        return;
    e = body_begin(&x->body, x->match.route, &x->head,
                   c->listener->options.spool_dir, &why);
    if (!e && !c->body_read && !has_room(c))
        e = refusal_set(&why, 503, "busy",
                        "too many requests are being read; retry soon");
    if (e) {
        x->in_call = true;
        exchange_refuse(x, e, &why);
        x->in_call = false;
        return;
    }
    conn_enter(c, CONN_BODY); /* from here on it may end: nobody works on it */
    if (x->head.has_length)
        body_hold(&x->body, c->listener->rooms, (size_t)x->head.content_length);
    if (x->head.expects_continue && !c->body_read &&
        evbuffer_get_length(bufferevent_get_input(c->bev)) == 0)
        conn_write_continue(c);
}

static void run_handler(struct exchange *x)
{
    x->match.route->handle(x);
    if (x->held || atomic_load(&x->answered))
        return;
    log_error("no_answer", "the handler of %s %s gave no answer",
              x->match.route->method, x->match.route->path);
    exchange_problem(x, 500, "internal", "the server has a fault here");
}

/* A job of a reader thread. */
static void run_on_reader(void *arg)
{
    struct exchange *x = arg;

    if (atomic_load(&x->gone) &&
        clock_mono_ns() - x->queued_ns > DISPATCH_STALE_MS * CLOCK_NS_PER_MS)
        exchange_busy(x, 1);
    else
        run_handler(x);
    exchange_drop(x);
}

void dispatch_request(struct conn *c)
{
    struct exchange *x = c->x;
    struct readers *readers = c->listener->options.readers;

    conn_enter(c, CONN_WORK);
    exchange_keep(x); /* a stream may end, and the exchange, in its handler */
    if (x->match.route->place == ROUTE_ON_READER && readers) {
        x->queued_ns = clock_mono_ns();
        /* The job takes over the reference. */
        if (readers_run(readers, run_on_reader, x) == WS_OK)
            return;
        x->in_call = true;
        exchange_busy(x, 1);
    } else {
        x->in_call = true;
        run_handler(x);
    }
    x->in_call = false;
    exchange_drop(x);
}
