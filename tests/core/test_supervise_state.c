#include "core/supervise_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clock.h"

#define S CLOCK_NS_PER_S

static enum supervise_state_action step(struct supervise_state_child *c,
                                        enum supervise_state_event event,
                                        int64_t now_ns)
{
    return supervise_state_step(c, event, now_ns);
}

/* A child that is due, spawned and ready at this time. */
static struct supervise_state_child ready_at(int64_t now_ns)
{
    struct supervise_state_child c;

    supervise_state_init(&c, false, now_ns);
    assert_int_equal(step(&c, SUPERVISE_STATE_DUE, now_ns),
                     SUPERVISE_STATE_DO_SPAWN);
    assert_int_equal(step(&c, SUPERVISE_STATE_SPAWNED, now_ns),
                     SUPERVISE_STATE_NOTHING);
    assert_int_equal(step(&c, SUPERVISE_STATE_SAID_READY, now_ns),
                     SUPERVISE_STATE_DO_READY);
    return c;
}

/* Die, and come back as soon as the backoff allows: the wait. */
static int64_t die_and_return(struct supervise_state_child *c, int64_t *now_ns)
{
    int64_t wait_ns;

    assert_int_equal(step(c, SUPERVISE_STATE_EXITED, *now_ns),
                     SUPERVISE_STATE_DO_DIED);
    wait_ns = c->start_at_ns - *now_ns;
    if (wait_ns > 0)
        assert_int_equal(step(c, SUPERVISE_STATE_DUE, c->start_at_ns - 1),
                         SUPERVISE_STATE_NOTHING);
    *now_ns = c->start_at_ns;
    assert_int_equal(step(c, SUPERVISE_STATE_DUE, *now_ns),
                     SUPERVISE_STATE_DO_SPAWN);
    step(c, SUPERVISE_STATE_SPAWNED, *now_ns);
    return wait_ns;
}

static void test_supervise_state_first_start_is_at_once(void **state)
{
    struct supervise_state_child c = ready_at(7 * S);

    (void)state;
    assert_int_equal(c.is, SUPERVISE_STATE_READY);
    assert_int_equal(c.restarts, 0);
}

static void test_supervise_state_five_deaths_cost_nothing(void **state)
{
    struct supervise_state_child c = ready_at(0);
    int64_t now_ns = 0;

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(die_and_return(&c, &now_ns), 0);
    assert_int_equal(c.restarts, 5);
}

static void test_supervise_state_more_deaths_double_to_a_minute(void **state)
{
    struct supervise_state_child c = ready_at(0);
    int64_t now_ns = 0;

    (void)state;
    for (int i = 0; i < 5; i++)
        die_and_return(&c, &now_ns);
    assert_int_equal(die_and_return(&c, &now_ns), 1 * S);
    assert_int_equal(die_and_return(&c, &now_ns), 2 * S);
    assert_int_equal(die_and_return(&c, &now_ns), 4 * S);
    assert_int_equal(die_and_return(&c, &now_ns), 8 * S);
    assert_int_equal(die_and_return(&c, &now_ns), 16 * S);
    assert_int_equal(die_and_return(&c, &now_ns), 32 * S);
    assert_int_equal(die_and_return(&c, &now_ns), 60 * S);
    assert_int_equal(die_and_return(&c, &now_ns), 60 * S);
}

static void test_supervise_state_progress_forgives_deaths(void **state)
{
    struct supervise_state_child c = ready_at(0);
    int64_t now_ns = 0;

    (void)state;
    for (int i = 0; i < 9; i++)
        die_and_return(&c, &now_ns);
    step(&c, SUPERVISE_STATE_PROGRESS, now_ns);
    assert_int_equal(die_and_return(&c, &now_ns), 0);
    assert_int_equal(c.deaths, 1);
}

static void test_supervise_state_five_a_minute_never_back_off(void **state)
{
    struct supervise_state_child c = ready_at(0);
    int64_t now_ns = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        now_ns += 12 * S;
        assert_int_equal(die_and_return(&c, &now_ns), 0);
    }
}

static void test_supervise_state_a_minute_of_life_forgives_all(void **state)
{
    struct supervise_state_child c = ready_at(0);
    int64_t now_ns = 0;

    (void)state;
    for (int i = 0; i < 12; i++)
        die_and_return(&c, &now_ns);
    now_ns += 60 * S;
    assert_int_equal(die_and_return(&c, &now_ns), 0);
}

static void test_supervise_state_silent_or_frozen_is_killed_then_back(void **s)
{
    static const enum supervise_state_event why[] = {SUPERVISE_STATE_SILENT,
                                                     SUPERVISE_STATE_FROZEN};

    (void)s;
    for (size_t i = 0; i < 2; i++) {
        struct supervise_state_child c = ready_at(0);
        int64_t now_ns = S;

        assert_int_equal(step(&c, why[i], now_ns), SUPERVISE_STATE_DO_KILL);
        assert_int_equal(step(&c, why[i], now_ns), SUPERVISE_STATE_NOTHING);
        assert_int_equal(die_and_return(&c, &now_ns), 0);
        assert_int_equal(c.is, SUPERVISE_STATE_STARTING);
    }
}

static void test_supervise_state_absent_optional_is_tried_each_minute(void **s)
{
    struct supervise_state_child c;

    (void)s;
    supervise_state_init(&c, true, 0);
    for (int64_t at = 0; at < 600 * S; at += 60 * S) {
        assert_int_equal(step(&c, SUPERVISE_STATE_DUE, at),
                         SUPERVISE_STATE_DO_SPAWN);
        step(&c, SUPERVISE_STATE_UNABLE, at);
        assert_int_equal(step(&c, SUPERVISE_STATE_DUE, at + 60 * S - 1),
                         SUPERVISE_STATE_NOTHING);
    }
    assert_int_equal(c.restarts, 0);
}

static void test_supervise_state_unable_to_start_backs_off(void **s)
{
    struct supervise_state_child c;

    (void)s;
    supervise_state_init(&c, false, 0);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(step(&c, SUPERVISE_STATE_DUE, 0),
                         SUPERVISE_STATE_DO_SPAWN);
        step(&c, SUPERVISE_STATE_UNABLE, 0);
    }
    assert_int_equal(c.start_at_ns, S);
}

static void test_supervise_state_stop_terms_then_kills_then_ends(void **s)
{
    struct supervise_state_child c = ready_at(0);

    (void)s;
    assert_int_equal(step(&c, SUPERVISE_STATE_STOP, S),
                     SUPERVISE_STATE_DO_TERM);
    assert_int_equal(step(&c, SUPERVISE_STATE_STOP, S),
                     SUPERVISE_STATE_NOTHING);
    assert_int_equal(step(&c, SUPERVISE_STATE_TOO_LATE, 2 * S),
                     SUPERVISE_STATE_DO_KILL);
    assert_int_equal(step(&c, SUPERVISE_STATE_EXITED, 2 * S),
                     SUPERVISE_STATE_DO_ENDED);
    assert_int_equal(step(&c, SUPERVISE_STATE_DUE, 99 * S),
                     SUPERVISE_STATE_NOTHING);
    assert_int_equal(c.is, SUPERVISE_STATE_GONE);
}

/* Every pair of the table, from every way into a state: the table answers
 * something that leaves no process behind and starts no second one. */
static void test_supervise_state_no_event_spawns_over_a_process(void **s)
{
    (void)s;
    for (int is = 0; is < SUPERVISE_STATE_COUNT; is++)
        for (int event = 0; event < SUPERVISE_STATE_EVENTS; event++) {
            struct supervise_state_child c = ready_at(0);
            enum supervise_state_action did;

            c.is = (enum supervise_state_is)is;
            did = step(&c, (enum supervise_state_event)event, S);
            if (did == SUPERVISE_STATE_DO_SPAWN)
                assert_int_equal(is, SUPERVISE_STATE_WAITING);
            if (c.is == SUPERVISE_STATE_GONE && is != SUPERVISE_STATE_GONE)
                assert_int_equal(did, SUPERVISE_STATE_DO_ENDED);
            if (is == SUPERVISE_STATE_GONE)
                assert_int_equal(c.is, SUPERVISE_STATE_GONE);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_supervise_state_first_start_is_at_once),
        cmocka_unit_test(test_supervise_state_five_deaths_cost_nothing),
        cmocka_unit_test(test_supervise_state_more_deaths_double_to_a_minute),
        cmocka_unit_test(test_supervise_state_progress_forgives_deaths),
        cmocka_unit_test(test_supervise_state_five_a_minute_never_back_off),
        cmocka_unit_test(test_supervise_state_a_minute_of_life_forgives_all),
        cmocka_unit_test(
            test_supervise_state_silent_or_frozen_is_killed_then_back),
        cmocka_unit_test(
            test_supervise_state_absent_optional_is_tried_each_minute),
        cmocka_unit_test(test_supervise_state_unable_to_start_backs_off),
        cmocka_unit_test(test_supervise_state_stop_terms_then_kills_then_ends),
        cmocka_unit_test(test_supervise_state_no_event_spawns_over_a_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
