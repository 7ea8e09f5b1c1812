/* test_pairs.c - queries and cookies. */
#include "server/http/pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_pairs_query_is_decoded(void **state)
{
    OWN(pairs_close)
    struct pairs *p = NULL;
    static const char text[] = "a=1&b=x%20y+z&c&=e&a=2&d=%C3%A4";

    (void)state;
    assert_int_equal(pairs_open_query(&p, text, strlen(text)), WS_OK);
    assert_string_equal(pairs_get(p, "a"), "1");
    assert_string_equal(pairs_get(p, "b"), "x y z");
    assert_string_equal(pairs_get(p, "c"), "");
    assert_string_equal(pairs_get(p, "d"), "\303\244");
    assert_null(pairs_get(p, "x"));
    assert_null(pairs_get(NULL, "x"));
}

static void test_pairs_broken_query_is_invalid(void **state)
{
    static const char *const bad[] = {"a=%", "a=%1", "a=%zz", "a=%00", "%=1"};
    struct pairs *p = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(pairs_open_query(&p, bad[i], strlen(bad[i])),
                         WS_INVALID);
    assert_int_equal(pairs_open_query(&p, "a\0b", 3), WS_INVALID);
}

static void test_pairs_too_many_are_invalid(void **state)
{
    char text[PAIRS_MAX * 2 + 8] = "";
    struct pairs *p = NULL;
    size_t i;

    (void)state;
    for (i = 0; i <= PAIRS_MAX; i++)
        strcat(text, "a&");
    assert_int_equal(pairs_open_query(&p, text, strlen(text)), WS_INVALID);
}

static void test_pairs_cookies_are_cut(void **state)
{
    OWN(pairs_close)
    struct pairs *p = NULL;
    static const char text[] = "a=1; __Host-ws=x%20=y ;;b=";

    (void)state;
    assert_int_equal(pairs_open_cookies(&p, text, strlen(text)), WS_OK);
    assert_string_equal(pairs_get(p, "a"), "1");
    assert_string_equal(pairs_get(p, "__Host-ws"), "x%20=y");
    assert_string_equal(pairs_get(p, "b"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_query_is_decoded),
        cmocka_unit_test(test_pairs_broken_query_is_invalid),
        cmocka_unit_test(test_pairs_too_many_are_invalid),
        cmocka_unit_test(test_pairs_cookies_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
