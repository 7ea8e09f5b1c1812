#include "core/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_buf_append_grows_and_stays_a_c_string(void **state)
{
    OWN_BUF struct buf b = BUF_EMPTY;

    (void)state;
    for (int i = 0; i < 1000; i++)
        buf_append(&b, "abc", 3);
    assert_int_equal(b.len, 3000);
    assert_int_equal(strlen(buf_text(&b)), 3000);
    assert_int_equal(buf_check(&b), WS_OK);
}

static void test_buf_without_memory_fails_once_and_for_all(void **state)
{
    OWN_BUF struct buf b = BUF_EMPTY;

    (void)state;
    buf_append_text(&b, "kept");
    assert_int_equal(buf_reserve(&b, SIZE_MAX), WS_NOMEM);
    assert_int_equal(buf_check(&b), WS_OK);
    b.failed = true; /* as an append without memory leaves it */
    buf_append_text(&b, "lost");
    assert_string_equal(buf_text(&b), "kept");
    assert_int_equal(buf_check(&b), WS_NOMEM);
}

static void test_buf_empty_text_is_empty(void **state)
{
    OWN_BUF struct buf b = BUF_EMPTY;

    (void)state;
    assert_string_equal(buf_text(&b), "");
    buf_append(&b, NULL, 0);
    assert_int_equal(b.len, 0);
}

static void test_buf_printf_appends_what_it_formats(void **state)
{
    OWN_BUF struct buf b = BUF_EMPTY;

    (void)state;
    buf_append_text(&b, "n=");
    buf_printf(&b, "%d, %s", 42, "text");
    assert_string_equal(buf_text(&b), "n=42, text");
    buf_clear(&b);
    assert_string_equal(buf_text(&b), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf_append_grows_and_stays_a_c_string),
        cmocka_unit_test(test_buf_without_memory_fails_once_and_for_all),
        cmocka_unit_test(test_buf_empty_text_is_empty),
        cmocka_unit_test(test_buf_printf_appends_what_it_formats),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
