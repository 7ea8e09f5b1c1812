/* upload.c - the role that delivers: two lanes, one exchange after the other.
 *
 * A turn gives each lane one exchange, so a long row of pictures delays rows
 * by one picture at most, and the other way round by one batch. What to send
 * and what to do after an answer is decided in delivery.c; here are the
 * leases, the wire and the clock.
 */
#include "agent/outbox/client.h"
#include "agent/role.h"
#include "agent/upload/backoff.h"
#include "agent/upload/delivery.h"
#include "agent/upload/register.h"
#include "agent/upload/request.h"
#include "core/clock.h"
#include "core/http_client.h"
#include "core/log.h"
#include "core/supervise.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define UPLOAD_POLL_MS 250
#define UPLOAD_ASK_AGAIN_MS 500 /* after the outbox had nothing to lend */
#define UPLOAD_LEASE_MS 600000
#define UPLOAD_HOLD_MS 30000 /* a longer wait gives the leases back */

struct lane {
    enum client_lane id;
    struct delivery delivery;
    struct client_batch batch;
    bool holding;          /* the batch is leased and not all settled */
    int64_t until_mono_ns; /* nothing is sent before */
    int64_t nudge;         /* of the board, when the wait began */
};

struct upload {
    struct role *role;
    struct env env; /* the role's, with the network */
    struct client *client;
    struct http_client *http;
    struct lane lanes[CLIENT_LANES];
};

static bool stay_alive(void *ctx)
{
    struct upload *u = ctx;

    supervise_child_alive();
    board_alive(u->role->board, u->role->row, 0);
    return !supervise_child_stopping();
}

/* --- what others see --- */

/* The worse of the lanes, and the later of their next tries. */
static void show(struct upload *u)
{
    struct board *b = u->role->board;
    int64_t now = env_mono_ns(&u->env), left_ns = 0;
    enum board_lane_state state = BOARD_LANE_IDLE;
    int i;

    for (i = 0; i < CLIENT_LANES; i++) {
        const struct lane *lane = &u->lanes[i];

        if (lane->delivery.state > state)
            state = lane->delivery.state;
        if (lane->delivery.wait_ms > 0 && lane->until_mono_ns - now > left_ns)
            left_ns = lane->until_mono_ns - now;
    }
    atomic_store(&b->upload_lane, (int64_t)state);
    atomic_store(&b->retry_at_wall_ns,
                 left_ns > 0 ? env_wall_ns(&u->env) + left_ns : 0);
}

static void show_delivered(struct upload *u, const struct lane *lane)
{
    const struct delivery *d = &lane->delivery;
    struct board *b = u->role->board;
    int64_t now = env_wall_ns(&u->env), count = 0;
    size_t i, j;

    for (i = 0; i < d->result_count; i++) {
        if (d->results[i].verdict != CLIENT_DELIVERED)
            continue;
        count++;
        for (j = 0; j < lane->batch.count; j++)
            if (lane->batch.leases[j].seq == d->results[i].seq &&
                lane->batch.leases[j].kind == WIRE_ITEM_METRIC)
                atomic_store(&b->last_ai_upload_wall_ns, now);
    }
    if (count == 0)
        return;
    atomic_store(&b->last_upload_wall_ns, now);
    atomic_fetch_add(&b->items_delivered, count);
    supervise_child_progress();
}

/* --- waiting --- */

static void show_trouble(const struct upload *u)
{
    const char *reason = "";

    for (int i = CLIENT_LANES; i-- > 0;)
        if (u->lanes[i].delivery.reason[0])
            reason = u->lanes[i].delivery.reason;
    board_trouble(u->role->board, reason);
}

static void say_trouble(const struct upload *u, const struct lane *lane,
                        const char *before)
{
    const struct delivery *d = &lane->delivery;

    if (strcmp(before, d->reason) != 0)
        show_trouble(u);
    if (d->reason[0] && strcmp(before, d->reason) != 0)
        log_warn("upload_trouble", "%s: %s; next try in %lld ms",
                 lane->id == CLIENT_LANE_ROWS ? "rows" : "pictures", d->reason,
                 (long long)d->wait_ms);
    else if (!d->reason[0] && before[0])
        log_info("upload_flows", "%s are delivered again",
                 lane->id == CLIENT_LANE_ROWS ? "rows" : "pictures");
}

/* The wait outlives this process: the next one goes on with it. */
static enum err begin_wait(struct upload *u, struct lane *lane)
{
    const struct delivery *d = &lane->delivery;
    struct client_backoff b = {.attempts = d->attempts,
                               .until_wall_ns = env_wall_ns(&u->env) +
                                                d->wait_ms * CLOCK_NS_PER_MS};

    lane->until_mono_ns = env_mono_ns(&u->env) + d->wait_ms * CLOCK_NS_PER_MS;
    lane->nudge = atomic_load(&u->role->board->upload_nudge);
    return client_backoff_set(u->client, lane->id, &b);
}

static enum err end_wait(struct upload *u, struct lane *lane)
{
    const struct client_backoff none = {0};

    lane->until_mono_ns = 0;
    return client_backoff_set(u->client, lane->id, &none);
}

static enum err restore_wait(struct upload *u, struct lane *lane)
{
    struct client_backoff b;
    enum err e = client_backoff_get(u->client, lane->id, &b);

    if (e)
        return e;
    lane->delivery.attempts = b.attempts;
    lane->delivery.wait_may_end = true;
    lane->nudge = atomic_load(&u->role->board->upload_nudge);
    lane->until_mono_ns =
        env_mono_ns(&u->env) +
        backoff_left_ms(b.until_wall_ns, env_wall_ns(&u->env)) *
            CLOCK_NS_PER_MS;
    return WS_OK;
}

static bool is_waiting(struct upload *u, struct lane *lane)
{
    if (env_mono_ns(&u->env) >= lane->until_mono_ns)
        return false;
    if (lane->delivery.wait_may_end &&
        atomic_load(&u->role->board->upload_nudge) != lane->nudge) {
        lane->until_mono_ns = 0;
        return false;
    }
    return true;
}

/* --- one exchange --- */

static enum err exchange(struct upload *u, const struct request *r,
                         struct answer *out)
{
    struct transport_answer answer;
    enum err e = u->env.exchange(u->env.ctx, &r->transport, &answer);

    if (e)
        return e;
    answer_read(&answer, r->expected, out);
    buf_fini(&answer.body);
    return WS_OK;
}

static enum err build(struct lane *lane, const struct delivery_range *range,
                      struct request *r)
{
    const struct client_session *s = &lane->batch.session;
    const struct client_lease *first = &lane->batch.leases[range->first];

    if (first->kind == WIRE_ITEM_SCREENSHOT)
        return request_picture(r, s, first);
    if (request_is_layer_2(s))
        return request_batch(r, s, first, range->count);
    return request_single(r, s, first);
}

/* Send one range. An item that cannot be made into a request is buried here:
 * no server would ever see it. */
static enum err send_range(struct upload *u, struct lane *lane,
                           const struct delivery_range *range)
{
    struct answer answer = {0};
    struct request r;
    enum err e;

    request_init(&r, u->role->settings->server,
                 u->role->settings->request_deadline_ms);
    e = build(lane, range, &r);
    if (e == WS_NOTFOUND) {
        delivery_settle(&lane->delivery, range->first, CLIENT_KEEP,
                        "a layer-1 server has no place for it");
        e = WS_OK;
    } else if (e == WS_INVALID && range->count == 1) {
        delivery_settle(&lane->delivery, range->first, CLIENT_BURY,
                        "it cannot be made into a request");
        e = WS_OK;
    } else if (!e) {
        e = exchange(u, &r, &answer);
        if (!e)
            delivery_answered(&lane->delivery, &answer, answer_id(&answer));
    }
    answer_fini(&answer);
    request_fini(&r);
    return e;
}

static void show_session(struct upload *u, const struct client_session *s,
                         const struct register_result *result)
{
    struct board *b = u->role->board;
    const char *features = result->features;
    int i;

    log_info("session_registered", "session %lld at the server, %s",
             (long long)result->reg.session_id,
             features[0] ? features : "layer 1");
    for (i = 0; i < CLIENT_LANES; i++) /* what was refused may flow again */
        if (u->lanes[i].delivery.state == BOARD_LANE_UNAUTHORIZED)
            u->lanes[i].delivery.state = BOARD_LANE_IDLE;
    if (!s->present)
        return;
    atomic_store(&b->session_id, result->reg.session_id);
    atomic_store(&b->server_features, features[0] != '\0');
}

/* The session item goes to its own route; its answer is a registration. */
static enum err send_session(struct upload *u, struct lane *lane)
{
    const struct client_session *s = &lane->batch.session;
    bool first_time = s->present && s->session_id == 0;
    struct register_result result = {0};
    struct answer answer = {0};
    enum err e;

    e = register_session(
        &(struct register_scope){.env = &u->env,
                                 .server = u->role->settings->server,
                                 .deadline_ms =
                                     u->role->settings->request_deadline_ms},
        s, &lane->batch.leases[0].payload, &answer, &result);
    if (!e && answer.meaning == ANSWER_DONE) {
        /* Only an item that is taken ends a row of refusals. */
        int64_t refusals = lane->delivery.refusals;

        delivery_answered(&lane->delivery, &answer, result.reg.session_id);
        delivery_settled(&lane->delivery); /* registering settles item 1 */
        lane->delivery.refusals = refusals;
        e = client_registered(u->client, s->session_uid, &result.reg);
        if (!e)
            show_session(u, s, &result);
    } else if (!e) {
        delivery_refused(&lane->delivery, &answer,
                         first_time ? BACKOFF_REGISTER_CAP_MS : BACKOFF_CAP_MS);
    }
    answer_fini(&answer);
    return e;
}

/* --- a lane --- */

static void drop_batch(struct lane *lane)
{
    client_batch_fini(&lane->batch);
    memset(&lane->batch, 0, sizeof(lane->batch));
    lane->holding = false;
}

static enum err settle(struct upload *u, struct lane *lane)
{
    struct delivery *d = &lane->delivery;
    struct delivery_range left;
    enum err e = WS_OK;

    if (d->wait_ms > UPLOAD_HOLD_MS)
        delivery_give_back(d, CLIENT_RETURN, 0);
    if (d->result_count > 0)
        e = client_settle(u->client, lane->batch.session.session_uid,
                          d->results, d->result_count);
    if (e)
        return e;
    show_delivered(u, lane);
    delivery_settled(d);
    if (!delivery_next(d, &left))
        drop_batch(lane);
    return WS_OK;
}

/* WS_NOTFOUND: there is nothing to send. */
static enum err take_batch(struct upload *u, struct lane *lane)
{
    const struct settings *s = u->role->settings;
    bool rows = lane->id == CLIENT_LANE_ROWS;
    size_t most = (size_t)s->batch_items;
    enum err e;

    if (most > lane->delivery.max_batch)
        most = lane->delivery.max_batch;
    e = client_lease(u->client, lane->id, rows ? most : 1,
                     (size_t)s->batch_bytes, UPLOAD_LEASE_MS, &lane->batch);
    if (e)
        return e;
    lane->holding = true;
    delivery_take(&lane->delivery, &lane->batch,
                  !rows || !request_is_layer_2(&lane->batch.session));
    return WS_OK;
}

static enum err send_next(struct upload *u, struct lane *lane)
{
    char before[DELIVERY_REASON_BYTES];
    struct delivery_range range;
    bool waited = lane->delivery.attempts > 0;
    enum err e = WS_OK;

    if (!delivery_next(&lane->delivery, &range))
        return WS_OK;
    memcpy(before, lane->delivery.reason, sizeof(before));
    if (lane->batch.leases[range.first].kind == WIRE_ITEM_SESSION)
        e = send_session(u, lane);
    else
        e = send_range(u, lane, &range);
    if (e)
        return e;
    if (lane->delivery.wait_ms > 0)
        e = begin_wait(u, lane);
    else if (waited && lane->delivery.attempts == 0)
        e = end_wait(u, lane);
    say_trouble(u, lane, before);
    return e;
}

/* One exchange of a lane. True when something was done. */
static bool step(struct upload *u, struct lane *lane)
{
    enum err e = WS_OK;

    if (is_waiting(u, lane))
        return false;
    if (!lane->holding) {
        if (atomic_load(&u->role->board->queue_pending) == 0) {
            if (lane->delivery.state == BOARD_LANE_FLOWING)
                lane->delivery.state = BOARD_LANE_IDLE;
            return false;
        }
        e = take_batch(u, lane);
        if (e && e != WS_NOTFOUND) /* maybe lent, and the answer was late */
            (void)!client_release(u->client);
        if (e) {
            lane->until_mono_ns =
                env_mono_ns(&u->env) + UPLOAD_ASK_AGAIN_MS * CLOCK_NS_PER_MS;
            return false;
        }
    }
    e = send_next(u, lane);
    if (!e)
        e = settle(u, lane);
    if (e) {
        /* The outbox is restarting or memory is short: what is leased comes
         * back, and a repeat is harmless. */
        log_warn("upload_step", "%s", err_name(e));
        drop_batch(lane);
        (void)!client_release(u->client);
        lane->until_mono_ns =
            env_mono_ns(&u->env) + UPLOAD_ASK_AGAIN_MS * CLOCK_NS_PER_MS;
    }
    return !e;
}

/* --- the role --- */

static enum err acquire(struct upload *u)
{
    const struct settings *s = u->role->settings;
    enum err e =
        client_open(&u->client, u->role->fds[ROLE_FD_OUTBOX], u->role->env);

    if (!e)
        e = http_client_open(&u->http);
    if (!e && *s->ca_file)
        e = http_client_trust(u->http, s->ca_file);
    if (e)
        return e;
    http_client_warm(u->http);
    http_client_on_wait(u->http, stay_alive, u);
    u->env = *u->role->env;
    u->env.exchange = http_client_exchange;
    u->env.ctx = u->http;
    return WS_OK;
}

/* What an earlier upload process held is free again, its waits go on. */
static bool take_over(struct upload *u)
{
    enum err e = WS_AGAIN;
    int i;

    while (e && stay_alive(u)) {
        e = client_release(u->client);
        for (i = 0; i < CLIENT_LANES && !e; i++)
            e = restore_wait(u, &u->lanes[i]);
        if (e && e != WS_AGAIN)
            return false;
    }
    return !e;
}

static void pause_a_little(void)
{
    struct pollfd stop = {.fd = supervise_child_stop_fd(), .events = POLLIN};

    (void)poll(&stop, 1, UPLOAD_POLL_MS);
}

static void serve(struct upload *u)
{
    while (!supervise_child_stopping()) {
        int64_t start = env_mono_ns(&u->env);
        bool worked = false;
        int i;

        for (i = 0; i < CLIENT_LANES; i++)
            worked = step(u, &u->lanes[i]) || worked;
        show(u);
        supervise_child_alive();
        board_alive(u->role->board, u->role->row,
                    worked ? env_mono_ns(&u->env) - start : 0);
        if (!worked)
            pause_a_little();
    }
}

int upload_run(struct role *role)
{
    OWN_FREE struct upload *u = calloc(1, sizeof(*u));
    enum err e = u ? WS_OK : WS_NOMEM;
    int i;

    if (e)
        return EXIT_FAILURE;
    u->role = role;
    e = acquire(u);
    for (i = 0; i < CLIENT_LANES && !e; i++) {
        u->lanes[i].id = (enum client_lane)i;
        delivery_init(&u->lanes[i].delivery, &u->env);
    }
    if (!e)
        e = role_enter_sandbox(role);
    if (!e) {
        supervise_child_ready();
        if (take_over(u))
            serve(u);
    }
    for (i = 0; i < CLIENT_LANES; i++)
        drop_batch(&u->lanes[i]);
    http_client_close(u->http);
    client_close(u->client);
    return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
