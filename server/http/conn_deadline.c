/* conn_deadline.c - nobody may be slow for ever.
 *
 * Looked at for every connection at each tick of the listener, which costs
 * less than a timer for each, in memory and in time. A head has one absolute
 * deadline, so a byte now and then does not help. A body and an answer must
 * keep the least rate in each window of `rate_grace_ms`: on average since the
 * start would let a client rest for minutes on what a buffer took at once.
 */
#include "core/clock.h"
#include "server/http/conn.h"
#include "server/http/listener_private.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

static bool is_over(int64_t elapsed_ns, int64_t limit_ms)
{
    return elapsed_ns > limit_ms * CLOCK_NS_PER_MS;
}

/* True when a window is over and too few bytes moved in it. */
static bool is_too_slow(struct conn *c, int64_t now_ns, uint64_t moved_bytes)
{
    const struct listener_limits *limits = &c->listener->options.limits;
    int64_t window_ns = now_ns - c->window_ns;
    double least;

    if (!is_over(window_ns, limits->rate_grace_ms))
        return false;
    least =
        (double)window_ns / CLOCK_NS_PER_S * (double)limits->least_rate_bytes;
    if ((double)(moved_bytes - c->window_bytes) < least)
        return true;
    c->window_ns = now_ns;
    c->window_bytes = moved_bytes;
    return false;
}

static void check_head(struct conn *c, int64_t elapsed_ns)
{
    const struct listener_limits *limits = &c->listener->options.limits;

    if (c->scanned > 0) {
        if (is_over(elapsed_ns, limits->header_deadline_ms))
            conn_read_timeout(c, "the head of the request");
    } else if (is_over(elapsed_ns, c->kept ? limits->idle_ms
                                           : limits->header_deadline_ms)) {
        c->listener->counts.timed_out++;
        conn_kill(c);
    }
}

/* Bytes of the answer at hand that the client's side has taken. */
static uint64_t taken_bytes(const struct conn *c)
{
    return c->moved_bytes - conn_write_pending(c);
}

static void check_answer(struct conn *c, int64_t now_ns)
{
    if (c->state == CONN_STREAM && conn_write_pending(c) == 0) {
        c->window_ns = now_ns; /* nothing waits: no reader can be slow */
        c->window_bytes = taken_bytes(c);
    } else if (is_too_slow(c, now_ns, taken_bytes(c))) {
        c->listener->counts.timed_out++;
        conn_kill(c);
    }
}

void conn_deadline_check(struct conn *c, int64_t now_ns)
{
    int64_t elapsed_ns = now_ns - c->since_ns;

    switch (c->state) {
    case CONN_HEAD:
        check_head(c, elapsed_ns);
        break;
    case CONN_BODY:
        if (is_too_slow(c, now_ns, c->moved_bytes))
            conn_read_timeout(c, "the body of the request");
        break;
    case CONN_ANSWER:
    case CONN_STREAM:
        check_answer(c, now_ns);
        break;
    case CONN_SKIP:
    case CONN_LINGER:
        if (is_over(elapsed_ns, CONN_LINGER_MS))
            conn_kill(c);
        break;
    case CONN_ACCESS:
    case CONN_WORK:
    case CONN_DEAD:
        break;
    }
}
