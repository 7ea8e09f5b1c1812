/* test_schedule.c - the schedule keeps its grid, however late it is asked. */
#include "agent/capture/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define EVERY INT64_C(10000000)

static void test_schedule_on_time_is_one_interval_on(void **state)
{
    (void)state;
    assert_int_equal(schedule_after(70, 70, EVERY), 70 + EVERY);
    assert_int_equal(schedule_after(70, 71, EVERY), 70 + EVERY);
}

static void test_schedule_still_to_come_stays(void **state)
{
    (void)state;
    assert_int_equal(schedule_after(70, 69, EVERY), 70);
}

static void test_schedule_lateness_never_adds_up(void **state)
{
    uint64_t random = 12345;
    int64_t due = 70, now;
    int k;

    (void)state;
    for (k = 0; k < 100000; k++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        now = due + (int64_t)(random >> 33) % (EVERY - 1);
        due = schedule_after(due, now, EVERY);
    }
    assert_int_equal(due, 70 + 100000 * EVERY);
}

static void test_schedule_missed_times_are_left_out(void **state)
{
    (void)state;
    assert_int_equal(schedule_after(70, 70 + 3 * EVERY + 1, EVERY),
                     70 + 4 * EVERY);
    assert_int_equal(schedule_after(70, 70 + 3 * EVERY, EVERY), 70 + 4 * EVERY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule_on_time_is_one_interval_on),
        cmocka_unit_test(test_schedule_still_to_come_stays),
        cmocka_unit_test(test_schedule_lateness_never_adds_up),
        cmocka_unit_test(test_schedule_missed_times_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
