/* test_networks.c - addresses in networks. */
#include "server/http/networks.h"

#include "core/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_networks_hold_what_lies_in_them(void **state)
{
    OWN(networks_close)
    struct networks *n = NULL;

    (void)state;
    assert_int_equal(
        networks_open(&n, "10.0.0.0/8, 192.168.1.0/28,::1 , 2001:db8::/33,"
                          "1.2.3.4"),
        WS_OK);
    assert_true(networks_hold(n, "10.255.0.1"));
    assert_true(networks_hold(n, "192.168.1.15"));
    assert_false(networks_hold(n, "192.168.1.16"));
    assert_true(networks_hold(n, "::ffff:10.1.2.3"));
    assert_true(networks_hold(n, "::1"));
    assert_false(networks_hold(n, "::2"));
    assert_true(networks_hold(n, "2001:db8:7fff::1"));
    assert_false(networks_hold(n, "2001:db8:8000::1"));
    assert_true(networks_hold(n, "1.2.3.4"));
    assert_false(networks_hold(n, "1.2.3.5"));
    assert_false(networks_hold(n, "nonsense"));
    assert_false(networks_hold(n, ""));
    assert_false(networks_hold(NULL, "10.1.1.1"));
}

static void test_networks_everything_is_a_network(void **state)
{
    OWN(networks_close)
    struct networks *n = NULL;

    (void)state;
    assert_int_equal(networks_open(&n, "0.0.0.0/0,::/0"), WS_OK);
    assert_true(networks_hold(n, "8.8.8.8"));
    assert_true(networks_hold(n, "fe80::1"));
    assert_false(networks_are_loopback(n));
}

static void test_networks_empty_holds_nothing(void **state)
{
    OWN(networks_close)
    struct networks *n = NULL;

    (void)state;
    assert_int_equal(networks_open(&n, " "), WS_OK);
    assert_false(networks_hold(n, "127.0.0.1"));
    assert_true(networks_are_loopback(n));
}

static void test_networks_blanks_part_them_as_commas_do(void **state)
{
    OWN(networks_close)
    struct networks *n = NULL;

    (void)state;
    assert_int_equal(
        networks_open(&n, "10.0.0.1 10.0.0.2\t10.0.0.3 , 10.0.0.4"), WS_OK);
    assert_true(networks_hold(n, "10.0.0.1"));
    assert_true(networks_hold(n, "10.0.0.4"));
    assert_false(networks_hold(n, "10.0.0.5"));
}

static void test_networks_wrong_ones_are_invalid(void **state)
{
    static const char *const bad[] = {
        "10.0.0.0/33",
        "10.0.0.1/8",
        "10.0.0/8",
        "::1/129",
        "x",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.0/8x",
        "2001:db8::1/32",
        "1111111111111111111111111111111111111111111111111111111111111111111"};
    struct networks *n = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(networks_open(&n, bad[i]), WS_INVALID);
}

static void test_networks_loopback_is_known(void **state)
{
    OWN(networks_close)
    struct networks *n = NULL;

    (void)state;
    assert_int_equal(networks_open(&n, "127.0.0.0/8,::1,127.0.0.1"), WS_OK);
    assert_true(networks_are_loopback(n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks_hold_what_lies_in_them),
        cmocka_unit_test(test_networks_everything_is_a_network),
        cmocka_unit_test(test_networks_empty_holds_nothing),
        cmocka_unit_test(test_networks_blanks_part_them_as_commas_do),
        cmocka_unit_test(test_networks_wrong_ones_are_invalid),
        cmocka_unit_test(test_networks_loopback_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
