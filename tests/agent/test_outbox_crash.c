/* test_outbox_crash.c - what was answered WS_OK survives kill -9 anywhere.
 *
 * Goal: a child records as fast as it can and says each seq on a pipe after
 * its WS_OK; the parent kills it at a random moment, opens the file again and
 * compares. Then the same through client and socket pair, where the killed
 * one is the owner and the client asks again.
 */
#include "tests/agent/queue_rig.h"

#include "agent/outbox/message.h"
#include "agent/outbox/verbs.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define ROUNDS 40
#define MAX_LIFE_US 60000

static void sleep_us(long us)
{
    struct timespec t = {.tv_nsec = us * 1000};

    nanosleep(&t, NULL);
}

static void kill_child(pid_t pid)
{
    int status;

    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* --- the owner is killed, what it said is compared --- */

static void record_for_ever(int say_fd)
{
    uint64_t seq;
    int n;

    rig_open();
    if (outbox_session_resume(rig.outbox, 1))
        _exit(1);
    for (n = 0;; n++) {
        enum err e = n % 3 == 0
                         ? rig_put_picture((char)('a' + n % 26), 3000, &seq)
                         : rig_put(n, NULL, &seq);

        if (e || write(say_fd, &seq, sizeof(seq)) != sizeof(seq))
            _exit(1);
    }
}

static uint64_t highest_said(int fd, uint64_t before)
{
    uint64_t seq;

    while (read(fd, &seq, sizeof(seq)) == sizeof(seq)) {
        assert_true(seq > before); /* gap-free and never given twice */
        before = seq;
    }
    return before;
}

/* Every seq from 2 to the head is there, with its picture if it has one. */
static size_t check_all_there(uint64_t said)
{
    struct client_counts c = rig_counts();
    struct client_batch b = {0};
    size_t rows = 0;
    int lane;

    assert_true(c.head_seq >= said);
    for (lane = 0; lane < CLIENT_LANES; lane++)
        while (rig_lease((enum client_lane)lane, 500, &b) == WS_OK) {
            rows += b.count;
            client_batch_fini(&b);
        }
    assert_int_equal(rig_counts().dead, 0); /* no row without its picture */
    assert_int_equal(rows, c.head_seq - 1);
    assert_int_equal(outbox_release(rig.outbox), WS_OK);
    rig_check_law();
    return rows;
}

static void test_outbox_killed_at_any_moment_keeps_what_it_acked(void **state)
{
    uint64_t said = 1;
    size_t rows = 0;
    int round;

    (void)state;
    rig_register();
    for (round = 0; round < ROUNDS; round++) {
        int pipes[2];
        pid_t pid;

        rig_close();
        assert_int_equal(pipe(pipes), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            record_for_ever(pipes[1]);
        }
        close(pipes[1]);
        sleep_us((long)env_random_below(&env_system, MAX_LIFE_US));
        kill_child(pid);
        said = highest_said(pipes[0], said);
        close(pipes[0]);
        rig_open();
        assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
        rows = check_all_there(said);
        said = rig_counts().head_seq; /* present, not acked: fine */
    }
    assert_true(rows > ROUNDS); /* the kills met work under way */
}

/* --- through the client --- */

/* The loop of outbox_role, as small as may be. */
static void serve_for_ever(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    rig_open();
    if (outbox_session_resume(rig.outbox, 1))
        _exit(1);
    for (;;) {
        OWN_MESSAGE struct message request = {0}, answer = {0};

        (void)poll(&p, 1, -1);
        if (message_receive(fd, &request) != WS_OK)
            continue;
        if (outbox_begin(rig.outbox) ||
            verbs_answer(rig.outbox, VERBS_AI, &request, &answer) ||
            outbox_commit(rig.outbox))
            _exit(1);
        (void)!message_send(fd, &answer);
    }
}

static pid_t start_owner(int fd)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a check fails */
        serve_for_ever(fd);
    }
    return pid;
}

/* A supervisor, as small as may be: *owner is who serves now. */
static pid_t start_keeper(int fd, _Atomic pid_t *owner)
{
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        *owner = start_owner(fd);
        waitpid(*owner, NULL, 0);
    }
}

/* Kill whoever serves a few milliseconds from now. */
static pid_t start_killer(_Atomic pid_t *owner)
{
    long us = (long)env_random_below(&env_system, 6000);
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    sleep_us(us);
    if (*owner > 0)
        kill(*owner, SIGKILL);
    _exit(0);
}

static uint64_t put_until_ok(struct client *c, int n)
{
    char payload[512];
    struct client_item item = {
        .kind = WIRE_ITEM_METRIC, .payload = payload, .picture_fd = -1};
    uint64_t seq = 0;
    enum err e;

    item.payload_len =
        (size_t)snprintf(payload, sizeof(payload), RIG_METRIC, n);
    do
        e = client_put(c, &item, 1, 0, &seq);
    while (e == WS_AGAIN);
    assert_int_equal(e, WS_OK);
    return seq;
}

static void test_client_put_through_restarts_stores_once(void **state)
{
    _Atomic pid_t *owner = mmap(NULL, sizeof(*owner), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct client *c;
    int ends[2], n;
    pid_t keeper;

    (void)state;
    assert_true(owner != MAP_FAILED);
    rig_register();
    rig_close();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    assert_int_equal(client_open(&c, ends[0], &env_system), WS_OK);
    keeper = start_keeper(ends[1], owner);
    for (n = 2; n < 40; n++) {
        pid_t killer = n % 2 ? start_killer(owner) : 0;

        assert_int_equal(put_until_ok(c, n), n); /* no gap, no double */
        if (killer)
            waitpid(killer, NULL, 0);
    }
    kill_child(keeper);
    kill(*owner, SIGKILL);
    client_close(c);
    close(ends[0]);
    close(ends[1]);
    while (outbox_open(&rig.outbox, &rig.options) == WS_AGAIN)
        ; /* until the kernel has let go of the killed owner's lock */
    assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
    assert_int_equal(rig_counts().head_seq, 39);
    check_all_there(39);
    munmap((void *)owner, sizeof(*owner));
}

static void test_client_verb_of_another_role_is_denied(void **state)
{
    struct client *c;
    struct client_session s;
    struct client_counts counts;
    int ends[2];
    pid_t pid;

    (void)state;
    rig_close();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    assert_int_equal(client_open(&c, ends[0], &env_system), WS_OK);
    pid = start_owner(ends[1]); /* takes us for ai */
    assert_int_equal(client_session(c, &s), WS_DENIED);
    assert_int_equal(client_counts(c, &counts), WS_DENIED);
    assert_int_equal(client_release(c), WS_DENIED);
    kill_child(pid);
    client_close(c);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_CASE(test_outbox_killed_at_any_moment_keeps_what_it_acked),
        RIG_CASE(test_client_put_through_restarts_stores_once),
        RIG_CASE(test_client_verb_of_another_role_is_denied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
