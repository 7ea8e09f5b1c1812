/* test_outbox_role.c - the outbox role as a process of its own, behind its
 * walls, on a disk that fills up. */
#include "agent/outbox/client.h"
#include "agent/role.h"
#include "core/clock.h"
#include "core/sha256.h"
#include "core/supervise.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#define SMALL_BYTES 400000 /* of any file: the queue's log meets it soon */
#define PICTURE_BYTES 3000

struct rig {
    char state[64];
    struct board *board;
    int board_fd;
    struct settings settings;
    int pairs[ROLE_FDS][2]; /* [0] ours, [1] the role's */
    pid_t pid;
};

static void run_role(struct rig *r)
{
    struct role role = {.name = "outbox",
                        .row = BOARD_OUTBOX,
                        .settings = &r->settings,
                        .env = &env_system,
                        .board = r->board};

    for (int i = 0; i < ROLE_FDS; i++)
        role.fds[i] = r->pairs[i][1];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGXFSZ, SIG_IGN);
    supervise_child_begin("outbox");
    _exit(outbox_role_run(&role));
}

static void make_pair(int pair[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
}

static struct rig *start(void)
{
    static char server[] = "http://127.0.0.1:9/api", source[] = "synth";
    static char empty[] = "";
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    /* First: no socket may stand where a supervisor's would be. */
    assert_int_equal(board_create(&r->board, &r->board_fd), WS_OK);
    for (int i = 0; i < ROLE_FDS; i++)
        r->pairs[i][0] = r->pairs[i][1] = -1;
    make_pair(r->pairs[ROLE_FD_AI_PEER]);
    make_pair(r->pairs[ROLE_FD_HEARTBEAT_PEER]);
    snprintf(r->state, sizeof r->state, "/tmp/test_outbox_role.XXXXXX");
    assert_non_null(mkdtemp(r->state));
    r->settings = (struct settings){.server = server,
                                    .state = r->state,
                                    .source = source,
                                    .purpose = empty,
                                    .until = empty,
                                    .acknowledge = empty,
                                    .ca_file = empty,
                                    .queue_max_bytes = 1 << 30,
                                    .tier = 4};
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0)
        run_role(r);
    return r;
}

static void stop(struct rig *r)
{
    char command[128];
    int status = -1;

    kill(r->pid, SIGTERM);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    assert_int_equal(status, 0);
    for (int i = 0; i < ROLE_FDS; i++)
        for (int side = 0; side < 2; side++)
            own_fd(&r->pairs[i][side]);
    board_close(r->board);
    close(r->board_fd);
    snprintf(command, sizeof command, "rm -rf '%s'", r->state);
    assert_int_equal(system(command), 0);
    free(r);
}

static void limit_files(const struct rig *r, rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};

    assert_int_equal(prlimit(r->pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static struct client_counts counts(const struct rig *r)
{
    OWN(client_close)
    struct client *c = NULL;
    struct client_counts out;
    enum err e;

    assert_int_equal(
        client_open(&c, r->pairs[ROLE_FD_HEARTBEAT_PEER][0], &env_system),
        WS_OK);
    while ((e = client_counts(c, &out)) == WS_AGAIN)
        ; /* until the role is up */
    assert_int_equal(e, WS_OK);
    return out;
}

/* A metric, and with `pictures` a screenshot, each with its own bytes. */
static enum err put(struct client *c, int n, size_t pictures)
{
    char metric[512], picture[PICTURE_BYTES] = "";
    static const char fields[] = "{\"captured_at\":\"2026-11-22T12:00:00Z\"}";
    OWN_FD int fd = memfd_create("picture", 0);
    struct client_item items[2] = {
        {.kind = WIRE_ITEM_METRIC, .payload = metric, .picture_fd = -1},
        {.kind = WIRE_ITEM_SCREENSHOT,
         .payload = fields,
         .payload_len = sizeof fields - 1,
         .picture_fd = fd,
         .picture_len = sizeof picture},
    };
    uint64_t seqs[2];
    enum err e;

    snprintf(picture, sizeof picture, "%d", n);
    assert_int_equal(write(fd, picture, sizeof picture), sizeof picture);
    sha256_hash_hex(picture, sizeof picture, items[1].picture_sha256);
    items[0].payload_len = (size_t)snprintf(
        metric, sizeof metric,
        "{\"agent_timestamp\":\"2026-11-22T12:00:00Z\",\"source_type\":"
        "\"screenshot\",\"source_ref\":\"r%d\",\"feature_version\":\"1\","
        "\"features\":{},\"productivity_score\":71.0,\"anomaly_score\":0,"
        "\"anomaly_label\":\"normal\",\"model_info\":{},\"pipeline_status\":"
        "\"ok\"}",
        n);
    while ((e = client_put(c, items, 1 + pictures, 0, seqs)) == WS_AGAIN)
        ;
    return e;
}

static void test_outbox_role_full_disk_counts_the_lost_picture(void **state)
{
    struct rig *r = start();
    OWN(client_close)
    struct client *c = NULL;
    struct client_counts after;
    enum err e = WS_OK;
    int n = 0;

    (void)state;
    assert_int_equal(client_open(&c, r->pairs[ROLE_FD_AI_PEER][0], &env_system),
                     WS_OK);
    (void)counts(r);
    limit_files(r, SMALL_BYTES);
    while (!e && n < 5000)
        e = put(c, n++, 1);
    assert_int_equal(e, WS_FULL); /* in the commit: pictures are smaller */
    limit_files(r, RLIM_INFINITY);
    assert_int_equal(put(c, n, 0), WS_OK);
    after = counts(r);
    assert_int_equal(after.dropped, 1);
    assert_int_equal(after.recorded, after.pending + after.dropped);
    stop(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outbox_role_full_disk_counts_the_lost_picture),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
