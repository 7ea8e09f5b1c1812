#include "server/views/live_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static int set_up(void **state)
{
    *state = calloc(1, sizeof(struct live_ring));
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void put(struct live_ring *r, int64_t session, unsigned topics,
                size_t seat)
{
    live_ring_put(r, &(struct live_ring_hint){session, topics, seat});
}

static void test_live_ring_hints_come_in_order_to_every_reader(void **state)
{
    struct live_ring_hint h;
    uint64_t at = live_ring_end(*state), late = 0;
    bool missed = false;

    assert_false(live_ring_take(*state, &at, &h, &missed));
    put(*state, INT64_C(1) << 52, 31, 19);
    put(*state, 0, 1, 2);
    assert_true(live_ring_take(*state, &at, &h, &missed));
    assert_true(h.session_id == INT64_C(1) << 52);
    assert_int_equal(h.topics, 31);
    assert_int_equal(h.seat, 19);
    assert_true(live_ring_take(*state, &at, &h, &missed));
    assert_true(h.session_id == 0 && h.topics == 1 && h.seat == 2);
    assert_false(live_ring_take(*state, &at, &h, &missed));
    assert_true(live_ring_take(*state, &late, &h, &missed));
    assert_int_equal(h.seat, 19);
    assert_false(missed);
}

static void test_live_ring_a_reader_left_behind_is_told(void **state)
{
    struct live_ring_hint h;
    uint64_t at = 0;
    bool missed = false;
    int64_t i, taken = 0;

    for (i = 1; i <= LIVE_RING_KEPT + 10; i++)
        put(*state, i, 1, 0);
    while (live_ring_take(*state, &at, &h, &missed))
        taken++;
    assert_true(missed);
    assert_int_equal(taken, LIVE_RING_KEPT / 2);
    assert_true(h.session_id == LIVE_RING_KEPT + 10);
}

static void test_live_ring_a_writer_that_died_holds_nobody_up(void **state)
{
    struct live_ring *r = *state;
    struct live_ring_hint h;
    uint64_t at = 0;
    bool missed = false;
    int64_t i, taken = 0;

    atomic_fetch_add(&r->next, 1); /* it took a number, and then was killed */
    put(r, 1, 1, 0);
    assert_false(live_ring_take(r, &at, &h, &missed));
    for (i = 0; i < LIVE_RING_KEPT / 2; i++)
        put(r, 1, 1, 0);
    while (live_ring_take(r, &at, &h, &missed))
        taken++;
    assert_true(missed);
    assert_int_equal(taken, LIVE_RING_KEPT / 2 + 1);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(test_live_ring_hints_come_in_order_to_every_reader),
        WITH(test_live_ring_a_reader_left_behind_is_told),
        WITH(test_live_ring_a_writer_that_died_holds_nobody_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
