#include "server/http/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/clock.h"

#define BEGIN (1000 * CLOCK_NS_PER_S)

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct rate_table));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static int pass_in(struct rate_table *t, uint64_t key, int64_t per_s,
                   int64_t from_ns, int64_t seconds)
{
    int64_t wait_ns, at_ns;
    int passed = 0;

    for (at_ns = from_ns; at_ns < from_ns + seconds * CLOCK_NS_PER_S;
         at_ns += CLOCK_NS_PER_MS)
        passed += rate_take(t, key, per_s, at_ns, &wait_ns);
    return passed;
}

static void test_rate_a_flood_gets_what_is_allowed(void **state)
{
    int passed = pass_in(*state, 7, 100, BEGIN, 10);

    assert_in_range(passed, 1000, 1000 + 25);
}

static void test_rate_one_a_second_is_possible(void **state)
{
    assert_in_range(pass_in(*state, 7, 1, BEGIN, 5), 5, 6);
}

static void test_rate_others_are_not_touched(void **state)
{
    int64_t wait_ns = 0;

    pass_in(*state, 7, 10, BEGIN, 1);
    assert_false(
        rate_take(*state, 7, 10, BEGIN + CLOCK_NS_PER_S - 1, &wait_ns));
    assert_true(rate_take(*state, 8, 10, BEGIN + CLOCK_NS_PER_S - 1, &wait_ns));
}

static void test_rate_the_wait_that_is_told_is_enough(void **state)
{
    int64_t wait_ns = 0, then_ns = 0;

    while (rate_take(*state, 7, 10, BEGIN, &wait_ns))
        continue;
    assert_in_range(wait_ns, 1, CLOCK_NS_PER_S);
    assert_false(rate_take(*state, 7, 10, BEGIN + wait_ns - 1000, &then_ns));
    assert_true(rate_take(*state, 7, 10, BEGIN + wait_ns + 1000, &then_ns));
}

static void test_rate_places_of_those_who_rest_are_used_again(void **state)
{
    int64_t wait_ns = 0, at_ns = BEGIN;
    uint64_t key;

    for (key = 1; key < 4 * RATE_KEPT; key++, at_ns += CLOCK_NS_PER_MS)
        assert_true(rate_take(*state, key, 100, at_ns, &wait_ns));
    assert_in_range(pass_in(*state, 5, 100, at_ns, 1), 100, 125);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(test_rate_a_flood_gets_what_is_allowed),
        WITH(test_rate_one_a_second_is_possible),
        WITH(test_rate_others_are_not_touched),
        WITH(test_rate_the_wait_that_is_told_is_enough),
        WITH(test_rate_places_of_those_who_rest_are_used_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
