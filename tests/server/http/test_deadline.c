/* test_deadline.c - slow, greedy and numerous clients, over a real socket. */
#include "rig.h"

#include "core/clock.h"
#include "core/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define HOST "Host: t\r\n"
#define CLOSE "Connection: close\r\n"

static char text[1 << 20];

/* Deadlines that a test can wait for. */
static struct listener_limits quick(void)
{
    struct listener_limits limits = listener_limits_default;

    limits.header_deadline_ms = 200;
    limits.idle_ms = 200;
    limits.rate_grace_ms = 200;
    return limits;
}

static int set_up(void **state)
{
    struct listener_limits limits = quick();

    *state = rig_open(&limits);
    return 0;
}

static int set_up_small(void **state)
{
    struct listener_limits limits = listener_limits_default;

    limits.max_connections = 4;
    limits.max_held_bytes = 100000;
    *state = rig_open(&limits);
    return 0;
}

static int set_up_one_peer(void **state)
{
    struct listener_limits limits = listener_limits_default;

    limits.max_per_peer = 3;
    *state = rig_open(&limits);
    return 0;
}

static int tear_down(void **state)
{
    rig_close(*state);
    return 0;
}

static int64_t since_ms(int64_t from_ns)
{
    return (clock_mono_ns() - from_ns) / CLOCK_NS_PER_MS;
}

/* Send a byte now and then until the server says something or closes. */
static void dribble(int fd, char byte)
{
    struct timespec pause = {.tv_nsec = 20000000};
    char peek;
    int i;

    for (i = 0; i < 500; i++) {
        if (recv(fd, &peek, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
            return;
        if (send(fd, &byte, 1, MSG_NOSIGNAL) < 0)
            return;
        nanosleep(&pause, NULL);
    }
}

static void test_deadline_slow_head_is_408(void **state)
{
    int fd = rig_connect(*state);
    int64_t from = clock_mono_ns();

    rig_send(fd, "GET /hello HTTP/1.1\r\nX: ");
    dribble(fd, 'x');
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 408);
    assert_true(since_ms(from) >= 200);
    assert_true(since_ms(from) < 3000);
    close(fd);
}

static void test_deadline_silent_connection_is_closed(void **state)
{
    int fd = rig_connect(*state);

    assert_int_equal(rig_read_to_end(fd, text, sizeof(text)), 0);
    close(fd);
}

static void test_deadline_idle_kept_connection_is_closed(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_int_equal(rig_read_to_end(fd, text, sizeof(text)), 0);
    close(fd);
}

static void test_deadline_slow_body_is_408(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9999\r\n\r\n");
    dribble(fd, 'x');
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 408);
    close(fd);
}

static bool one_timed_out(void *arg)
{
    struct listener_counts counts;

    rig_count(arg, &counts);
    return counts.timed_out == 1 && counts.connections == 0;
}

static void test_deadline_slow_reader_is_cut_off(void **state)
{
    int fd = rig_connect(*state);
    int small = 4096;

    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    rig_send(fd, "GET /huge HTTP/1.1\r\n" HOST "\r\n");
    assert_true(rig_wait(one_timed_out, *state));
    close(fd);
}

static void test_deadline_held_request_is_not_cut_off(void **state)
{
    struct timespec pause = {.tv_nsec = 600000000};
    int fd = rig_connect(*state);

    rig_send(fd, "GET /held HTTP/1.1\r\n" HOST "\r\n");
    nanosleep(&pause, NULL); /* past every deadline of the client's side */
    rig_release(*state);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    close(fd);
}

static void test_deadline_half_a_request_then_gone_leaves_nothing(void **state)
{
    struct listener_counts counts;
    int fd = rig_connect(*state);

    rig_send(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99\r\n\r\nx");
    shutdown(fd, SHUT_WR);
    assert_int_equal(rig_read_to_end(fd, text, sizeof(text)), 0);
    close(fd);
    rig_count(*state, &counts);
    assert_int_equal(counts.connections, 0);
    assert_int_equal(counts.requests, 0);
    assert_int_equal(counts.held_bytes, 0);
}

static void test_deadline_over_all_connections_an_idle_one_goes(void **state)
{
    int idle[4], fd, i;

    for (i = 0; i < 4; i++)
        idle[i] = rig_connect(*state);
    fd = rig_connect(*state);
    rig_send(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_int_equal(rig_read_to_end(idle[0], text, sizeof(text)), 0);
    for (i = 0; i < 4; i++)
        close(idle[i]);
    close(fd);
}

static bool four_are_held(void *arg)
{
    return rig_held(arg) == 4;
}

static void test_deadline_over_all_connections_at_work_is_503(void **state)
{
    int busy[4], fd, i;

    for (i = 0; i < 4; i++) {
        busy[i] = rig_connect(*state);
        rig_send(busy[i], "GET /held HTTP/1.1\r\n" HOST "\r\n");
    }
    assert_true(rig_wait(four_are_held, *state));
    fd = rig_connect(*state);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 503);
    assert_non_null(strstr(text, "\r\nRetry-After: "));
    assert_non_null(strstr(text, "{\"error\":"));
    rig_release(*state);
    for (i = 0; i < 4; i++) {
        assert_int_equal(rig_answer(busy[i], text, sizeof(text)), 200);
        close(busy[i]);
    }
    close(fd);
}

static void test_deadline_over_one_peers_connections_is_429(void **state)
{
    int own[3], fd, i;

    for (i = 0; i < 3; i++) {
        own[i] = rig_connect(*state);
        rig_send(own[i], "GET /hello HTTP/1.1\r\n" HOST "\r\n");
        assert_int_equal(rig_answer(own[i], text, sizeof(text)), 200);
    }
    fd = rig_connect(*state);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 429);
    close(fd);
    for (i = 0; i < 3; i++) {
        rig_send(own[i], "GET /hello HTTP/1.1\r\n" HOST "\r\n");
        assert_int_equal(rig_answer(own[i], text, sizeof(text)), 200);
        close(own[i]);
    }
}

static void test_deadline_announced_body_over_all_memory_is_503(void **state)
{
    assert_int_equal(rig_ask(*state,
                             "POST /echo HTTP/1.1\r\n" HOST
                             "Content-Length: 200000\r\n\r\n",
                             text, sizeof(text)),
                     503);
}

static void test_deadline_chunks_over_all_memory_are_503(void **state)
{
    static char body[150000];
    int fd = rig_connect(*state);

    memset(body, 'x', sizeof(body));
    rig_send(fd, "POST /echo HTTP/1.1\r\n" HOST
                 "Transfer-Encoding: chunked\r\n\r\n249f0\r\n");
    rig_send_bytes(fd, body, sizeof(body));
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 503);
    close(fd);
}

/* Forms go to the disk, so the bound on memory does not bind them. */
static void test_deadline_form_larger_than_all_memory_is_taken(void **state)
{
    static char body[300000];
    uint8_t hash[SHA256_BYTES];
    char hex[SHA256_HEX_BYTES], head[512], wanted[256];
    int fd = rig_connect(*state);

    memset(body, 'x', sizeof(body));
    sha256_hash(body, sizeof(body), hash);
    sha256_hex(hash, sizeof(hash), hex);
    snprintf(head, sizeof(head),
             "POST /form HTTP/1.1\r\n" HOST CLOSE
             "Content-Type: multipart/form-data; boundary=B\r\n"
             "Content-Length: %zu\r\n\r\n"
             "--B\r\nContent-Disposition: form-data; name=\"session_id\"\r\n"
             "\r\n42\r\n"
             "--B\r\nContent-Disposition: form-data; name=\"image\"; "
             "filename=\"a.png\"\r\n\r\n",
             sizeof(body) + 142);
    rig_send(fd, head);
    rig_send_bytes(fd, body, sizeof(body));
    rig_send(fd, "\r\n--B--\r\n");
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    snprintf(wanted, sizeof(wanted), "session_id=42;image=%zu:%s:a.png:xxxx;",
             sizeof(body), hex);
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, wanted);
    close(fd);
}

#define DEADLINE_TEST(name, up)                                                \
    cmocka_unit_test_setup_teardown(name, up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DEADLINE_TEST(test_deadline_slow_head_is_408, set_up),
        DEADLINE_TEST(test_deadline_silent_connection_is_closed, set_up),
        DEADLINE_TEST(test_deadline_idle_kept_connection_is_closed, set_up),
        DEADLINE_TEST(test_deadline_slow_body_is_408, set_up),
        DEADLINE_TEST(test_deadline_slow_reader_is_cut_off, set_up),
        DEADLINE_TEST(test_deadline_held_request_is_not_cut_off, set_up),
        DEADLINE_TEST(test_deadline_half_a_request_then_gone_leaves_nothing,
                      set_up),
        DEADLINE_TEST(test_deadline_over_all_connections_an_idle_one_goes,
                      set_up_small),
        DEADLINE_TEST(test_deadline_over_all_connections_at_work_is_503,
                      set_up_small),
        DEADLINE_TEST(test_deadline_over_one_peers_connections_is_429,
                      set_up_one_peer),
        DEADLINE_TEST(test_deadline_announced_body_over_all_memory_is_503,
                      set_up_small),
        DEADLINE_TEST(test_deadline_chunks_over_all_memory_are_503,
                      set_up_small),
        DEADLINE_TEST(test_deadline_form_larger_than_all_memory_is_taken,
                      set_up_small),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
