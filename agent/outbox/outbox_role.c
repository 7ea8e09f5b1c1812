/* outbox_role.c - the loop of the one process that owns the queue.
 *
 * Each turn takes what all peers have sent so far, does it in one transaction
 * and answers after the commit: the more there is to do, the more a flush
 * carries. An answer that the peer has no room for is dropped; the peer asks
 * again, and every verb can be repeated.
 */
#include "agent/outbox/control_server.h"
#include "agent/outbox/outbox_start.h"
#include "agent/outbox/verbs.h"
#include "agent/role.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/supervise.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define OUTBOX_ROLE_TURN 32 /* requests of one transaction at most */
#define OUTBOX_ROLE_POLL_MS 1000
#define OUTBOX_ROLE_TIDY_NS (600 * CLOCK_NS_PER_S)
#define OUTBOX_ROLE_ORPHAN_S 600
#define OUTBOX_ROLE_BOARD_NS (CLOCK_NS_PER_S / 2)
#define OUTBOX_ROLE_PAUSE_NS (5 * CLOCK_NS_PER_S) /* between two tries */

/* clang-format off */
static const enum role_fd peer_fds[VERBS_PEERS] = {
    [VERBS_AI]        = ROLE_FD_AI_PEER,
    [VERBS_UPLOAD]    = ROLE_FD_UPLOAD_PEER,
    [VERBS_HEARTBEAT] = ROLE_FD_HEARTBEAT_PEER,
};
/* clang-format on */

struct reply {
    struct message message;
    int fd;
    bool writes;
    size_t pictures; /* that a put brought */
};

struct loop {
    struct role *role;
    struct outbox *outbox;
    struct control_server control;
    struct control_scope scope;
    struct reply replies[OUTBOX_ROLE_TURN];
    size_t reply_count;
    bool begun;       /* a transaction of this turn */
    enum err trouble; /* of the last transaction, said once */
    int64_t tidy_at_ns, board_at_ns, pause_at_ns;
    struct pausing pausing;
};

static enum err begin_once(struct loop *l)
{
    enum err e = WS_OK;

    if (!l->begun)
        e = outbox_begin(l->outbox);
    if (!e)
        l->begun = true;
    return e;
}

/* --- one turn --- */

static enum err take_request(struct loop *l, enum verbs_peer peer)
{
    struct reply *reply = &l->replies[l->reply_count];
    OWN_MESSAGE struct message request = {0};
    int fd = l->role->fds[peer_fds[peer]];
    enum err e = message_receive(fd, &request);

    if (e == WS_INVALID)
        log_warn("message_refused", "peer %d sent no message of ours",
                 (int)peer);
    if (e)
        return e;
    if (verbs_writes(&request)) {
        e = begin_once(l);
        if (e)
            return e;
    }
    message_init(&reply->message);
    reply->fd = fd;
    reply->writes = verbs_writes(&request);
    reply->pictures = request.verb == MESSAGE_PUT ? request.fd_count : 0;
    l->reply_count++;
    return verbs_answer(l->outbox, peer, &request, &reply->message);
}

/* WS_OK, or trouble of the whole queue. */
static enum err take_requests(struct loop *l, enum verbs_peer peer)
{
    enum err e = WS_OK;

    if (l->role->fds[peer_fds[peer]] < 0)
        return WS_OK;
    while (l->reply_count < OUTBOX_ROLE_TURN) {
        e = take_request(l, peer);
        if (e == WS_INVALID)
            continue;
        if (e)
            break;
    }
    return e == WS_AGAIN || e == WS_NOTFOUND ? WS_OK : e;
}

/* Nothing of this turn is durable: say so to everybody who wrote. */
static void retract(struct loop *l, enum err why)
{
    size_t i;

    for (i = 0; i < l->reply_count; i++) {
        struct message *m = &l->replies[i].message;

        if (!l->replies[i].writes || m->result != WS_OK)
            continue;
        while (m->fd_count > 0)
            close(m->fds[--m->fd_count]);
        buf_clear(&m->body);
        m->result = (uint32_t)why;
    }
}

/* A picture that found no room, in its put or in the commit, does not come
 * again: it is counted. */
static void lose_pictures(struct loop *l)
{
    for (size_t i = 0; i < l->reply_count; i++)
        if (l->replies[i].message.result == WS_FULL)
            outbox_lose(l->outbox, (int64_t)l->replies[i].pictures);
}

static void send_replies(struct loop *l)
{
    size_t i;

    for (i = 0; i < l->reply_count; i++) {
        enum err e = message_send(l->replies[i].fd, &l->replies[i].message);

        if (e)
            log_debug("answer_dropped", "%s", err_name(e));
        message_fini(&l->replies[i].message);
    }
    l->reply_count = 0;
}

static enum err do_requests(struct loop *l)
{
    enum err e = WS_OK;
    int peer;

    for (peer = 0; peer < VERBS_PEERS && !e; peer++)
        e = take_requests(l, (enum verbs_peer)peer);
    return e;
}

/* A full disk and a busy file pass; others mean: open the file again. */
static enum err unless_it_passes(enum err e)
{
    return e == WS_FULL || e == WS_AGAIN || e == WS_NOMEM ? WS_OK : e;
}

static enum err turn(struct loop *l)
{
    enum err e = do_requests(l);

    if (e && l->begun)
        outbox_rollback(l->outbox);
    else if (l->begun)
        e = outbox_commit(l->outbox);
    if (e) {
        if (e != l->trouble)
            log_error("outbox_turn", "requests are undone: %s", err_name(e));
        retract(l, e);
    } else if (l->begun) {
        supervise_child_progress();
        outbox_start_totals(l->outbox, l->role->board);
    }
    if (l->begun || e)
        l->trouble = e;
    l->begun = false;
    lose_pictures(l);
    send_replies(l);
    return unless_it_passes(e);
}

/* --- commands --- */

/* A pause whose event the disk has no room for holds all the same. */
static enum err write_pause(struct loop *l)
{
    enum err e = pausing_write(&l->pausing);

    if (e)
        log_warn("pause_unrecorded",
                 "what was said of the pause holds, and is not recorded yet: "
                 "%s",
                 err_name(e));
    l->pause_at_ns = env_mono_ns(l->role->env) + OUTBOX_ROLE_PAUSE_NS;
    return unless_it_passes(e);
}

/* One command, alone in its transaction: no other one can undo it. */
static enum err command(struct loop *l)
{
    enum err e = outbox_begin(l->outbox), answered;

    if (e)
        return e;
    answered = control_server_answer(&l->control, &l->scope);
    if (answered) {
        outbox_rollback(l->outbox);
    } else {
        e = outbox_commit(l->outbox);
        if (e)
            control_server_retract(&l->control);
    }
    outbox_start_totals(l->outbox, l->role->board);
    return answered ? answered : e;
}

static enum err commands(struct loop *l)
{
    int64_t now = env_mono_ns(l->role->env);
    bool asked = control_server_read(&l->control, now);
    enum err e = asked ? WS_OK : WS_NOTFOUND, written = WS_OK;

    while (!e)
        e = command(l);
    if (pausing_owes(&l->pausing) && (asked || now >= l->pause_at_ns))
        written = write_pause(l);
    control_server_write(&l->control, now);
    e = e == WS_NOTFOUND ? WS_OK : unless_it_passes(e);
    return e ? e : written;
}

/* --- between turns --- */

/* The numbers that need a look at rows, at most twice a second. */
static enum err show_board(struct loop *l)
{
    int64_t now = env_mono_ns(l->role->env);

    if (now < l->board_at_ns)
        return WS_OK;
    l->board_at_ns = now + OUTBOX_ROLE_BOARD_NS;
    return outbox_start_board(l->outbox, l->role->board);
}

static enum err tidy(struct loop *l)
{
    int64_t now = env_boot_ns(l->role->env);
    enum err e;

    if (now < l->tidy_at_ns)
        return WS_OK;
    l->tidy_at_ns = now + OUTBOX_ROLE_TIDY_NS;
    e = outbox_tidy(l->outbox, OUTBOX_ROLE_ORPHAN_S);
    return e == WS_FULL || e == WS_AGAIN ? WS_OK : e;
}

static void wait_for_work(struct loop *l)
{
    struct pollfd fds[VERBS_PEERS + CONTROL_SERVER_MAX + 2];
    nfds_t n = 0;
    int peer;

    for (peer = 0; peer < VERBS_PEERS; peer++)
        fds[n++] = (struct pollfd){.fd = l->role->fds[peer_fds[peer]],
                                   .events = POLLIN};
    fds[n++] =
        (struct pollfd){.fd = supervise_child_stop_fd(), .events = POLLIN};
    n += control_server_poll(&l->control, fds + n);
    (void)poll(fds, n, OUTBOX_ROLE_POLL_MS);
}

static enum err serve(struct loop *l)
{
    enum err e = WS_OK;

    while (!e && !supervise_child_stopping()) {
        int64_t start;

        wait_for_work(l);
        start = env_mono_ns(l->role->env);
        e = turn(l);
        if (!e)
            e = commands(l);
        if (pausing_end(&l->pausing))
            log_info("pause_over", "the pause is over");
        if (!e)
            e = show_board(l);
        if (!e)
            e = tidy(l);
        supervise_child_alive();
        board_alive(l->role->board, l->role->row,
                    env_mono_ns(l->role->env) - start);
    }
    return e;
}

int outbox_role_run(struct role *role)
{
    OWN(outbox_close)
    struct outbox *outbox = NULL;
    OWN_FREE struct loop *l = calloc(1, sizeof(*l));
    enum err e = l ? outbox_start(&outbox, role) : WS_NOMEM;

    if (e) {
        log_error("outbox_start", "the queue in %s did not open: %s",
                  role->settings->state, err_name(e));
        return EXIT_FAILURE;
    }
    l->role = role;
    l->outbox = outbox;
    l->pausing = (struct pausing){
        .outbox = outbox, .board = role->board, .env = role->env, .fd = -1};
    l->scope = (struct control_scope){.outbox = outbox,
                                      .board = role->board,
                                      .env = role->env,
                                      .pausing = &l->pausing};
    control_server_init(&l->control, role->fds[ROLE_FD_CONTROL]);
    e = pausing_open(&l->pausing, role->settings->state);
    if (!e)
        e = role_enter_sandbox(role);
    if (!e) {
        supervise_child_ready();
        e = serve(l);
    }
    pausing_close(&l->pausing);
    control_server_fini(&l->control);
    return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
