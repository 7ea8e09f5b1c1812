/* test_control.c - the verbs of agent/cli/control.h, as the outbox answers. */
#include "tests/agent/queue_rig.h"

#include "agent/outbox/control_server.h"
#include "core/json.h"

#include <sys/socket.h>

static struct board *board;
static struct control_scope scope;
static struct pausing pausing;
static struct json *doc; /* the last answer */

static int make(void **state)
{
    int fd;

    if (rig_make(state) || board_create(&board, &fd))
        return -1;
    close(fd);
    pausing = (struct pausing){
        .outbox = rig.outbox, .board = board, .env = &rig.env, .fd = -1};
    scope = (struct control_scope){.outbox = rig.outbox,
                                   .board = board,
                                   .env = &rig.env,
                                   .pausing = &pausing};
    return pausing_open(&pausing, rig.dir) ? -1 : 0;
}

static int end(void **state)
{
    json_free(doc);
    doc = NULL;
    pausing_close(&pausing);
    board_close(board);
    return rig_remove(state);
}

static const char *ask(const char *line)
{
    OWN_BUF struct buf out = BUF_EMPTY;

    json_free(doc);
    doc = NULL;
    assert_int_equal(control_answer(&scope, line, strlen(line), &out), WS_OK);
    assert_int_equal(out.data[out.len - 1], '\n');
    assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
    assert_int_equal(json_parse(out.data, out.len, &doc, NULL), WS_OK);
    return json_text(json_get(doc, "error"), "ok");
}

static const struct json *at(const char *key)
{
    return json_get(doc, key);
}

static const char *first_id(void)
{
    return json_text(json_get(json_first(at("items")), "id"), "");
}

static void test_control_bad_requests_say_what_is_wrong(void **state)
{
    static const char *const lines[] = {
        "",
        "no json",
        "[]",
        "{}",
        "{\"verb\":7}",
        "{\"verb\":\"fly\"}",
        "{\"verb\":\"queue-list\",\"limit\":0}",
        "{\"verb\":\"queue-list\",\"limit\":1001}",
        "{\"verb\":\"queue-list\",\"limit\":\"5\"}",
        "{\"verb\":\"queue-list\",\"state\":\"lost\"}",
        "{\"verb\":\"queue-retry\",\"id\":7}",
        "{\"verb\":\"queue-retry\",\"id\":\"x\"}",
        "{\"verb\":\"queue-retry\",\"id\":\"abc/1\"}",
        "{\"verb\":\"queue-retry\",\"id\":\"0\"}",
        "{\"verb\":\"pause\"}",
        "{\"verb\":\"pause\",\"duration_ms\":999}",
        "{\"verb\":\"pause\",\"duration_ms\":86400001}",
        "{\"verb\":\"sent\",\"limit\":-1}",
        "{\"verb\":\"enroll\"}",
        "{\"verb\":\"enroll\",\"code\":\"two words\"}",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_string_equal(ask(lines[i]), "invalid");
        assert_false(json_bool(at("ok"), true));
        assert_true(strlen(json_text(at("detail"), "")) > 10);
    }
    assert_int_equal(rig_counts().recorded, 1);
}

static void test_control_status_has_queue_and_board(void **state)
{
    (void)state;
    rig_put_ok(1);
    assert_string_equal(ask("{\"verb\":\"status\"}"), "ok");
    assert_int_equal(json_int(json_get(at("queue"), "recorded"), 0), 2);
    assert_int_equal(json_int(json_get(at("queue"), "pending"), 0), 2);
    assert_int_equal(json_int(at("head_seq"), 0), 2);
    assert_false(json_bool(at("enrolled"), true));
    assert_int_equal(json_kind(at("pause")), JSON_NULL);
    assert_int_equal(json_int(json_get(at("today"), "captured"), 0), 1);
    assert_true(json_number(json_get(at("last_metric"), "productivity_score"),
                            0) == 71);
    assert_int_equal(json_kind(json_get(at("board"), "roles")), JSON_ARRAY);
    rig_register();
    assert_string_equal(ask("{\"verb\":\"status\"}"), "ok");
    assert_true(json_bool(at("enrolled"), false));
}

static void test_control_dead_letter_is_listed_and_retried(void **state)
{
    char line[128], id[48];

    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_put_ok(2);
    assert_int_equal(rig_settle(2, CLIENT_BURY, "400 bad enum"), WS_OK);
    assert_string_equal(ask("{\"verb\":\"queue-list\",\"state\":\"dead\"}"),
                        "ok");
    assert_int_equal(json_count(at("items")), 1);
    assert_string_equal(
        json_text(json_get(json_first(at("items")), "reason"), ""),
        "400 bad enum");
    snprintf(id, sizeof(id), "%s", first_id());
    snprintf(line, sizeof(line), "{\"verb\":\"queue-retry\",\"id\":\"%s\"}",
             id);
    assert_string_equal(ask(line), "ok");
    assert_int_equal(json_int(at("count"), 0), 1);
    assert_string_equal(ask(line), "not-found"); /* no longer dead */
    assert_int_equal(rig_counts().dead, 0);
    assert_int_equal(rig_lease_count(10), 3); /* with the tombstone */
    rig_check_law();
}

static void test_control_purge_takes_dead_letters_only(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_put_ok(2);
    assert_int_equal(rig_settle(2, CLIENT_BURY, "x"), WS_OK);
    assert_string_equal(ask("{\"verb\":\"queue-purge\",\"id\":\"3\"}"),
                        "not-found");
    assert_string_equal(ask("{\"verb\":\"queue-purge\"}"), "ok");
    assert_int_equal(json_int(at("count"), 0), 1);
    assert_int_equal(rig_counts().dead, 1); /* still counted */
    assert_int_equal(rig_counts().pending, 2);
    assert_string_equal(ask("{\"verb\":\"queue-purge\"}"), "ok");
    assert_int_equal(json_int(at("count"), 9), 0);
    rig_check_law();
}

static void test_control_list_says_when_there_is_more(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 5; i++)
        rig_put_ok(i);
    assert_string_equal(ask("{\"verb\":\"queue-list\",\"limit\":3}"), "ok");
    assert_int_equal(json_count(at("items")), 3);
    assert_true(json_bool(at("more"), false));
    assert_string_equal(ask("{\"verb\":\"queue-list\"}"), "ok");
    assert_int_equal(json_count(at("items")), 6); /* with the session */
    assert_false(json_bool(at("more"), true));
}

static void test_control_sent_and_explain_show_the_bytes(void **state)
{
    char line[128];

    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_settle(2, CLIENT_DELIVERED, NULL), WS_OK);
    assert_string_equal(ask("{\"verb\":\"sent\",\"limit\":1}"), "ok");
    assert_int_equal(json_count(at("items")), 1);
    assert_int_equal(
        json_int(json_get(json_first(at("items")), "server_id"), 0), 5);
    snprintf(line, sizeof(line), "{\"verb\":\"explain\",\"id\":\"%s\"}",
             first_id());
    assert_string_equal(ask(line), "ok");
    assert_string_equal(json_text(json_get(at("payload"), "source_ref"), ""),
                        "r1");
    assert_string_equal(json_text(json_get(at("item"), "state"), ""), "sent");
    assert_string_equal(ask("{\"verb\":\"explain\"}"), "ok");
    assert_string_equal(ask("{\"verb\":\"explain\",\"id\":\"77\"}"),
                        "not-found");
}

/* The outbox dies and comes again; the board lives on, or a new run begins. */
static void restart(bool new_run)
{
    int64_t until;

    pausing_close(&pausing);
    rig_close();
    if (new_run) {
        assert_int_equal(pausing_load(rig.dir, rig.wall_ns, &until), WS_OK);
        board->paused_until_wall_ns = until;
    }
    rig_open();
    scope.outbox = pausing.outbox = rig.outbox;
    assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
    assert_int_equal(pausing_open(&pausing, rig.dir), WS_OK);
}

static void test_control_pause_survives_a_restart(void **state)
{
    char payload[512];

    (void)state;
    rig_register();
    assert_string_equal(ask("{\"verb\":\"pause\",\"duration_ms\":60000,"
                            "\"reason\":\"lunch\"}"),
                        "ok");
    assert_true(board->paused_until_wall_ns ==
                rig.wall_ns + 60 * CLOCK_NS_PER_S);
    assert_int_equal(pausing_write(&pausing), WS_OK);
    rig_next_payload(payload, sizeof(payload));
    assert_non_null(strstr(payload, "\"event\":\"pause\""));
    assert_non_null(strstr(payload, "lunch"));
    restart(true);
    assert_true(board->paused_until_wall_ns != 0);
    assert_string_equal(ask("{\"verb\":\"status\"}"), "ok");
    assert_string_equal(json_text(json_get(at("pause"), "reason"), ""),
                        "lunch");
    assert_true(json_bool(json_get(at("pause"), "written"), false));
    assert_string_equal(ask("{\"verb\":\"resume\"}"), "ok");
    assert_true(json_bool(at("was_paused"), false));
    assert_true(board->paused_until_wall_ns == 0);
    assert_int_equal(pausing_write(&pausing), WS_OK);
    rig_next_payload(payload, sizeof(payload));
    assert_non_null(strstr(payload, "\"event\":\"resume\""));
    assert_string_equal(ask("{\"verb\":\"resume\"}"), "ok");
    assert_false(json_bool(at("was_paused"), true));
}

/* The queue has no room for its event, in this run nor in the next. */
static void test_control_pause_not_recorded_outlives_the_run(void **state)
{
    char payload[512];

    (void)state;
    rig_register();
    assert_string_equal(ask("{\"verb\":\"pause\",\"duration_ms\":60000}"),
                        "ok");
    assert_string_equal(ask("{\"verb\":\"status\"}"), "ok");
    assert_true(json_bool(json_get(at("pause"), "written"), false));
    restart(false);
    restart(true);
    assert_true(board->paused_until_wall_ns ==
                rig.wall_ns + 60 * CLOCK_NS_PER_S);
    assert_true(pausing.owed);
    assert_int_equal(pausing_write(&pausing), WS_OK);
    rig_next_payload(payload, sizeof(payload));
    assert_non_null(strstr(payload, "\"event\":\"pause\""));
    restart(true);
    assert_false(pausing.owed);
    assert_string_equal(ask("{\"verb\":\"resume\"}"), "ok");
    restart(true); /* nor for the resume's */
    assert_true(board->paused_until_wall_ns == 0);
    assert_true(pausing.owed);
    assert_int_equal(pausing_write(&pausing), WS_OK);
    rig_next_payload(payload, sizeof(payload));
    assert_non_null(strstr(payload, "\"event\":\"resume\""));
}

static void
test_control_pause_that_cannot_be_read_is_no_pause_over(void **state)
{
    static const char *const bad[] = {"", "tomorrow", "000000000000000000001"};
    char path[96];
    int64_t until;
    FILE *f;

    (void)state;
    snprintf(path, sizeof(path), "%s/pause", rig.dir);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        f = fopen(path, "w");
        assert_non_null(f);
        fputs(bad[i], f);
        fclose(f);
        assert_int_not_equal(pausing_load(rig.dir, rig.wall_ns, &until), WS_OK);
    }
    unlink(path);
    assert_int_equal(pausing_load(rig.dir, rig.wall_ns, &until), WS_OK);
    assert_int_equal(until, 0);
}

static void test_control_pause_of_another_clock_is_cut(void **state)
{
    (void)state;
    assert_string_equal(ask("{\"verb\":\"pause\",\"duration_ms\":60000}"),
                        "ok");
    assert_int_equal(pausing_write(&pausing), WS_OK);
    rig.wall_ns -= INT64_C(3650) * 86400 * CLOCK_NS_PER_S;
    restart(true);
    assert_true(board->paused_until_wall_ns ==
                rig.wall_ns + 86400 * CLOCK_NS_PER_S);
    rig.wall_ns += INT64_C(7300) * 86400 * CLOCK_NS_PER_S;
    restart(true);
    assert_true(board->paused_until_wall_ns == 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, end)

/* Two commands in one turn: the second one's commit fails. */
static void test_control_server_retracts_one_answer_alone(void **state)
{
    static const char line[] = "{\"verb\":\"resume\"}\n";
    struct control_server server;
    char answer[256];
    int ends[2][2];
    ssize_t n;

    (void)state;
    control_server_init(&server, -1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends[i]), 0);
        server.peers[i].fd = ends[i][1];
        server.peers[i].deadline_ns = INT64_MAX;
        assert_int_equal(write(ends[i][0], line, sizeof(line) - 1),
                         sizeof(line) - 1);
    }
    assert_true(control_server_read(&server, 0));
    assert_int_equal(control_server_answer(&server, &scope), WS_OK);
    assert_int_equal(control_server_answer(&server, &scope), WS_OK);
    control_server_retract(&server);
    control_server_write(&server, 0);
    for (int i = 0; i < 2; i++) {
        n = read(ends[i][0], answer, sizeof(answer) - 1);
        assert_true(n > 0);
        answer[n] = '\0';
        assert_non_null(strstr(answer, i ? "\"ok\":false" : "\"ok\":true"));
        close(ends[i][0]);
    }
    control_server_fini(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_control_bad_requests_say_what_is_wrong),
        CASE(test_control_status_has_queue_and_board),
        CASE(test_control_dead_letter_is_listed_and_retried),
        CASE(test_control_purge_takes_dead_letters_only),
        CASE(test_control_list_says_when_there_is_more),
        CASE(test_control_sent_and_explain_show_the_bytes),
        CASE(test_control_pause_survives_a_restart),
        CASE(test_control_pause_not_recorded_outlives_the_run),
        CASE(test_control_pause_that_cannot_be_read_is_no_pause_over),
        CASE(test_control_pause_of_another_clock_is_cut),
        CASE(test_control_server_retracts_one_answer_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
