/* test_conn.c - requests and answers over a real socket. */
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

static void test_conn_get_is_answered(void **state)
{
    assert_int_equal(
        ask(state, "GET /hello?name=a%20b HTTP/1.1\r\n" HOST CLOSE "\r\n"),
        200);
    assert_string_equal(body(), "a b");
    assert_non_null(strstr(text, "\r\nX-Request-Id: "));
    assert_non_null(strstr(text, "\r\nDate: "));
    assert_non_null(strstr(text, "\r\nContent-Security-Policy: default-src "));
    assert_non_null(strstr(text, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_non_null(strstr(text, "\r\nCache-Control: no-store\r\n"));
    assert_non_null(strstr(text, "\r\nConnection: close\r\n"));
}

static void test_conn_request_id_is_given_back(void **state)
{
    ask(state,
        "GET /hello HTTP/1.1\r\n" HOST CLOSE "X-Request-Id: abc-123\r\n\r\n");
    assert_non_null(strstr(text, "\r\nX-Request-Id: abc-123\r\n"));
    ask(state,
        "GET /hello HTTP/1.1\r\n" HOST CLOSE "X-Request-Id: a b\"c\r\n\r\n");
    assert_null(strstr(text, "a b\"c"));
}

static void test_conn_head_has_length_and_no_body(void **state)
{
    assert_int_equal(ask(state, "HEAD /hello HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     200);
    assert_non_null(strstr(text, "\r\nContent-Length: 5\r\n"));
    assert_string_equal(body(), "");
}

static void test_conn_unknown_path_is_404(void **state)
{
    assert_int_equal(ask(state, "GET /nope HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     404);
    assert_non_null(
        strstr(text, "\r\nContent-Type: application/problem+json\r\n"));
    assert_non_null(strstr(text, "{\"error\":"));
}

static void test_conn_wrong_method_is_405_with_allow(void **state)
{
    assert_int_equal(ask(state, "PUT /hello HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     405);
    assert_non_null(strstr(text, "\r\nAllow: GET, HEAD\r\n"));
}

static void test_conn_reader_route_runs_on_a_reader(void **state)
{
    assert_int_equal(ask(state, "GET /slow HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     200);
    assert_string_equal(body(), "slow");
}

static void test_conn_second_answer_is_ignored(void **state)
{
    assert_int_equal(ask(state, "GET /twice HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     200);
    assert_string_equal(body(), "first");
}

static void test_conn_handler_without_answer_is_500(void **state)
{
    assert_int_equal(ask(state, "GET /silent HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     500);
}

static void test_conn_header_with_newline_is_left_out(void **state)
{
    assert_int_equal(ask(state, "GET /headers HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     200);
    assert_non_null(strstr(text, "\r\nX-Good: yes\r\n"));
    assert_null(strstr(text, "stolen"));
}

static void test_conn_stays_for_the_next_request(void **state)
{
    int fd = rig_connect(*state);
    int i;

    for (i = 0; i < 100; i++) {
        rig_send(fd, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
        assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
        assert_string_equal(body(), "hello");
    }
    close(fd);
}

static void test_conn_pipelined_requests_are_answered_in_order(void **state)
{
    char request[128];
    int fd = rig_connect(*state);
    int i;

    for (i = 0; i < 100; i++) {
        snprintf(request, sizeof(request),
                 "GET /%s?name=%d HTTP/1.1\r\n" HOST "\r\n", "hello", i);
        rig_send(fd, request);
    }
    for (i = 0; i < 100; i++) {
        snprintf(request, sizeof(request), "%d", i);
        assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
        assert_string_equal(body(), request);
    }
    close(fd);
}

static void test_conn_http_1_0_is_closed_after(void **state)
{
    assert_int_equal(ask(state, "GET /hello HTTP/1.0\r\n\r\n"), 200);
    assert_string_equal(body(), "hello");
}

static void test_conn_body_by_length_arrives(void **state)
{
    assert_int_equal(ask(state, "POST /echo HTTP/1.1\r\n" HOST CLOSE
                                "Content-Length: 5\r\n\r\nabcde"),
                     200);
    assert_string_equal(body(), "abcde");
}

static void test_conn_body_by_chunks_arrives(void **state)
{
    assert_int_equal(ask(state, "POST /echo HTTP/1.1\r\n" HOST CLOSE
                                "Transfer-Encoding: chunked\r\n\r\n"
                                "3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n"),
                     200);
    assert_string_equal(body(), "abc0123456789");
}

static void test_conn_body_byte_by_byte_arrives(void **state)
{
    static const char request[] = "POST /echo HTTP/1.1\r\n" HOST CLOSE
                                  "Transfer-Encoding: chunked\r\n\r\n"
                                  "3\r\nabc\r\n0\r\n\r\n";
    int fd = rig_connect(*state);
    size_t i;

    for (i = 0; i < sizeof(request) - 1; i++)
        rig_send_bytes(fd, request + i, 1);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_string_equal(body(), "abc");
    close(fd);
}

static void
test_conn_long_body_arrives_whole_before_the_next_request(void **state)
{
    enum { LONG = 900000 };
    static char all[LONG + 512];
    int fd = rig_connect(*state);
    int head = snprintf(
        all, sizeof(all),
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: %d\r\n\r\n", LONG);

    for (int i = 0; i < LONG; i++)
        all[head + i] = (char)('a' + i % 23);
    strcpy(all + head + LONG, "GET /hello HTTP/1.1\r\n" HOST "\r\n");
    rig_send(fd, all);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_int_equal(strlen(body()), LONG);
    assert_memory_equal(body(), all + head, LONG);
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_string_equal(body(), "hello");
    close(fd);
}

static void test_conn_chunks_over_the_bound_are_413(void **state)
{
    static char big[(2 << 20) + 256];
    int fd = rig_connect(*state);
    int n = snprintf(big, sizeof(big),
                     "POST /echo HTTP/1.1\r\n" HOST
                     "Transfer-Encoding: chunked\r\n\r\n%x\r\n",
                     2 << 20);

    memset(big + n, 'x', 2 << 20);
    rig_send_bytes(fd, big, (size_t)n + (2 << 20));
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 413);
    close(fd);
}

static void test_conn_announced_large_body_is_413_before_it_comes(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "POST /echo HTTP/1.1\r\n" HOST
                 "Content-Length: 1073741824\r\n\r\n");
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 413);
    close(fd);
}

static void test_conn_expect_gets_100_then_the_answer(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "POST /echo HTTP/1.1\r\n" HOST CLOSE
                 "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 100);
    rig_send(fd, "abc");
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_string_equal(body(), "abc");
    close(fd);
}

static void test_conn_expect_of_a_refused_body_gets_no_100(void **state)
{
    assert_int_equal(ask(state, "POST /echo HTTP/1.1\r\n" HOST
                                "Content-Length: 9999999\r\n"
                                "Expect: 100-continue\r\n\r\n"),
                     413);
}

static void test_conn_early_answer_skips_a_small_body(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd,
             "POST /nope HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n01234");
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 404);
    rig_send(fd, "56789GET /hello HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    assert_string_equal(body(), "hello");
    close(fd);
}

static void test_conn_access_without_token_is_401(void **state)
{
    assert_int_equal(
        ask(state, "GET /sessions/7/x HTTP/1.1\r\n" HOST CLOSE "\r\n"), 401);
    assert_non_null(strstr(text, "\r\nWWW-Authenticate: Bearer\r\n"));
}

#define TOKEN "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_conn_access_by_token_of_that_session(void **state)
{
    assert_int_equal(ask(state, "GET /sessions/7/x HTTP/1.1\r\n" HOST CLOSE
                                "Authorization: Bearer " TOKEN "\r\n\r\n"),
                     200);
    assert_int_equal(ask(state, "GET /sessions/8/x HTTP/1.1\r\n" HOST CLOSE
                                "Authorization: Bearer " TOKEN "\r\n\r\n"),
                     403);
    assert_int_equal(ask(state, "GET /sessions/7/x HTTP/1.1\r\n" HOST CLOSE
                                "Authorization: Bearer b" TOKEN "\r\n\r\n"),
                     403);
}

static void test_conn_access_of_a_browser_is_303_to_login(void **state)
{
    assert_int_equal(ask(state, "GET /page?a=b HTTP/1.1\r\n" HOST CLOSE
                                "Accept: text/html,*/*\r\n\r\n"),
                     303);
    assert_non_null(
        strstr(text, "\r\nLocation: /login?next=/page%3Fa%3Db\r\n"));
    assert_int_equal(ask(state, "GET /page HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     401);
}

static void test_conn_access_decided_later_goes_on(void **state)
{
    assert_int_equal(ask(state, "GET /later HTTP/1.1\r\n" HOST CLOSE "\r\n"),
                     200);
    assert_int_equal(ask(state, "POST /later HTTP/1.1\r\n" HOST CLOSE
                                "Content-Length: 3\r\n\r\nabc"),
                     200);
    assert_string_equal(body(), "abc");
}

static void test_conn_big_answer_arrives_whole(void **state)
{
    static char all[(4 << 20) + 4096];
    int fd = rig_connect(*state);

    rig_send(fd, "GET /big HTTP/1.1\r\n" HOST CLOSE "\r\n");
    assert_true(rig_read_to_end(fd, all, sizeof(all)) > 4 << 20);
    assert_int_equal(strspn(strstr(all, "\r\n\r\n") + 4, "b"), 4 << 20);
    close(fd);
}

static void test_conn_file_arrives_whole_and_the_connection_stays(void **state)
{
    static char all[(8 << 20) + 4096];
    int fd = rig_connect(*state);
    size_t len = 0, end = 1;
    int i;

    for (i = 0; i < 2; i++, len = 0, end = 1) {
        rig_send(fd, "GET /file HTTP/1.1\r\n" HOST "\r\n");
        while (len < end) {
            ssize_t n = recv(fd, all + len, sizeof(all) - len - 1, 0);
            const char *body;

            assert_true(n > 0);
            len += (size_t)n;
            all[len] = '\0';
            body = strstr(all, "\r\n\r\n");
            end = body ? (size_t)(body + 4 - all) + (8 << 20) : len + 1;
        }
        assert_int_equal(len, end);
        assert_int_equal(strspn(all + end - (8 << 20), "f"), 8 << 20);
    }
    close(fd);
}

static bool one_stream_closed(void *arg)
{
    return rig_streams_closed(arg) == 1;
}

static void test_conn_stream_sends_events_until_the_client_leaves(void **state)
{
    int fd = rig_connect(*state);
    size_t len = 0;

    rig_send(fd, "GET /stream HTTP/1.1\r\n" HOST "\r\n");
    text[0] = '\0';
    while (!strstr(text, "data: first")) {
        ssize_t n = recv(fd, text + len, sizeof(text) - len - 1, 0);

        assert_true(n > 0);
        len += (size_t)n;
        text[len] = '\0';
    }
    assert_non_null(strstr(text, "\r\nContent-Type: text/event-stream\r\n"));
    assert_null(strstr(text, "Content-Length"));
    close(fd);
    assert_true(rig_wait(one_stream_closed, *state));
}

static void test_conn_stream_over_its_bound_is_cut_off(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, "GET /stream?flood=1 HTTP/1.1\r\n" HOST "\r\n");
    assert_true(rig_wait(one_stream_closed, *state));
    assert_true(rig_read_to_end(fd, text, sizeof(text)) > 0);
    close(fd);
}

#define CONN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONN_TEST(test_conn_get_is_answered),
        CONN_TEST(test_conn_request_id_is_given_back),
        CONN_TEST(test_conn_head_has_length_and_no_body),
        CONN_TEST(test_conn_unknown_path_is_404),
        CONN_TEST(test_conn_wrong_method_is_405_with_allow),
        CONN_TEST(test_conn_reader_route_runs_on_a_reader),
        CONN_TEST(test_conn_second_answer_is_ignored),
        CONN_TEST(test_conn_handler_without_answer_is_500),
        CONN_TEST(test_conn_header_with_newline_is_left_out),
        CONN_TEST(test_conn_stays_for_the_next_request),
        CONN_TEST(test_conn_pipelined_requests_are_answered_in_order),
        CONN_TEST(test_conn_http_1_0_is_closed_after),
        CONN_TEST(test_conn_body_by_length_arrives),
        CONN_TEST(test_conn_body_by_chunks_arrives),
        CONN_TEST(test_conn_body_byte_by_byte_arrives),
        CONN_TEST(test_conn_long_body_arrives_whole_before_the_next_request),
        CONN_TEST(test_conn_chunks_over_the_bound_are_413),
        CONN_TEST(test_conn_announced_large_body_is_413_before_it_comes),
        CONN_TEST(test_conn_expect_gets_100_then_the_answer),
        CONN_TEST(test_conn_expect_of_a_refused_body_gets_no_100),
        CONN_TEST(test_conn_early_answer_skips_a_small_body),
        CONN_TEST(test_conn_access_without_token_is_401),
        CONN_TEST(test_conn_access_by_token_of_that_session),
        CONN_TEST(test_conn_access_of_a_browser_is_303_to_login),
        CONN_TEST(test_conn_access_decided_later_goes_on),
        CONN_TEST(test_conn_big_answer_arrives_whole),
        CONN_TEST(test_conn_file_arrives_whole_and_the_connection_stays),
        CONN_TEST(test_conn_stream_sends_events_until_the_client_leaves),
        CONN_TEST(test_conn_stream_over_its_bound_is_cut_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
