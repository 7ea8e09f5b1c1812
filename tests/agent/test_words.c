#include "agent/cli/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_words_span_changes_unit_when_two_are_full(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{-5, "0 s"},          {999, "0 s"},
                 {119999, "119 s"},    {120000, "2 min"},
                 {7199999, "119 min"}, {7200000, "2 h"},
                 {172800000, "2 d"},   {INT64_MAX, "106751991167 d"}};
    char out[WORDS_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(words_span(cases[i].ms, out), cases[i].text);
}

static void test_words_ago_of_nothing_is_never(void **state)
{
    char out[WORDS_BYTES];

    (void)state;
    assert_string_equal(words_ago(0, 5000, out), "never");
    assert_string_equal(words_ago(1000, 5000, out), "4 s ago");
    assert_string_equal(words_ago(9000, 5000, out), "0 s ago");
}

static void test_words_time_is_local_and_a_dash_without(void **state)
{
    char out[WORDS_BYTES];

    (void)state;
    setenv("TZ", "EET-2", 1);
    tzset();
    assert_string_equal(words_time(INT64_C(1795305600000), out),
                        "2026-11-22 02:00:00");
    assert_string_equal(words_time(0, out), "-");
}

static void test_words_bytes_have_one_digit_behind_the_point(void **state)
{
    char out[WORDS_BYTES];

    (void)state;
    assert_string_equal(words_bytes(0, out), "0 B");
    assert_string_equal(words_bytes(999, out), "999 B");
    assert_string_equal(words_bytes(1100000, out), "1.1 MB");
    assert_string_equal(words_bytes(INT64_C(5) << 50, out), "5629.5 TB");
}

static void test_words_line_has_nothing_that_a_terminal_obeys(void **state)
{
    char out[WORDS_LINE_BYTES], long_text[2000];

    (void)state;
    assert_string_equal(words_line("a\n\x1b[2J_\x7f\tc", out), "a??[2J_??c");
    assert_string_equal(words_line("größe", out), "größe");
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(strlen(words_line(long_text, out)), WORDS_LINE_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_span_changes_unit_when_two_are_full),
        cmocka_unit_test(test_words_ago_of_nothing_is_never),
        cmocka_unit_test(test_words_time_is_local_and_a_dash_without),
        cmocka_unit_test(test_words_bytes_have_one_digit_behind_the_point),
        cmocka_unit_test(test_words_line_has_nothing_that_a_terminal_obeys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
