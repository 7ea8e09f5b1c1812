/* conn_deadline.c - nobody may be slow for ever.
 *
 * Looked at for every connection at each tick of the listener, which costs
 * less than a timer for each, in memory and in time. A body or an answer must
 * keep the least rate on average from `rate_grace_ms` on; a head has one
 * absolute deadline, so a byte now and then does not help.
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

static bool is_too_slow(const struct conn *c, int64_t elapsed_ns,
                        uint64_t moved_bytes)
{
    const struct listener_limits *limits = &c->listener->options.limits;
    int64_t counted_ns = elapsed_ns - limits->rate_grace_ms * CLOCK_NS_PER_MS;

    return counted_ns > 0 &&
           (double)moved_bytes < (double)counted_ns / CLOCK_NS_PER_S *
                                     (double)limits->least_rate_bytes;
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

static void check_stream(struct conn *c, int64_t now_ns)
{
    if (conn_write_pending(c) == 0) {
        c->since_ns = now_ns;
        c->rate_base = c->moved_bytes;
    } else if (is_too_slow(c, now_ns - c->since_ns,
                           taken_bytes(c) - c->rate_base)) {
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
        if (is_too_slow(c, elapsed_ns, c->moved_bytes))
            conn_read_timeout(c, "the body of the request");
        break;
    case CONN_ANSWER:
        if (is_too_slow(c, elapsed_ns, taken_bytes(c))) {
            c->listener->counts.timed_out++;
            conn_kill(c);
        }
        break;
    case CONN_STREAM:
        check_stream(c, now_ns);
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
