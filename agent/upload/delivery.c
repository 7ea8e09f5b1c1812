/* delivery.c - the answer table of wire.md as a state machine.
 *
 * How a poison item is found. A batch that the server refuses (400, 413, 422)
 * is cut in two at once, down to the item that is refused alone: a dead
 * letter. A batch that makes the server fail (5xx) three times is cut in two
 * as well, but with waits between. A range that failed goes to the end of the
 * queue, so the others are tried in between; an item that then fails three
 * times in a row alone, while others passed since the trouble began, is
 * parked. In an outage nothing passes, so nothing is parked, however long it
 * takes.
 */
#include "agent/upload/delivery.h"

#include "agent/upload/backoff.h"
#include "core/clock.h"

#include <stdio.h>
#include <string.h>

#define DELIVERY_TROUBLES 3
#define DELIVERY_REST_MS 60000 /* at most, of a session that is refused */

void delivery_init(struct delivery *d, const struct env *env)
{
    memset(d, 0, sizeof(*d));
    d->env = env;
    d->max_batch = DELIVERY_MAX_ITEMS;
}

void delivery_take(struct delivery *d, const struct client_batch *batch,
                   bool one_by_one)
{
    size_t step = one_by_one ? 1 : d->max_batch, i;

    d->count = batch->count;
    d->queued = d->result_count = 0;
    for (i = 0; i < d->count; i++) {
        d->seqs[i] = batch->leases[i].seq;
        d->tried[i] = batch->leases[i].attempts;
    }
    for (i = 0; i < d->count; i += step) {
        size_t left = d->count - i;

        d->queue[d->queued++] = (struct delivery_range){
            .first = i, .count = left < step ? left : step, .passes = -1};
    }
}

bool delivery_next(const struct delivery *d, struct delivery_range *out)
{
    if (d->queued == 0)
        return false;
    *out = d->queue[0];
    return true;
}

/* --- the queue of ranges --- */

static struct delivery_range pop(struct delivery *d)
{
    struct delivery_range r = d->queue[0];

    d->queued--;
    memmove(d->queue, d->queue + 1, d->queued * sizeof(d->queue[0]));
    return r;
}

static void push_back(struct delivery *d, struct delivery_range r)
{
    d->queue[d->queued++] = r;
}

static void push_front(struct delivery *d, struct delivery_range r)
{
    memmove(d->queue + 1, d->queue, d->queued * sizeof(d->queue[0]));
    d->queue[0] = r;
    d->queued++;
}

/* Two halves take the place of one; never more ranges than items. */
static void halve(struct delivery *d, struct delivery_range r)
{
    size_t half = r.count / 2;

    push_front(d, (struct delivery_range){.first = r.first + half,
                                          .count = r.count - half,
                                          .passes = r.passes});
    push_front(d, (struct delivery_range){
                      .first = r.first, .count = half, .passes = r.passes});
}

/* --- results --- */

static struct client_result *add_result(struct delivery *d, size_t index,
                                        enum client_verdict verdict,
                                        const char *reason)
{
    size_t at = d->result_count++;
    struct client_result *r = &d->results[at];

    *r = (struct client_result){.seq = d->seqs[index], .verdict = verdict};
    snprintf(d->reasons[at], sizeof(d->reasons[at]), "%s",
             reason ? reason : "");
    r->reason = d->reasons[at][0] ? d->reasons[at] : NULL;
    return r;
}

static void settle_range(struct delivery *d, const struct delivery_range *r,
                         enum client_verdict verdict, const char *reason)
{
    size_t i;

    for (i = r->first; i < r->first + r->count; i++)
        add_result(d, i, verdict, reason);
}

void delivery_settle(struct delivery *d, size_t index,
                     enum client_verdict verdict, const char *reason)
{
    size_t i;

    for (i = 0; i < d->queued; i++) {
        struct delivery_range r = d->queue[i];

        if (r.first != index || r.count != 1)
            continue;
        d->queued--;
        memmove(d->queue + i, d->queue + i + 1,
                (d->queued - i) * sizeof(d->queue[0]));
        add_result(d, index, verdict, reason);
        return;
    }
}

void delivery_give_back(struct delivery *d, enum client_verdict verdict,
                        int64_t due_wall_ns)
{
    while (d->queued > 0) {
        struct delivery_range r = pop(d);
        size_t i;

        for (i = r.first; i < r.first + r.count; i++)
            add_result(d, i, verdict, d->reason)->due_wall_ns = due_wall_ns;
    }
}

void delivery_settled(struct delivery *d)
{
    d->result_count = 0;
}

/* --- waiting --- */

static void remember(struct delivery *d, const struct answer *a)
{
    snprintf(d->reason, sizeof(d->reason), "%s", a->reason);
}

static void wait_a_while(struct delivery *d, const struct answer *a,
                         int64_t cap_ms)
{
    d->attempts++;
    d->wait_ms = backoff_ms(d->env, d->attempts, cap_ms, a->retry_after_s);
    /* A server that named a time is there: its word stands. */
    d->wait_may_end = a->retry_after_s < 0 && a->meaning != ANSWER_TROUBLE;
    d->state = BOARD_LANE_BACKING_OFF;
    remember(d, a);
}

static int64_t in_wall_ns(const struct delivery *d, int64_t ms)
{
    return env_wall_ns(d->env) + ms * CLOCK_NS_PER_MS;
}

static void pass(struct delivery *d)
{
    size_t i;

    d->passes++;
    d->refusals = 0;
    /* The failures of an outage that just ended are nobody's own. */
    for (i = 0; i < d->queued; i++)
        d->queue[i].troubles = 0;
    d->attempts = 0;
    d->wait_ms = 0;
    d->state = BOARD_LANE_FLOWING;
    d->reason[0] = '\0';
}

/* --- one answer --- */

/* The verdict of one line of the list of a batch. */
static void take_line(struct delivery *d, size_t index, const struct json *line)
{
    const char *status = json_text(json_get(line, "status"), "");
    char reason[DELIVERY_REASON_BYTES];
    enum answer_meaning m;

    if (strcmp(status, "accepted") == 0 || strcmp(status, "duplicate") == 0) {
        add_result(d, index, CLIENT_DELIVERED, NULL)->server_id =
            json_int(json_get(line, "id"), 0);
        return;
    }
    if (strcmp(status, "rejected") != 0) {
        /* "retry", or a word or a gap that we do not know: later again. */
        add_result(d, index, CLIENT_RETRY,
                   line ? "the server said retry" : "not in the server's list")
            ->due_wall_ns =
            in_wall_ns(d, backoff_ms(d->env, d->tried[index] + 1,
                                     BACKOFF_CAP_MS, TRANSPORT_NO_RETRY_AFTER));
        return;
    }
    m = answer_problem(json_get(line, "problem"), reason, sizeof(reason));
    add_result(d, index,
               m == ANSWER_REUSED   ? CLIENT_MOVE
               : m == ANSWER_ERASED ? CLIENT_ERASED
                                    : CLIENT_BURY,
               reason);
}

static const struct json *find_line(const struct json *results, uint64_t seq)
{
    const struct json *line;

    for (line = json_first(results); line; line = json_next(line))
        if (json_int(json_get(line, "seq"), 0) == (int64_t)seq)
            return line;
    return NULL;
}

/* The server lists its results in the order of the request; a list in another
 * order is searched. */
static void take_list(struct delivery *d, const struct delivery_range *r,
                      const struct json *results)
{
    const struct json *line = json_first(results);
    size_t i;

    for (i = r->first; i < r->first + r->count; i++) {
        const struct json *found = line;

        if (!found ||
            json_int(json_get(found, "seq"), 0) != (int64_t)d->seqs[i])
            found = find_line(results, d->seqs[i]);
        take_line(d, i, found);
        if (line)
            line = json_next(line);
    }
}

static void done(struct delivery *d, const struct answer *a, int64_t id)
{
    struct delivery_range r = pop(d);
    const struct json *results = json_get(a->doc, "results");

    pass(d);
    if (r.count >= d->max_batch && d->max_batch < DELIVERY_MAX_ITEMS)
        d->max_batch *= 2;
    if (d->max_batch > DELIVERY_MAX_ITEMS)
        d->max_batch = DELIVERY_MAX_ITEMS;
    if (results)
        take_list(d, &r, results);
    else
        add_result(d, r.first, CLIENT_DELIVERED, NULL)->server_id = id;
}

/* Refused by the server itself: alone a dead letter, else in two halves. */
static void refused(struct delivery *d, const struct answer *a)
{
    struct delivery_range r = pop(d);

    if (a->meaning == ANSWER_TOO_LARGE && r.count > 1)
        d->max_batch = r.count / 2;
    if (r.count > 1) {
        halve(d, r);
        return;
    }
    pass(d); /* the server speaks to us */
    add_result(d, r.first, CLIENT_BURY, a->reason);
}

static void moved_or_erased(struct delivery *d, const struct answer *a)
{
    struct delivery_range r = pop(d);

    pass(d);
    if (a->meaning == ANSWER_ERASED) {
        settle_range(d, &r, CLIENT_ERASED, a->reason);
        return;
    }
    /* Every item of this session moves: the other leases end with it. */
    add_result(d, r.first, CLIENT_MOVE, a->reason);
    d->queued = 0;
}

static void troubled(struct delivery *d, const struct answer *a)
{
    struct delivery_range r = pop(d);

    wait_a_while(d, a, BACKOFF_CAP_MS);
    if (r.passes < 0)
        r.passes = d->passes;
    if (++r.troubles < DELIVERY_TROUBLES) {
        push_back(d, r);
        return;
    }
    if (r.count > 1) {
        halve(d, r);
        return;
    }
    if (d->passes > r.passes) {
        add_result(d, r.first, CLIENT_PARK, a->reason);
        return;
    }
    if (d->queued == 0) {
        /* Alone in the queue there is nothing to compare with: let others
         * come beside it. */
        add_result(d, r.first, CLIENT_RETRY, a->reason)->due_wall_ns =
            in_wall_ns(d, d->wait_ms);
        return;
    }
    push_back(d, r);
}

static void away(struct delivery *d, const struct answer *a)
{
    struct delivery_range r = pop(d);

    wait_a_while(d, a, BACKOFF_CAP_MS);
    if (a->meaning == ANSWER_PROXY_LARGE && r.count > 1) {
        d->max_batch = r.count / 2;
        halve(d, r);
        return;
    }
    push_back(d, r);
}

static void unauthorized(struct delivery *d, const struct answer *a)
{
    int64_t rest_ms =
        backoff_ms(d->env, ++d->refusals, DELIVERY_REST_MS, a->retry_after_s);

    remember(d, a);
    d->state = BOARD_LANE_UNAUTHORIZED;
    /* Other sessions may have better tokens: the lane itself does not wait.
     * The session registers again after its rest; a server with new data
     * takes it, one that revoked the token refuses again. */
    delivery_give_back(d, CLIENT_PAUSE, in_wall_ns(d, rest_ms));
}

static void wrong_server(struct delivery *d, const struct answer *a)
{
    wait_a_while(d, a, BACKOFF_CAP_MS);
    d->state = BOARD_LANE_WRONG_SERVER;
    d->wait_may_end = false;
    if (d->wait_ms < DELIVERY_REST_MS)
        d->wait_ms = DELIVERY_REST_MS;
    delivery_give_back(d, CLIENT_RETURN, 0);
}

void delivery_answered(struct delivery *d, const struct answer *a, int64_t id)
{
    d->wait_ms = 0;
    switch (a->meaning) {
    case ANSWER_DONE:
        done(d, a, id);
        break;
    case ANSWER_TOO_LARGE:
    case ANSWER_REJECTED:
        refused(d, a);
        break;
    case ANSWER_REUSED:
    case ANSWER_ERASED:
        moved_or_erased(d, a);
        break;
    case ANSWER_UNAUTHORIZED:
        unauthorized(d, a);
        break;
    case ANSWER_WRONG_SERVER:
        wrong_server(d, a);
        break;
    case ANSWER_TROUBLE:
        troubled(d, a);
        break;
    case ANSWER_NOT_ACK:
    case ANSWER_PROXY:
    case ANSWER_PROXY_LARGE:
    case ANSWER_AWAY:
        away(d, a);
        break;
    }
}

void delivery_refused(struct delivery *d, const struct answer *a,
                      int64_t cap_ms)
{
    d->wait_ms = 0;
    switch (a->meaning) {
    case ANSWER_UNAUTHORIZED:
        unauthorized(d, a);
        break;
    case ANSWER_WRONG_SERVER:
        wrong_server(d, a);
        break;
    case ANSWER_REJECTED:
    case ANSWER_TOO_LARGE:
    case ANSWER_REUSED:
    case ANSWER_ERASED:
        remember(d, a);
        delivery_give_back(d, CLIENT_PARK, 0);
        break;
    default:
        wait_a_while(d, a, cap_ms);
        delivery_give_back(d, CLIENT_RETURN, 0);
        break;
    }
}
