/* test_http_client.c - the promises of core/http_client.h.
 *
 * Goal: a real socket answers byte for byte what a case says, and the case
 * looks at what came over the wire and at what the caller was told.
 */
#include "core/clock.h"
#include "core/http_client.h"
#include "tests/core/http_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* One exchange with a peer that answers so. */
struct exchange {
    struct peer peer;
    struct http_client *client;
    struct transport_request request;
    struct transport_answer answer;
    enum err e;
    int64_t took_ms;
};

static char url[96];

static void begin(struct exchange *x, const char *answer)
{
    memset(x, 0, sizeof(*x));
    peer_start(&x->peer, answer);
    assert_int_equal(http_client_open(&x->client), WS_OK);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/api/sessions/",
             x->peer.port);
    x->request = (struct transport_request){
        .method = "GET", .url = url, .deadline_ms = 5000};
}

static void run(struct exchange *x)
{
    int64_t start = clock_mono_ns();

    buf_fini(&x->answer.body);
    x->e = http_client_exchange(x->client, &x->request, &x->answer);
    x->took_ms = (clock_mono_ns() - start) / CLOCK_NS_PER_MS;
}

static void end(struct exchange *x)
{
    http_client_close(x->client);
    peer_stop(&x->peer);
    buf_fini(&x->answer.body);
}

#define OK_HEAD                                                                \
    "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=x\r\n"

static void test_http_client_answer_is_given_whole(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
                      "Content-Length: 5\r\n\r\nhello");
    run(&x);
    assert_int_equal(x.e, WS_OK);
    assert_int_equal(x.answer.status, 200);
    assert_string_equal(x.answer.content_type, "application/json");
    assert_string_equal(buf_text(&x.answer.body), "hello");
    assert_int_equal(x.answer.retry_after_s, TRANSPORT_NO_RETRY_AFTER);
    assert_true(x.answer.server_wall_ns == INT64_C(1795348800) * 1000000000);
    end(&x);
}

static void test_http_client_post_sends_bytes_token_and_headers(void **state)
{
    const char *const headers[] = {"Content-Encoding: gzip", NULL};
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Content-Length: 0\r\n\r\n");
    x.request.method = "POST";
    x.request.bearer = "abc123";
    x.request.headers = headers;
    x.request.content_type = "application/json";
    x.request.body = "\x1f\x8b\0z";
    x.request.body_len = 4;
    run(&x);
    assert_int_equal(x.answer.status, 200);
    assert_memory_equal(x.peer.request, "POST /api/sessions/ HTTP/1.1\r\n", 30);
    assert_non_null(strstr(x.peer.request, "\r\nAuthorization: Bearer abc123"));
    assert_non_null(strstr(x.peer.request, "\r\nContent-Encoding: gzip\r\n"));
    assert_non_null(
        strstr(x.peer.request, "\r\nContent-Type: application/json\r\n"));
    assert_null(strstr(x.peer.request, "Expect:"));
    assert_memory_equal(x.peer.request + x.peer.request_len - 4, "\x1f\x8b\0z",
                        4);
    end(&x);
}

static void test_http_client_empty_post_says_length_zero(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Content-Length: 0\r\n\r\n");
    x.request.method = "POST";
    run(&x);
    assert_int_equal(x.answer.status, 200);
    assert_non_null(strstr(x.peer.request, "\r\nContent-Length: 0\r\n"));
    end(&x);
}

static void test_http_client_form_carries_each_part(void **state)
{
    const struct transport_part parts[] = {
        {.name = "session_id", .data = "7", .len = 1},
        {.name = "image",
         .filename = "1.jpg",
         .content_type = "image/jpeg",
         .data = "\xff\xd8\0q",
         .len = 4},
    };
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Content-Length: 0\r\n\r\n");
    x.request.method = "POST";
    x.request.parts = parts;
    x.request.part_count = 2;
    run(&x);
    assert_int_equal(x.answer.status, 200);
    assert_non_null(
        strstr(x.peer.request, "Content-Type: multipart/form-data; boundary="));
    assert_non_null(strstr(x.peer.request, "name=\"session_id\"\r\n\r\n7\r\n"));
    assert_non_null(strstr(x.peer.request,
                           "name=\"image\"; filename=\"1.jpg\"\r\n"
                           "Content-Type: image/jpeg\r\n\r\n"));
    assert_non_null(memmem(x.peer.request, x.peer.request_len,
                           "\r\n\r\n\xff\xd8\0q\r\n", 10));
    end(&x);
}

static void test_http_client_redirect_is_not_followed(void **state)
{
    struct exchange x;
    char answer[200];

    (void)state;
    begin(&x, NULL);
    snprintf(answer, sizeof(answer),
             "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/other\r\n"
             "Content-Length: 0\r\n\r\n",
             x.peer.port);
    x.peer.answer_len = strlen(answer);
    x.peer.answer = answer;
    x.request.bearer = "secret";
    run(&x);
    assert_int_equal(x.answer.status, 302);
    assert_int_equal(x.peer.requests, 1);
    end(&x);
}

static void test_http_client_two_requests_share_a_connection(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Content-Length: 0\r\n\r\n");
    run(&x);
    run(&x);
    assert_int_equal(x.answer.status, 200);
    assert_int_equal(x.peer.requests, 2);
    assert_int_equal(x.peer.connections, 1);
    end(&x);
}

static void test_http_client_retry_after_is_read_or_ignored(void **state)
{
    static const struct {
        const char *value;
        int64_t expected_s;
    } rows[] = {
        {"5", 5},
        {"0", 0},
        {"-1", TRANSPORT_NO_RETRY_AFTER},
        {"1e18", TRANSPORT_NO_RETRY_AFTER},
        {"soon", TRANSPORT_NO_RETRY_AFTER},
        {"", TRANSPORT_NO_RETRY_AFTER},
        {"5 s", TRANSPORT_NO_RETRY_AFTER},
        {"Sun, 22 Nov 2026 12:00:30 GMT", 30},
        {"Sun, 22 Nov 2026 11:00:00 GMT", 0},
        {"Sun, 99 Nov 2026 11:00:00 GMT", TRANSPORT_NO_RETRY_AFTER},
    };
    char answer[300];
    struct exchange x;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 503 Away\r\nRetry-After: %s\r\n"
                 "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
                 "Content-Length: 0\r\n\r\n",
                 rows[i].value);
        begin(&x, answer);
        run(&x);
        assert_int_equal(x.answer.status, 503);
        assert_int_equal(x.answer.retry_after_s, rows[i].expected_s);
        end(&x);
    }
}

static void test_http_client_huge_retry_after_stays_positive(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, "HTTP/1.1 503 Away\r\nContent-Length: 0\r\n"
              "Retry-After: 99999999999999999999999999\r\n\r\n");
    run(&x);
    assert_true(x.answer.retry_after_s > INT64_C(1000000000));
    end(&x);
}

static void test_http_client_cut_answer_is_no_answer(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Connection: close\r\nContent-Length: 50\r\n\r\nhalf");
    run(&x);
    assert_int_equal(x.e, WS_OK);
    assert_int_equal(x.answer.status, 0);
    assert_int_equal(x.answer.body.len, 0);
    assert_true(strlen(x.answer.error) > 0);
    end(&x);
}

static void test_http_client_silent_peer_ends_at_first_byte_limit(void **state)
{
    const struct http_client_limits limits = {
        .connect_ms = 1000, .first_byte_ms = 300, .low_speed_ms = 60000};
    struct exchange x;

    (void)state;
    begin(&x, NULL);
    http_client_set_limits(x.client, &limits);
    run(&x);
    assert_int_equal(x.answer.status, 0);
    assert_string_equal(x.answer.error, "no answer came");
    assert_in_range(x.took_ms, 300, 3000);
    end(&x);
}

static void test_http_client_stalled_answer_ends_at_low_speed(void **state)
{
    const struct http_client_limits limits = {
        .connect_ms = 1000, .first_byte_ms = 60000, .low_speed_ms = 300};
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Content-Length: 50\r\n\r\nhalf");
    x.peer.hang = true;
    http_client_set_limits(x.client, &limits);
    run(&x);
    assert_int_equal(x.answer.status, 0);
    assert_string_equal(x.answer.error, "the answer stalled");
    assert_in_range(x.took_ms, 300, 3000);
    end(&x);
}

static void test_http_client_deadline_ends_the_whole_exchange(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, NULL);
    x.request.deadline_ms = 400;
    run(&x);
    assert_int_equal(x.answer.status, 0);
    assert_in_range(x.took_ms, 380, 3000);
    end(&x);
}

static bool thrice(void *ctx)
{
    int *calls = ctx;

    return ++*calls < 3;
}

static void test_http_client_wait_is_shown_and_may_end_it(void **state)
{
    struct exchange x;
    int calls = 0;

    (void)state;
    begin(&x, NULL);
    http_client_on_wait(x.client, thrice, &calls);
    run(&x);
    assert_int_equal(x.answer.status, 0);
    assert_string_equal(x.answer.error, "stopped");
    assert_int_equal(calls, 3);
    assert_in_range(x.took_ms, 0, 2000);
    end(&x);
}

static void test_http_client_body_over_limit_is_no_answer(void **state)
{
    size_t size = TRANSPORT_MAX_ANSWER_BYTES + 1;
    OWN_BUF struct buf answer = BUF_EMPTY;
    struct exchange x;
    size_t i;

    (void)state;
    buf_printf(&answer, OK_HEAD "Content-Length: %zu\r\n\r\n", size);
    for (i = 0; i < size; i++)
        buf_append_byte(&answer, 'x');
    begin(&x, NULL);
    x.peer.answer_len = answer.len;
    x.peer.answer = answer.data;
    run(&x);
    assert_int_equal(x.answer.status, 0);
    assert_non_null(strstr(x.answer.error, "1 MiB"));
    end(&x);
}

static void test_http_client_refused_connection_says_so(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Content-Length: 0\r\n\r\n");
    peer_stop(&x.peer);
    run(&x);
    assert_int_equal(x.e, WS_OK);
    assert_int_equal(x.answer.status, 0);
    assert_non_null(strstr(x.answer.error, "Connection refused"));
    http_client_close(x.client);
    buf_fini(&x.answer.body);
}

static void test_http_client_other_schemes_are_refused(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, NULL);
    x.request.url = "file:///etc/hostname";
    run(&x);
    assert_int_equal(x.answer.status, 0);
    assert_int_equal(x.answer.body.len, 0);
    end(&x);
}

static void test_http_client_broken_header_line_is_invalid(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Content-Length: 0\r\n\r\n");
    x.request.bearer = "abc\r\nX-Smuggled: 1";
    run(&x);
    assert_int_equal(x.e, WS_INVALID);
    assert_int_equal(x.peer.requests, 0);
    end(&x);
}

static void test_http_client_loopback_ignores_the_proxy(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, OK_HEAD "Content-Length: 0\r\n\r\n");
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    run(&x);
    unsetenv("http_proxy");
    assert_int_equal(x.answer.status, 200);
    end(&x);
}

static void test_http_client_other_hosts_use_the_proxy(void **state)
{
    struct exchange x;
    char proxy[64];

    (void)state;
    begin(&x, OK_HEAD "Content-Length: 0\r\n\r\n");
    snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", x.peer.port);
    setenv("http_proxy", proxy, 1);
    x.request.url = "http://worksight.invalid/api/";
    run(&x);
    unsetenv("http_proxy");
    assert_int_equal(x.answer.status, 200);
    assert_memory_equal(x.peer.request, "GET http://worksight.invalid/api/ ",
                        34);
    end(&x);
}

static void test_http_client_trust_missing_file_is_notfound(void **state)
{
    struct exchange x;

    (void)state;
    begin(&x, NULL);
    http_client_warm(x.client);
    assert_int_equal(http_client_trust(x.client, "/nonexistent/ca.pem"),
                     WS_NOTFOUND);
    end(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_client_answer_is_given_whole),
        cmocka_unit_test(test_http_client_post_sends_bytes_token_and_headers),
        cmocka_unit_test(test_http_client_empty_post_says_length_zero),
        cmocka_unit_test(test_http_client_form_carries_each_part),
        cmocka_unit_test(test_http_client_redirect_is_not_followed),
        cmocka_unit_test(test_http_client_two_requests_share_a_connection),
        cmocka_unit_test(test_http_client_retry_after_is_read_or_ignored),
        cmocka_unit_test(test_http_client_huge_retry_after_stays_positive),
        cmocka_unit_test(test_http_client_cut_answer_is_no_answer),
        cmocka_unit_test(test_http_client_silent_peer_ends_at_first_byte_limit),
        cmocka_unit_test(test_http_client_stalled_answer_ends_at_low_speed),
        cmocka_unit_test(test_http_client_deadline_ends_the_whole_exchange),
        cmocka_unit_test(test_http_client_wait_is_shown_and_may_end_it),
        cmocka_unit_test(test_http_client_body_over_limit_is_no_answer),
        cmocka_unit_test(test_http_client_refused_connection_says_so),
        cmocka_unit_test(test_http_client_other_schemes_are_refused),
        cmocka_unit_test(test_http_client_broken_header_line_is_invalid),
        cmocka_unit_test(test_http_client_loopback_ignores_the_proxy),
        cmocka_unit_test(test_http_client_other_hosts_use_the_proxy),
        cmocka_unit_test(test_http_client_trust_missing_file_is_notfound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
