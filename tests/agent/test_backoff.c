/* test_backoff.c - full jitter within bounds, Retry-After clamped. */
#include "agent/upload/backoff.h"
#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_backoff_is_full_jitter_within_bounds(void **state)
{
    int64_t attempts, i, least, most, wait, bound;

    (void)state;
    for (attempts = 1; attempts < 70; attempts++) {
        bound = attempts > 9 ? BACKOFF_CAP_MS : 1000 << (attempts - 1);
        if (bound > BACKOFF_CAP_MS)
            bound = BACKOFF_CAP_MS;
        least = INT64_MAX;
        most = 0;
        for (i = 0; i < 300; i++) {
            wait = backoff_ms(&env_system, attempts, BACKOFF_CAP_MS,
                              TRANSPORT_NO_RETRY_AFTER);
            assert_in_range(wait, 0, bound);
            least = wait < least ? wait : least;
            most = wait > most ? wait : most;
        }
        /* Spread over the whole range: 300 draws miss a tenth of it at one
         * end with probability 0.9^300 = 2e-14. */
        assert_true(least < bound / 10);
        assert_true(most > bound - bound / 10);
    }
}

static void test_backoff_retry_after_is_honoured_and_clamped(void **state)
{
    (void)state;
    assert_in_range(backoff_ms(&env_system, 1, BACKOFF_CAP_MS, 5), 5000, 5000);
    assert_in_range(backoff_ms(&env_system, 1, BACKOFF_CAP_MS, 0), 0, 1000);
    assert_int_equal(backoff_ms(&env_system, 1, BACKOFF_CAP_MS, INT64_MAX / 10),
                     BACKOFF_CAP_MS);
    assert_int_equal(backoff_ms(&env_system, 1, 10000, 3600), 10000);
}

static void test_backoff_left_of_another_clock_is_over(void **state)
{
    const int64_t now = INT64_C(1795000000) * CLOCK_NS_PER_S;

    (void)state;
    assert_int_equal(backoff_left_ms(now + 5 * CLOCK_NS_PER_S, now), 5000);
    assert_int_equal(backoff_left_ms(now - 1, now), 0);
    assert_int_equal(
        backoff_left_ms(now + INT64_C(86400) * 3650 * CLOCK_NS_PER_S, now), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff_is_full_jitter_within_bounds),
        cmocka_unit_test(test_backoff_retry_after_is_honoured_and_clamped),
        cmocka_unit_test(test_backoff_left_of_another_clock_is_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
