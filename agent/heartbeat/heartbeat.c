/* heartbeat.c - one beat after the other, never queued: its own role, so that
 * it is never behind an upload. */
#include "agent/heartbeat/beat.h"
#include "agent/outbox/client.h"
#include "agent/policy.h"
#include "agent/role.h"
#include "core/clock.h"
#include "core/http_client.h"
#include "core/log.h"
#include "core/supervise.h"

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define HEARTBEAT_POLL_MS 250
#define HEARTBEAT_DEADLINE_MS 10000

struct heartbeat {
    struct role *role;
    struct env env; /* the role's, with the network */
    struct client *client;
    struct http_client *http;
    int state_fd; /* the state folder, to ask for room only (O_PATH) */
    int64_t due_mono_ns;
    enum beat_result last;
    bool beaten; /* at least one answer came back good */
};

static bool stay_alive(void *ctx)
{
    struct heartbeat *h = ctx;

    supervise_child_alive();
    board_alive(h->role->board, h->role->row, 0);
    return !supervise_child_stopping();
}

/* --- what others see --- */

static const enum board_lane_state lane_of[] = {
    [BEAT_HEARD] = BOARD_LANE_FLOWING,
    [BEAT_AWAY] = BOARD_LANE_BACKING_OFF,
    [BEAT_UNAUTHORIZED] = BOARD_LANE_UNAUTHORIZED,
    [BEAT_WRONG_SERVER] = BOARD_LANE_WRONG_SERVER,
};

static void say_change(const struct heartbeat *h, const struct beat_news *news,
                       const struct transport_answer *answer)
{
    if (h->beaten && news->result == h->last)
        return;
    if (news->result == BEAT_HEARD)
        log_info("heartbeat_heard", "the server is %lld ms ahead of us",
                 (long long)news->clock_offset_ms);
    else if (h->last == BEAT_HEARD)
        log_warn("heartbeat_unheard", "status %d %s", answer->status,
                 answer->error);
}

static void take_news(struct heartbeat *h, const struct beat_news *news)
{
    struct board *b = h->role->board;

    atomic_store(&b->heartbeat_lane, (int64_t)lane_of[news->result]);
    if (news->result == BEAT_HEARD) {
        atomic_store(&b->last_heartbeat_wall_ns, env_wall_ns(&h->env));
        atomic_store(&b->server_features, news->layer_2);
        if (news->has_time)
            atomic_store(&b->clock_offset_ms, news->clock_offset_ms);
        /* The server is back: what waits for it need not wait longer. */
        if (!h->beaten || h->last != BEAT_HEARD)
            atomic_fetch_add(&b->upload_nudge, 1);
        h->beaten = true;
    }
    h->last = news->result;
}

/* --- one beat --- */

/* Ask something of the session; the caller frees answer->body. */
static enum err ask(struct heartbeat *h, const struct client_session *s,
                    const char *what, struct transport_request *request,
                    struct transport_answer *answer)
{
    const struct settings *settings = h->role->settings;
    OWN_FREE char *url = NULL;

    if (asprintf(&url, "%s/sessions/%lld/%s/", settings->server,
                 (long long)s->session_id, what) < 0) {
        url = NULL;
        return WS_NOMEM;
    }
    request->url = url;
    request->bearer = s->token;
    request->deadline_ms = HEARTBEAT_DEADLINE_MS;
    if (settings->request_deadline_ms < request->deadline_ms)
        request->deadline_ms = settings->request_deadline_ms;
    return h->env.exchange(h->env.ctx, request, answer);
}

/* Without an answer, or with one that is no policy, what holds goes on, and
 * the next beat asks again. */
static enum err fetch_policy(struct heartbeat *h,
                             const struct client_session *s)
{
    struct board *b = h->role->board;
    struct transport_request request = {.method = "GET"};
    struct transport_answer answer;
    struct policy p;
    enum err e = ask(h, s, "policy", &request, &answer);

    if (e)
        return e;
    e = answer.status == 200
            ? policy_parse(buf_text(&answer.body), answer.body.len, &p)
            : WS_AGAIN;
    if (e == WS_OK) {
        log_info("policy", "revision %lld allows tier L%lld",
                 (long long)p.revision, (long long)p.tier_max);
        atomic_store(&b->tier_max, p.tier_max);
        atomic_store(&b->policy_revision, p.revision);
    } else if (e == WS_INVALID) {
        log_warn("policy_unreadable", "the server's policy cannot be read");
    }
    buf_fini(&answer.body);
    return e;
}

static enum err send_beat(struct heartbeat *h, const struct client_session *s,
                          const struct buf *body)
{
    struct transport_answer answer;
    struct beat_news news;
    struct transport_request request = {
        .method = "POST",
        .content_type = body->len > 0 ? "application/json" : NULL,
        .body = body->data,
        .body_len = body->len,
    };
    int64_t asked = env_wall_ns(&h->env);
    enum err e = ask(h, s, "heartbeat", &request, &answer);

    if (e)
        return e;
    beat_read(&answer, asked, env_wall_ns(&h->env), &news);
    say_change(h, &news, &answer);
    take_news(h, &news);
    buf_fini(&answer.body);
    if (news.policy_revision == 0 ||
        news.policy_revision == atomic_load(&h->role->board->policy_revision))
        return WS_OK;
    return fetch_policy(h, s);
}

static int64_t disk_free(const struct heartbeat *h)
{
    struct statvfs st;

    if (h->state_fd < 0 || fstatvfs(h->state_fd, &st) < 0)
        return -1;
    return (int64_t)(st.f_bavail * st.f_frsize);
}

static enum err beat(struct heartbeat *h)
{
    OWN_BUF struct buf body = BUF_EMPTY;
    struct client_session session;
    struct client_counts counts;
    struct beat_scope scope = {.board = h->role->board,
                               .session = &session,
                               .counts = &counts,
                               .wall_ns = env_wall_ns(&h->env),
                               .boot_ns = env_boot_ns(&h->env),
                               .disk_free_bytes = disk_free(h)};
    enum err e = client_session(h->client, &session);

    if (e || session.session_id == 0)
        return e;
    atomic_store(&h->role->board->session_id, session.session_id);
    e = client_counts(h->client, &counts);
    if (!e)
        e = beat_body(&scope, &body);
    return e ? e : send_beat(h, &session, &body);
}

/* --- the role --- */

static enum err acquire(struct heartbeat *h)
{
    const struct settings *s = h->role->settings;
    enum err e =
        client_open(&h->client, h->role->fds[ROLE_FD_OUTBOX], h->role->env);

    if (!e)
        e = http_client_open(&h->http);
    if (!e && *s->ca_file)
        e = http_client_trust(h->http, s->ca_file);
    if (e)
        return e;
    h->state_fd = open(s->state, O_PATH | O_DIRECTORY | O_CLOEXEC);
    http_client_warm(h->http);
    http_client_on_wait(h->http, stay_alive, h);
    h->env = *h->role->env;
    h->env.exchange = http_client_exchange;
    h->env.ctx = h->http;
    return WS_OK;
}

/* A session that the outbox knows of may be registered at any moment; then
 * the first beat goes out at once. */
static bool is_due(const struct heartbeat *h)
{
    bool registered = atomic_load(&h->role->board->session_id) != 0;

    if (!h->beaten && registered && h->last == BEAT_HEARD)
        return true;
    return env_mono_ns(&h->env) >= h->due_mono_ns;
}

static void pause_a_little(void)
{
    struct pollfd stop = {.fd = supervise_child_stop_fd(), .events = POLLIN};

    (void)poll(&stop, 1, HEARTBEAT_POLL_MS);
}

static void serve(struct heartbeat *h)
{
    while (stay_alive(h)) {
        int64_t start = env_mono_ns(&h->env);
        enum err e;

        if (is_due(h)) {
            h->due_mono_ns =
                start + h->role->settings->heartbeat_every_ms * CLOCK_NS_PER_MS;
            e = beat(h);
            if (e)
                log_debug("heartbeat", "%s", err_name(e));
            board_alive(h->role->board, h->role->row,
                        env_mono_ns(&h->env) - start);
        }
        pause_a_little();
    }
}

int heartbeat_run(struct role *role)
{
    struct heartbeat h = {.role = role, .last = BEAT_HEARD, .state_fd = -1};
    enum err e = acquire(&h);

    if (!e)
        e = role_enter_sandbox(role);
    if (!e) {
        supervise_child_ready();
        serve(&h);
    }
    http_client_close(h.http);
    client_close(h.client);
    own_fd(&h.state_fd);
    return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
