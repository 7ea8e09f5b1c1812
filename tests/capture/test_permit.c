/* test_permit.c - nothing is captured unseen (privacy.md T1, T2, M3). */
#include "agent/capture/permit.h"

#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW (INT64_C(1790000000) * CLOCK_NS_PER_S)

static struct board board;

static void allow_all(void)
{
    board = (struct board){0};
    board.notice_acknowledged = 1;
    board.tier = 2;
    board.badge_shown_boot_ns = clock_boot_ns();
    board.role[BOARD_INDICATOR].pid = 1;
}

static void test_permit_with_everything_given_captures(void **state)
{
    (void)state;
    allow_all();
    assert_int_equal(permit_state(&board, true, NOW), BOARD_CAPTURING);
}

static void test_permit_a_fresh_board_captures_nothing(void **state)
{
    (void)state;
    board = (struct board){0};
    assert_int_equal(permit_state(&board, true, NOW), BOARD_NO_NOTICE);
}

static void test_permit_without_notice_captures_nothing(void **state)
{
    (void)state;
    allow_all();
    board.notice_acknowledged = 0;
    assert_int_equal(permit_state(&board, true, NOW), BOARD_NO_NOTICE);
    assert_int_equal(permit_state(&board, false, NOW), BOARD_NO_NOTICE);
}

static void test_permit_pause_ends_at_its_time(void **state)
{
    (void)state;
    allow_all();
    board.paused_until_wall_ns = NOW + 1;
    assert_int_equal(permit_state(&board, true, NOW), BOARD_PAUSED);
    assert_int_equal(permit_state(&board, true, NOW + 1), BOARD_CAPTURING);
}

static void test_permit_tier_0_captures_nothing(void **state)
{
    (void)state;
    allow_all();
    board.tier = 0;
    assert_int_equal(permit_state(&board, true, NOW), BOARD_TIER_0);
}

static void test_permit_badge_not_seen_lately_captures_nothing(void **state)
{
    (void)state;
    allow_all();
    board.badge_shown_boot_ns = clock_boot_ns() - CLOCK_NS_PER_S;
    assert_int_equal(permit_state(&board, true, NOW), BOARD_NO_BADGE);
    board.badge_shown_boot_ns = 0;
    assert_int_equal(permit_state(&board, true, NOW), BOARD_NO_BADGE);
    assert_int_equal(permit_state(&board, false, NOW), BOARD_CAPTURING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permit_with_everything_given_captures),
        cmocka_unit_test(test_permit_a_fresh_board_captures_nothing),
        cmocka_unit_test(test_permit_without_notice_captures_nothing),
        cmocka_unit_test(test_permit_pause_ends_at_its_time),
        cmocka_unit_test(test_permit_tier_0_captures_nothing),
        cmocka_unit_test(test_permit_badge_not_seen_lately_captures_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
