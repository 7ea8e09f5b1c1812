/* test_conn_gone.c - clients that leave, wholly or by half, and the drain. */
#include "rig.h"

#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HOST "Host: t\r\n"
#define CLOSE "Connection: close\r\n"

static char text[1 << 20];

static int set_up(void **state)
{
    *state = rig_open(NULL);
    return 0;
}

static int tear_down(void **state)
{
    rig_close(*state);
    return 0;
}

static int ask(void **state, const char *request)
{
    return rig_ask(*state, request, text, sizeof(text));
}

static const char *body(void)
{
    return strstr(text, "\r\n\r\n") + 4;
}

static bool one_is_held(void *arg)
{
    return rig_held(arg) == 1;
}

static bool one_is_gone(void *arg)
{
    return rig_held_gone(arg) == 1;
}

static void test_conn_held_request_is_answered_later(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    assert_true(rig_wait(one_is_held, *state));
    rig_release(*state);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_string_equal(body(), "released");
    close(fd);
}

static void test_conn_held_request_knows_that_its_client_left(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    assert_true(rig_wait(one_is_held, *state));
    close(fd);
    assert_true(rig_wait(one_is_gone, *state));
    rig_release(*state);
    assert_int_equal(ask(state, "GET /hello HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     200);
}

static bool nothing_is_held(void *arg)
{
    struct listener_counts counts;

    rig_count(arg, &counts);
    return counts.held_bytes == 0;
}

static void reset(int fd)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(fd);
}

static void test_conn_reset_while_held_is_survived(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    assert_true(rig_wait(one_is_held, *state));
    reset(fd);
    assert_true(rig_wait(one_is_gone, *state));
    rig_release(*state);
}

/* What is told to go on may be gone when it is told: nothing of it stays (the
 * leak checker looks). */
static void test_conn_reset_before_100_continue_leaves_nothing(void **state)
{
    struct listener_counts counts;

    for (int i = 0; i < 200; i++) {
        int fd = rig_connect(*state);

        rig_send(fd, "POST /echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                     "Content-Length: 100000\r\n\r\n");
        reset(fd);
    }
    assert_int_equal(ask(state, "GET /hello HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     200);
    assert_true(rig_wait(nothing_is_held, *state));
    rig_drain(*state, 5000);
    rig_count(*state, &counts);
    assert_int_equal(counts.requests, 0);
}

static void test_conn_half_closed_client_gets_its_answers(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n"
                 "GET /slow HTTP/1.1\r\n" HOST "\r\n");
    shutdown(fd, SHUT_WR);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_string_equal(body(), "slow");
    assert_int_equal(rig_read_to_end(fd, text, sizeof(text)), 0);
    close(fd);
}

/* A client can't have much kept for it by leaving and coming back. */
static void test_conn_body_of_one_that_left_is_counted_on(void **state)
{
    static char body[100000];
    struct listener_counts counts;
    int fd = rig_connect(*state);

    memset(body, 'x', sizeof(body));
    rig_send(fd,
             "POST /held HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    rig_send_bytes(fd, body, sizeof(body));
    assert_true(rig_wait(one_is_held, *state));
    reset(fd);
    assert_true(rig_wait(one_is_gone, *state));
    rig_count(*state, &counts);
    assert_true(counts.held_bytes >= sizeof(body));
    rig_release(*state);
    assert_true(rig_wait(nothing_is_held, *state));
}

static void test_conn_drain_finishes_what_is_held(void **state)
{
    struct listener_counts counts;
    int idle = rig_connect(*state);
    int fd = rig_connect(*state);

    rig_send(fd, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    assert_true(rig_wait(one_is_held, *state));
    rig_release(*state);
    rig_drain(*state, 5000);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_int_equal(rig_read_to_end(idle, text, sizeof(text)), 0);
    rig_count(*state, &counts);
    assert_int_equal(counts.connections, 0);
    assert_int_equal(counts.held_bytes, 0);
    assert_int_equal(counts.requests, 0);
    close(fd);
    close(idle);
}

static void test_conn_drain_cuts_off_after_its_grace(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    assert_true(rig_wait(one_is_held, *state));
    rig_drain(*state, 50);
    assert_int_equal(rig_read_to_end(fd, text, sizeof(text)), 0);
    close(fd);
}

#define CONN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONN_TEST(test_conn_held_request_is_answered_later),
        CONN_TEST(test_conn_held_request_knows_that_its_client_left),
        CONN_TEST(test_conn_reset_while_held_is_survived),
        CONN_TEST(test_conn_reset_before_100_continue_leaves_nothing),
        CONN_TEST(test_conn_half_closed_client_gets_its_answers),
        CONN_TEST(test_conn_body_of_one_that_left_is_counted_on),
        CONN_TEST(test_conn_drain_finishes_what_is_held),
        CONN_TEST(test_conn_drain_cuts_off_after_its_grace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
