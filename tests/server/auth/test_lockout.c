#include "server/auth/lockout.h"

#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define S CLOCK_NS_PER_S
#define BEGIN (100000 * S)

static int set_up(void **state)
{
    return lockout_open((struct lockout **)state, NULL);
}

static int tear_down(void **state)
{
    lockout_close(*state);
    return 0;
}

static void fail_times(struct lockout *l, int times, const char *name,
                       const char *address, int64_t now_ns)
{
    while (times-- > 0)
        lockout_failed(l, name, address, now_ns);
}

static void test_lockout_pair_closes_at_the_bound_and_opens_again(void **state)
{
    int64_t wait_s = 0;

    fail_times(*state, LOCKOUT_PAIR - 1, "ana", "192.0.2.1", BEGIN);
    assert_int_equal(lockout_check(*state, "ana", "192.0.2.1", BEGIN, &wait_s),
                     WS_OK);
    fail_times(*state, 1, "ana", "192.0.2.1", BEGIN);
    assert_int_equal(lockout_check(*state, "ana", "192.0.2.1", BEGIN, &wait_s),
                     WS_AGAIN);
    assert_int_equal(wait_s, LOCKOUT_FIRST_S);
    assert_int_equal(lockout_check(*state, "ana", "192.0.2.1",
                                   BEGIN + LOCKOUT_FIRST_S * S, &wait_s),
                     WS_OK);
}

static void test_lockout_case_of_the_name_is_the_same_name(void **state)
{
    int64_t wait_s = 0;

    fail_times(*state, LOCKOUT_PAIR, "Ana", "192.0.2.1", BEGIN);
    assert_int_equal(lockout_check(*state, "aNA", "192.0.2.1", BEGIN, &wait_s),
                     WS_AGAIN);
}

static void test_lockout_somebody_elsewhere_is_not_locked_out(void **state)
{
    int64_t wait_s = 0;

    fail_times(*state, LOCKOUT_PAIR, "ana", "192.0.2.1", BEGIN);
    assert_int_equal(lockout_check(*state, "ana", "192.0.2.2", BEGIN, &wait_s),
                     WS_OK);
    assert_int_equal(lockout_check(*state, "bob", "192.0.2.1", BEGIN, &wait_s),
                     WS_OK);
}

static void test_lockout_waits_double_up_to_the_longest(void **state)
{
    int64_t now_ns = BEGIN, wait_s = 0, before_s = 0;
    int i;

    fail_times(*state, LOCKOUT_PAIR, "ana", "192.0.2.1", now_ns);
    for (i = 0; i < 10; i++) {
        assert_int_equal(
            lockout_check(*state, "ana", "192.0.2.1", now_ns, &wait_s),
            WS_AGAIN);
        assert_true(wait_s == before_s * 2 || i == 0 ||
                    wait_s == LOCKOUT_LONGEST_S);
        before_s = wait_s;
        now_ns += wait_s * S;
        lockout_failed(*state, "ana", "192.0.2.1", now_ns);
    }
    assert_int_equal(before_s, LOCKOUT_LONGEST_S);
}

static void test_lockout_one_address_with_many_names_closes(void **state)
{
    int64_t wait_s = 0;
    char name[16];
    int i;

    for (i = 0; i < LOCKOUT_ADDRESS; i++) {
        snprintf(name, sizeof(name), "name%d", i);
        lockout_failed(*state, name, "192.0.2.1", BEGIN);
    }
    assert_int_equal(lockout_check(*state, "new", "192.0.2.1", BEGIN, &wait_s),
                     WS_AGAIN);
}

static void test_lockout_one_name_from_many_addresses_closes(void **state)
{
    int64_t wait_s = 0;
    char address[32];
    int i;

    for (i = 0; i < LOCKOUT_NAME; i++) {
        snprintf(address, sizeof(address), "192.0.2.%d", i);
        lockout_failed(*state, "ana", address, BEGIN);
    }
    assert_int_equal(
        lockout_check(*state, "ana", "203.0.113.1", BEGIN, &wait_s), WS_AGAIN);
}

static void test_lockout_addresses_of_one_network_of_ipv6_are_one(void **state)
{
    int64_t wait_s = 0;
    char address[40], name[16];
    int i;

    for (i = 0; i < LOCKOUT_ADDRESS; i++) {
        snprintf(address, sizeof(address), "2001:db8:1:2::%x", i + 1);
        snprintf(name, sizeof(name), "n%d", i);
        lockout_failed(*state, name, address, BEGIN);
    }
    assert_int_equal(
        lockout_check(*state, "ana", "2001:db8:1:2:ffff::9", BEGIN, &wait_s),
        WS_AGAIN);
    assert_int_equal(
        lockout_check(*state, "ana", "2001:db8:1:3::1", BEGIN, &wait_s), WS_OK);
}

static void test_lockout_passing_forgets_the_pair_alone(void **state)
{
    int64_t wait_s = 0;

    fail_times(*state, LOCKOUT_PAIR - 1, "ana", "192.0.2.1", BEGIN);
    lockout_passed(*state, "ana", "192.0.2.1");
    fail_times(*state, LOCKOUT_PAIR - 1, "ana", "192.0.2.1", BEGIN);
    assert_int_equal(lockout_check(*state, "ana", "192.0.2.1", BEGIN, &wait_s),
                     WS_OK);
}

static void test_lockout_a_flood_of_names_fills_and_then_frees(void **state)
{
    int64_t wait_s = 0, later_ns = BEGIN + (LOCKOUT_FORGET_S + 1) * S;
    char name[16], address[32];
    int i;
    enum err e = WS_OK;

    for (i = 0; i < 3 * LOCKOUT_KEPT; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        snprintf(address, sizeof(address), "%d.%d.%d", i, i, i);
        lockout_failed(*state, name, address, BEGIN);
    }
    for (i = 0; i < 100 && e == WS_OK; i++) {
        snprintf(name, sizeof(name), "fresh%d", i);
        e = lockout_check(*state, name, "198.51.100.1", BEGIN, &wait_s);
    }
    assert_int_equal(e, WS_FULL);
    assert_int_equal(
        lockout_check(*state, name, "198.51.100.1", later_ns, &wait_s), WS_OK);
}

/* Two workers over one table: a bound is one bound, not two. */
static void test_lockout_two_workers_share_one_bound(void **state)
{
    static struct lockout_table table;
    struct lockout *a = NULL, *b = NULL;
    int64_t wait_s = 0;
    int i;

    (void)state;
    lockout_table_init(&table);
    assert_int_equal(lockout_open(&a, &table), WS_OK);
    assert_int_equal(lockout_open(&b, &table), WS_OK);
    for (i = 0; i < LOCKOUT_PAIR; i++) {
        struct lockout *by = i % 2 ? a : b;

        assert_int_equal(lockout_check(by, "ana", "192.0.2.1", BEGIN, &wait_s),
                         WS_OK);
        lockout_failed(by, "ana", "192.0.2.1", BEGIN);
    }
    assert_int_equal(lockout_check(a, "ana", "192.0.2.1", BEGIN, &wait_s),
                     WS_AGAIN);
    assert_int_equal(lockout_check(b, "ana", "192.0.2.1", BEGIN, &wait_s),
                     WS_AGAIN);
    lockout_close(a);
    lockout_close(b);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(test_lockout_pair_closes_at_the_bound_and_opens_again),
        WITH(test_lockout_case_of_the_name_is_the_same_name),
        WITH(test_lockout_somebody_elsewhere_is_not_locked_out),
        WITH(test_lockout_waits_double_up_to_the_longest),
        WITH(test_lockout_one_address_with_many_names_closes),
        WITH(test_lockout_one_name_from_many_addresses_closes),
        WITH(test_lockout_addresses_of_one_network_of_ipv6_are_one),
        WITH(test_lockout_passing_forgets_the_pair_alone),
        WITH(test_lockout_a_flood_of_names_fills_and_then_frees),
        cmocka_unit_test(test_lockout_two_workers_share_one_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
