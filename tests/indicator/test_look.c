/* test_look.c - the badge says what is true, in steps that seldom change. */
#include "agent/indicator/look.h"

#include "core/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* 2026-11-22T14:15:00Z */
#define NOW (INT64_C(1795356900) * CLOCK_NS_PER_S)

static struct board board;
static struct badge_x11_look look;

static void watch(void)
{
    board = (struct board){0};
    board.notice_acknowledged = 1;
    board.tier = 2;
    board.capture_state = BOARD_CAPTURING;
}

static void assert_says(const char *words)
{
    look_make(&board, NOW, &look);
    if (!strstr(look.text, words))
        fail_msg("\"%s\" does not say \"%s\"", look.text, words);
}

static void test_look_watching_names_the_tier(void **state)
{
    (void)state;
    watch();
    assert_says("is watching (L2: scores)");
    board.tier = 4;
    assert_says("is watching (L4: pictures)");
}

static void test_look_paused_names_the_end(void **state)
{
    (void)state;
    watch();
    board.paused_until_wall_ns = NOW + 15 * 60 * CLOCK_NS_PER_S;
    assert_says("paused until 14:30");
    board.paused_until_wall_ns = NOW + 25 * 3600 * CLOCK_NS_PER_S;
    assert_says("paused until 2026-11-23 15:15");
    board.paused_until_wall_ns = NOW;
    assert_says("is watching");
}

static void test_look_without_notice_is_not_watching(void **state)
{
    (void)state;
    watch();
    board.notice_acknowledged = 0;
    assert_says("not watching: the notice");
}

static void test_look_states_that_stop_capture_are_said(void **state)
{
    (void)state;
    watch();
    board.capture_state = BOARD_NO_DISPLAY;
    assert_says("not watching: the display");
    board.capture_state = BOARD_LOCKED;
    assert_says("not watching: the screen is locked");
    board.tier = 0;
    assert_says("not watching: tier L0");
}

static void test_look_offline_gives_the_queue_in_steps(void **state)
{
    char before[BADGE_X11_TEXT_BYTES];

    (void)state;
    watch();
    board.upload_lane = BOARD_LANE_BACKING_OFF;
    assert_says("offline");
    board.queue_pending = 30;
    assert_says("offline, 10+ queued");
    strcpy(before, look.text);
    board.queue_pending = 99;
    assert_says(before);
    board.queue_pending = 100;
    assert_says("100+ queued");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look_watching_names_the_tier),
        cmocka_unit_test(test_look_paused_names_the_end),
        cmocka_unit_test(test_look_without_notice_is_not_watching),
        cmocka_unit_test(test_look_states_that_stop_capture_are_said),
        cmocka_unit_test(test_look_offline_gives_the_queue_in_steps),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
