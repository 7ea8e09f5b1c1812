#include "agent/hours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"

static void in_zone(const char *zone)
{
    setenv("TZ", zone, 1); /* and no tzset(): a running agent hears none */
}

static bool hold(const char *hours, const char *iso)
{
    struct hours h;
    int64_t ns;

    assert_int_equal(hours_parse(hours, &h), WS_OK);
    assert_int_equal(clock_parse_iso(iso, strlen(iso), &ns), WS_OK);
    return hours_hold(&h, ns);
}

static void test_hours_empty_is_always(void **state)
{
    (void)state;
    assert_true(hold("", "2026-11-22T03:00:00Z"));
}

static void test_hours_begin_at_the_minute_and_end_before_it(void **state)
{
    static const char *const work = "mon-fri 08:00-18:00";

    (void)state;
    in_zone("UTC");
    assert_false(hold(work, "2026-11-23T07:59:59Z")); /* a Monday */
    assert_true(hold(work, "2026-11-23T08:00:00Z"));
    assert_true(hold(work, "2026-11-27T17:59:59Z"));
    assert_false(hold(work, "2026-11-27T18:00:00Z"));
    assert_false(hold(work, "2026-11-28T12:00:00Z")); /* a Saturday */
    assert_true(hold("sat-mon 00:00-24:00", "2026-11-29T23:59:59Z"));
    assert_false(hold("sat-mon 00:00-24:00", "2026-11-24T00:00:00Z"));
    assert_true(hold("mon 08:00-12:00, mon 13:00-17:00, sun 10:00-11:00",
                     "2026-11-22T10:30:00Z"));
}

static void test_hours_over_midnight_belong_to_the_day_they_begin(void **state)
{
    static const char *const night = "fri 22:00-06:00";

    (void)state;
    in_zone("UTC");
    assert_false(hold(night, "2026-11-27T05:00:00Z")); /* Friday morning */
    assert_true(hold(night, "2026-11-27T23:00:00Z"));
    assert_true(hold(night, "2026-11-28T05:59:00Z"));
    assert_false(hold(night, "2026-11-28T06:00:00Z"));
    assert_false(hold(night, "2026-11-28T23:00:00Z"));
    assert_true(hold("sat 22:00-06:00", "2026-11-29T01:00:00Z")); /* Sunday */
}

static void test_hours_follow_the_wall_over_summer_time(void **state)
{
    static const char *const work = "mon-sun 08:00-18:00";

    (void)state;
    in_zone("CET-1CEST,M3.5.0,M10.5.0/3"); /* Berlin */
    /* The clocks go from 02:00 to 03:00 on 2026-03-29, back on 2026-10-25. */
    assert_false(hold(work, "2026-03-28T06:59:59Z"));
    assert_true(hold(work, "2026-03-28T07:00:00Z"));
    assert_false(hold(work, "2026-03-29T05:59:59Z"));
    assert_true(hold(work, "2026-03-29T06:00:00Z"));
    assert_true(hold(work, "2026-10-24T06:00:00Z"));
    assert_false(hold(work, "2026-10-25T06:00:00Z"));
    assert_true(hold(work, "2026-10-25T07:00:00Z"));
    /* The hour that is there twice, and the one that is not there at all. */
    assert_true(hold("sun 02:00-03:00", "2026-10-25T00:30:00Z"));
    assert_true(hold("sun 02:00-03:00", "2026-10-25T01:30:00Z"));
    assert_false(hold("sun 02:00-03:00", "2026-03-29T00:59:59Z"));
    assert_false(hold("sun 02:00-03:00", "2026-03-29T01:00:00Z"));
    in_zone("EST5EDT,M3.2.0,M11.1.0"); /* New York */
    assert_true(hold(work, "2026-11-23T13:00:00Z"));
    assert_false(hold(work, "2026-11-23T12:59:59Z"));
}

static void test_hours_that_are_none_are_invalid(void **state)
{
    static const char *const bad[] = {
        " ",
        "always",
        "mon",
        "mon 8:00-18:00",
        "mon 08:00",
        "mon 08:00-18:00,",
        ",mon 08:00-18:00",
        "mon 08:00-18:00 tue 08:00-18:00",
        "mon 08:60-18:00",
        "mon 24:01-24:00",
        "mon 08:00-25:00",
        "mon 08:00-08:00",
        "mon-xxx 08:00-18:00",
        "mon08:00-18:00",
        "mon 08:00-18:00x",
        "08:00-18:00",
    };
    struct hours h = {.count = 7};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (hours_parse(bad[i], &h) != WS_INVALID)
            fail_msg("\"%s\" was taken", bad[i]);
    assert_int_equal(h.count, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hours_empty_is_always),
        cmocka_unit_test(test_hours_begin_at_the_minute_and_end_before_it),
        cmocka_unit_test(test_hours_over_midnight_belong_to_the_day_they_begin),
        cmocka_unit_test(test_hours_follow_the_wall_over_summer_time),
        cmocka_unit_test(test_hours_that_are_none_are_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
