#include "server/views/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_cell(const char *text, const char *wanted)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    struct csv c;

    csv_init(&c, &b);
    csv_text(&c, text);
    assert_string_equal(buf_text(&b), wanted);
}

static void test_csv_row_is_commas_crlf_and_empty_cells(void **state)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    struct csv c;

    (void)state;
    csv_init(&c, &b);
    csv_text(&c, NULL);
    csv_text(&c, "");
    csv_int(&c, -7);
    csv_time(&c, 0);
    csv_time(&c, INT64_C(1000000000));
    csv_end_row(&c);
    csv_int(&c, 1);
    csv_end_row(&c);
    assert_string_equal(buf_text(&b),
                        ",\"\",-7,,1970-01-01T00:00:01.000000Z\r\n1\r\n");
}

static void test_csv_text_quotes_commas_and_lines_stay_one_cell(void **state)
{
    (void)state;
    assert_cell("ana", "\"ana\"");
    assert_cell("a,b;c", "\"a,b;c\"");
    assert_cell("say \"hi\"", "\"say \"\"hi\"\"\"");
    assert_cell("two\r\nlines", "\"two\r\nlines\"");
    assert_cell("Zo\xc3\xab", "\"Zo\xc3\xab\"");
}

static void test_csv_text_formula_gets_an_apostrophe(void **state)
{
    static const char *const formulas[] = {"=1+1",
                                           "+1",
                                           "-1",
                                           "@SUM(A1)",
                                           "\t=1",
                                           "\r=1",
                                           "\n=1",
                                           "  =1",
                                           "=HYPERLINK(\"http://x\")",
                                           "\xef\xbc\x9d"
                                           "1",
                                           "\xef\xbc\xa0"
                                           "A"};

    (void)state;
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        OWN_BUF struct buf b = BUF_EMPTY;
        struct csv c;

        csv_init(&c, &b);
        csv_text(&c, formulas[i]);
        assert_int_equal(b.data[1], '\'');
    }
    assert_cell("a=1", "\"a=1\"");
    assert_cell("ana@ws-01", "\"ana@ws-01\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_row_is_commas_crlf_and_empty_cells),
        cmocka_unit_test(test_csv_text_quotes_commas_and_lines_stay_one_cell),
        cmocka_unit_test(test_csv_text_formula_gets_an_apostrophe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
