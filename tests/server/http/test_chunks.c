/* test_chunks.c - chunked bodies. */
#include "server/http/chunks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static char body[256];
static size_t body_len;

/* Feed in steps of n bytes; WS_AGAIN: the end has not come. */
static enum err read_all(const char *text, size_t n)
{
    size_t len = strlen(text), at = 0;
    struct chunks c;

    chunks_init(&c);
    body_len = 0;
    while (at < len && !chunks_ended(&c)) {
        size_t most = len - at < n ? len - at : n, used, data_len;
        const char *data;
        enum err e = chunks_read(&c, text + at, most, &used, &data, &data_len);

        if (e)
            return e;
        assert_true(used > 0);
        memcpy(body + body_len, data, data_len);
        body_len += data_len;
        at += used;
    }
    return chunks_ended(&c) ? WS_OK : WS_AGAIN;
}

static void test_chunks_any_pieces_give_the_body(void **state)
{
    static const char text[] = "3\r\nabc\r\n0a\r\n0123456789\r\n0\r\n\r\n";
    size_t n;

    (void)state;
    for (n = 1; n < sizeof(text); n++) {
        assert_int_equal(read_all(text, n), WS_OK);
        assert_int_equal(body_len, 13);
        assert_memory_equal(body, "abc0123456789", 13);
    }
}

static void test_chunks_malformed_are_refused(void **state)
{
    static const char *const bad[] = {"\r\n",
                                      "g\r\n",
                                      "3;x=y\r\nabc\r\n",
                                      "3 \r\nabc\r\n",
                                      " 3\r\nabc\r\n",
                                      "3\nabc\r\n",
                                      "3\r\nabcd\r\n",
                                      "3\r\nabc\n",
                                      "-3\r\nabc\r\n",
                                      "0x3\r\nabc\r\n",
                                      "123456789\r\n",
                                      "3\rabc\r\n",
                                      "0\r\nX: y\r\n\r\n",
                                      "0\r\n\n"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(read_all(bad[i], 64), WS_INVALID);
        assert_int_equal(read_all(bad[i], 1), WS_INVALID);
    }
}

static void test_chunks_cut_off_have_not_ended(void **state)
{
    (void)state;
    assert_int_equal(read_all("3\r\nabc\r\n0\r\n", 64), WS_AGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunks_any_pieces_give_the_body),
        cmocka_unit_test(test_chunks_malformed_are_refused),
        cmocka_unit_test(test_chunks_cut_off_have_not_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
