/* test_outbox_lease.c - what is lent: to one at a time, until when, and again
 * to whoever lost the answer. */
#include "tests/agent/queue_rig.h"

static void test_outbox_lease_is_not_given_twice(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_put_ok(2);
    assert_int_equal(rig_lease_count(10), 2);
    assert_int_equal(rig_counts().leased, 2);
    assert_int_equal(rig_lease_count(10), 0);
    rig.boot_ns += 61 * CLOCK_NS_PER_S;
    assert_int_equal(rig_lease_count(10), 2);
}

static void test_outbox_lease_asked_again_lends_the_same(void **state)
{
    const uint8_t request[OUTBOX_REQUEST_BYTES] = {7};
    struct outbox_lease l = {.request = request,
                             .max_items = 1,
                             .max_bytes = 1 << 20,
                             .lease_ms = 60000};
    struct client_batch b = {0};
    int i;

    (void)state;
    rig_register();
    rig_put_ok(1);
    rig_put_ok(2);
    for (i = 0; i < 3; i++) {
        rig.boot_ns += CLOCK_NS_PER_S;
        assert_int_equal(outbox_lease(rig.outbox, &l, &b), WS_OK);
        assert_int_equal(b.leases[0].seq, 2);
        client_batch_fini(&b);
        assert_int_equal(rig_counts().leased, 1);
    }
}

static void test_outbox_lease_asked_again_after_a_crash_lends_it(void **state)
{
    const uint8_t request[OUTBOX_REQUEST_BYTES] = {0, 7};
    struct outbox_lease l = {.request = request,
                             .max_items = 10,
                             .max_bytes = 1 << 20,
                             .lease_ms = 60000};
    struct client_batch b = {0};

    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(outbox_lease(rig.outbox, &l, &b), WS_OK);
    client_batch_fini(&b);
    rig_close(); /* before its answer was sent */
    rig_open();
    assert_int_equal(outbox_session_resume(rig.outbox, 1), WS_OK);
    assert_int_equal(rig_lease_count(10), 0); /* others do not get it */
    assert_int_equal(outbox_lease(rig.outbox, &l, &b), WS_OK);
    assert_int_equal(b.leases[0].seq, 2);
    client_batch_fini(&b);
}

static void test_outbox_lease_after_crash_returns_row(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_lease_count(10), 1);
    rig_close();
    rig_open(); /* the same boot: upload may still hold it */
    assert_int_equal(rig_lease_count(10), 0);
    rig.boot_ns += 61 * CLOCK_NS_PER_S;
    assert_int_equal(rig_lease_count(10), 1);
}

static void test_outbox_lease_of_another_boot_is_over(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_lease_count(10), 1);
    rig_close();
    strcpy(rig.options.boot_id, "boot-2");
    rig.boot_ns = CLOCK_NS_PER_S; /* younger than the lease's deadline */
    rig_open();
    assert_int_equal(rig_lease_count(10), 1);
}

static void test_outbox_release_ends_all_leases(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_lease_count(10), 1);
    assert_int_equal(outbox_release(rig.outbox), WS_OK);
    assert_int_equal(rig_lease_count(10), 1);
}

static void test_outbox_retry_waits_for_its_time(void **state)
{
    (void)state;
    rig_register();
    rig_put_ok(1);
    assert_int_equal(rig_lease_count(10), 1);
    assert_int_equal(rig_settle(2, CLIENT_RETRY, "503"), WS_OK);
    assert_int_equal(rig_lease_count(10), 0);
    rig.wall_ns += CLOCK_NS_PER_S;
    assert_int_equal(rig_lease_count(10), 1);
    assert_int_equal(rig_settle(2, CLIENT_RETRY, "503"), WS_OK);
    rig.wall_ns -= INT64_C(10) * 365 * 86400 * CLOCK_NS_PER_S;
    assert_int_equal(rig_lease_count(10), 1); /* not for ten years */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_CASE(test_outbox_lease_is_not_given_twice),
        RIG_CASE(test_outbox_lease_asked_again_lends_the_same),
        RIG_CASE(test_outbox_lease_asked_again_after_a_crash_lends_it),
        RIG_CASE(test_outbox_lease_after_crash_returns_row),
        RIG_CASE(test_outbox_lease_of_another_boot_is_over),
        RIG_CASE(test_outbox_release_ends_all_leases),
        RIG_CASE(test_outbox_retry_waits_for_its_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
