/* exchange_stream.c - server-sent events: an answer that goes on.
 *
 * The stream ends with its connection ("Connection: close"), so it needs no
 * framing; a reader that lets more than the bound wait is cut off, and comes
 * back with Last-Event-ID.
 */
#include "server/http/answer.h"
#include "server/http/conn.h"
#include "server/http/exchange_private.h"
#include "server/http/listener_private.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>

void exchange_stream_closed(struct exchange *x)
{
    void (*on_close)(void *ctx) = x->on_close;

    x->on_close = NULL;
    if (on_close)
        on_close(x->on_close_ctx);
}

/* The client was gone before the stream began. */
static void run_gone(void *arg)
{
    struct exchange *x = arg;

    exchange_stream_closed(x);
    listener_left_ended(x->listener, x);
    exchange_drop(x);
}

void exchange_stream(struct exchange *x, void (*on_close)(void *ctx), void *ctx)
{
    struct conn *c = x->conn;

    x->on_close = on_close;
    x->on_close_ctx = ctx;
    x->streaming = true;
    x->held = true;
    atomic_store(&x->answered, true);
    x->answer.status = 200;
    exchange_add_header(x, "X-Accel-Buffering", "no");
    snprintf(x->answer.content_type, sizeof(x->answer.content_type),
             "text/event-stream");
    if (!c) {
        x->task = (struct loop_task){.run = run_gone, .arg = x};
        loop_post_task(x->listener->options.loop, &x->task);
        return;
    }
    exchange_keep(x);
    conn_keep(c);
    conn_enter(c, CONN_STREAM);
    conn_write_answer(c);
    if (!answer_has_body(x))
        exchange_stream_end(x);
    conn_release(c);
    exchange_drop(x);
}

bool exchange_stream_send(struct exchange *x, const char *data, size_t len)
{
    struct conn *c = x->conn;

    if (!c || c->state != CONN_STREAM)
        return false;
    if (conn_write_pending(c) + len >
        x->listener->options.limits.max_stream_bytes)
        return false;
    if (bufferevent_write(c->bev, data, len) < 0)
        return false;
    c->moved_bytes += len;
    return true;
}

void exchange_stream_end(struct exchange *x)
{
    struct conn *c = x->conn;

    if (!c || c->state != CONN_STREAM)
        return;
    exchange_stream_closed(x);
    c->close_after = true;
    conn_enter(c, CONN_ANSWER);
    bufferevent_trigger(c->bev, EV_WRITE,
                        BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}
