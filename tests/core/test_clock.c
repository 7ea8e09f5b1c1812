#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BASE INT64_C(1770740396) /* 2026-02-10T16:19:56Z */

static void expect(const char *text, int64_t ns)
{
    int64_t got = 1;

    if (clock_parse_iso(text, strlen(text), &got))
        fail_msg("\"%s\" was refused", text);
    if (got != ns)
        fail_msg("\"%s\" gave %lld, not %lld", text, (long long)got,
                 (long long)ns);
}

static void refuse(const char *text)
{
    int64_t got;

    if (clock_parse_iso(text, strlen(text), &got) != WS_INVALID)
        fail_msg("\"%s\" was taken", text);
}

static void test_clock_parse_takes_every_spelling_of_the_wire(void **state)
{
    (void)state;
    expect("2026-02-10T16:19:56.123456+00:00",
           BASE * CLOCK_NS_PER_S + 123456000);
    expect("2026-02-10T16:19:56.123456Z", BASE * CLOCK_NS_PER_S + 123456000);
    expect("2026-02-10T16:19:56Z", BASE * CLOCK_NS_PER_S);
    expect("2026-02-10T16:19:56+00:00", BASE * CLOCK_NS_PER_S);
    expect("2026-02-10T18:19:56+02:00", BASE * CLOCK_NS_PER_S);
    expect("2026-02-10T11:49:56-0430", BASE * CLOCK_NS_PER_S);
    expect("2026-02-10 16:19:56", BASE * CLOCK_NS_PER_S);
    expect("2026-02-10T16:19:56", BASE * CLOCK_NS_PER_S);
    expect("2026-02-10T16:19:56.5Z", BASE * CLOCK_NS_PER_S + 500000000);
    expect("2026-02-10T16:19:56.1234567891Z",
           BASE * CLOCK_NS_PER_S + 123456789);
    expect("2024-02-29T00:00:00Z", INT64_C(1709164800) * CLOCK_NS_PER_S);
    expect("1969-12-31T23:59:59Z", -CLOCK_NS_PER_S);
}

static void test_clock_parse_of_no_time_is_invalid(void **state)
{
    static const char *const bad[] = {
        "",
        "now",
        "2026",
        "2026-02-10",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-02-10T24:00:00Z",
        "2026-02-10T16:60:00Z",
        "2026-02-10T16:19:61Z",
        "2026-02-10T16:19:56.Z",
        "2026-02-10T16:19:56Zjunk",
        "2026-02-10T16:19:56+",
        "2026-02-10T16:19:56+24:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i]);
}

static void test_clock_format_reads_back_equal(void **state)
{
    const int64_t times[] = {0, BASE * CLOCK_NS_PER_S + 123456000,
                             -CLOCK_NS_PER_S / 2, 4102444800 * CLOCK_NS_PER_S};
    char text[CLOCK_ISO_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        clock_format_iso(times[i], text);
        expect(text, times[i]);
    }
    clock_format_iso(BASE * CLOCK_NS_PER_S + 123456789, text);
    assert_string_equal(text, "2026-02-10T16:19:56.123456Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_parse_takes_every_spelling_of_the_wire),
        cmocka_unit_test(test_clock_parse_of_no_time_is_invalid),
        cmocka_unit_test(test_clock_format_reads_back_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
