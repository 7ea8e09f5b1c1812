/* test_head.c - heads taken apart, and every form that could be smuggled. */
#include "server/http/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HOST "Host: t\r\n"

static struct head h;
static struct refusal why;

/* As conn does it: find the end, then parse. */
static enum err read_head(const char *text)
{
    size_t scanned = 0, head_len = 0;
    enum err e;

    head_fini(&h);
    h = (struct head){0};
    why = (struct refusal){0};
    e = head_find_end(text, strlen(text), 16384, &scanned, &head_len, &why);
    return e ? e : head_parse(&h, text, head_len, &why);
}

static void test_head_parts_are_read(void **state)
{
    (void)state;
    assert_int_equal(read_head("POST /a%20b/c?x=1&y=%2F HTTP/1.1\r\n" HOST
                               "X-One:  two \t\r\nEmpty:\r\n"
                               "Content-Length: 12\r\n\r\nrest"),
                     WS_OK);
    assert_string_equal(h.method, "POST");
    assert_string_equal(h.path, "/a b/c");
    assert_string_equal(h.query, "x=1&y=%2F");
    assert_string_equal(head_get(&h, "x-ONE"), "two");
    assert_string_equal(head_get(&h, "empty"), "");
    assert_null(head_get(&h, "absent"));
    assert_int_equal(h.content_length, 12);
    assert_true(h.keep_alive);
    assert_false(h.chunked);
}

static void test_head_absolute_target_is_its_path(void **state)
{
    (void)state;
    assert_int_equal(read_head("GET http://h:1/x?y HTTP/1.1\r\n" HOST "\r\n"),
                     WS_OK);
    assert_string_equal(h.path, "/x");
    assert_string_equal(h.query, "y");
    assert_int_equal(read_head("GET http://h HTTP/1.1\r\n" HOST "\r\n"), WS_OK);
    assert_string_equal(h.path, "/");
}

static void test_head_comes_in_pieces(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\n" HOST "\r\n";
    size_t scanned = 0, head_len = 0, n;

    (void)state;
    for (n = 1; n < sizeof(text) - 1; n++)
        assert_int_equal(
            head_find_end(text, n, 16384, &scanned, &head_len, &why), WS_AGAIN);
    assert_int_equal(
        head_find_end(text, sizeof(text) - 1, 16384, &scanned, &head_len, &why),
        WS_OK);
    assert_int_equal(head_len, sizeof(text) - 1);
}

static void test_head_connection_decides_what_follows(void **state)
{
    (void)state;
    assert_int_equal(
        read_head("GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n"),
        WS_OK);
    assert_false(h.keep_alive);
    assert_int_equal(read_head("GET / HTTP/1.0\r\n\r\n"), WS_OK);
    assert_false(h.keep_alive);
    assert_int_equal(read_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n"
                               "\r\n"),
                     WS_OK);
    assert_true(h.keep_alive);
}

struct refused {
    int status;
    const char *text;
};

/* One row a way in which two readers could disagree, or that is just wrong. */
static const struct refused refused[] = {
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
          "Transfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
          "Content-Length: 5\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
          "Content-Length: 6\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
          "Content-Length: 5\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
          "Transfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n"
          "\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: \vchunked\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "X : y\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "X\t: y\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n X: a\r\n" HOST "\r\n"},
    {400, "GET / HTTP/1.1\n" HOST "\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: t\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: t\r\n\n"},
    {400, "GET / HTTP/1.1\r\nHost: t\rX: y\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST ": no name\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "X(y): z\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "X: a\001b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"},
    {400, "GET / HTTP/1.1\r\n" HOST "Authorization: a\r\n"
          "Authorization: b\r\n\r\n"},
    {400, "GET /%zz HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /%00 HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /%0a HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a%2fb HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a%5Cb HTTP/1.1\r\n" HOST "\r\n"},
    {400, "GET /a#b HTTP/1.1\r\n" HOST "\r\n"},
    {400, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"},
    {400, "CONNECT h:1 HTTP/1.1\r\n" HOST "\r\n"},
    {400, "get / HTTP/1.1\r\n" HOST "\r\n"},
    {400, "\026\003\001\002\001\r\n\r\n"},
    {501, "BREW / HTTP/1.1\r\n" HOST "\r\n"},
    {505, "GET / HTTP/2.0\r\n" HOST "\r\n"},
    {505, "GET / HTTP/1.2\r\n" HOST "\r\n"},
    {413, "POST / HTTP/1.1\r\n" HOST "Content-Length: 9999999999999999\r\n"
          "\r\n"},
    {400, "POST / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n"
          "\r\n"},
    {417, "POST / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n"},
};

static void test_head_every_doubtful_form_is_refused(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        enum err e = read_head(refused[i].text);

        if (e != WS_INVALID || why.status != refused[i].status)
            print_error("row %zu: err %d, status %d: %s\n", i, (int)e,
                        why.status, refused[i].text);
        assert_int_equal(e, WS_INVALID);
        assert_int_equal(why.status, refused[i].status);
        assert_true(strlen(why.detail) > 0);
    }
}

static void test_head_nul_is_refused(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: t\0u\r\n\r\n";
    size_t scanned = 0, head_len;

    (void)state;
    head_fini(&h);
    assert_int_equal(
        head_find_end(text, sizeof(text) - 1, 16384, &scanned, &head_len, &why),
        WS_OK);
    assert_int_equal(head_parse(&h, text, head_len, &why), WS_INVALID);
    assert_int_equal(why.status, 400);
}

static void test_head_too_many_fields_are_431(void **state)
{
    char text[16384] = "GET / HTTP/1.1\r\n" HOST;
    size_t at = strlen(text), i;

    (void)state;
    for (i = 0; i < HEAD_MAX_FIELDS; i++, at += 6)
        memcpy(text + at, "X: y\r\n", 6);
    memcpy(text + at, "\r\n", 3);
    assert_int_equal(read_head(text), WS_INVALID);
    assert_int_equal(why.status, 431);
}

static void test_head_over_its_bytes_is_431_or_414(void **state)
{
    static char text[20000];
    size_t scanned = 0, head_len;

    (void)state;
    memset(text, 'A', sizeof(text));
    assert_int_equal(
        head_find_end(text, sizeof(text), 16384, &scanned, &head_len, &why),
        WS_INVALID);
    assert_int_equal(why.status, 414);
    memcpy(text, "GET / HTTP/1.1\r\n", 16);
    scanned = 0;
    assert_int_equal(
        head_find_end(text, sizeof(text), 16384, &scanned, &head_len, &why),
        WS_INVALID);
    assert_int_equal(why.status, 431);
}

static void test_head_of_exactly_its_bytes_is_taken(void **state)
{
    static char text[16384];
    size_t scanned = 0, head_len = 0;

    (void)state;
    memset(text, 'A', sizeof(text));
    memcpy(text, "GET / HTTP/1.1\r\nHost: t\r\nX: ", 28);
    memcpy(text + sizeof(text) - 4, "\r\n\r\n", 4);
    assert_int_equal(head_find_end(text, sizeof(text), sizeof(text), &scanned,
                                   &head_len, &why),
                     WS_OK);
    assert_int_equal(head_len, sizeof(text));
}

static void test_head_lists_finds_words(void **state)
{
    (void)state;
    assert_true(head_lists("text/html,application/xml;q=0.9", "text/html"));
    assert_true(head_lists("a, b;q=1", "B"));
    assert_false(head_lists("ab, c", "b"));
    assert_false(head_lists("", "b"));
    assert_false(head_lists(NULL, "b"));
}

static int forget(void **state)
{
    (void)state;
    head_fini(&h);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_parts_are_read),
        cmocka_unit_test(test_head_absolute_target_is_its_path),
        cmocka_unit_test(test_head_comes_in_pieces),
        cmocka_unit_test(test_head_connection_decides_what_follows),
        cmocka_unit_test(test_head_every_doubtful_form_is_refused),
        cmocka_unit_test(test_head_nul_is_refused),
        cmocka_unit_test(test_head_too_many_fields_are_431),
        cmocka_unit_test(test_head_over_its_bytes_is_431_or_414),
        cmocka_unit_test(test_head_of_exactly_its_bytes_is_taken),
        cmocka_unit_test(test_head_lists_finds_words),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
