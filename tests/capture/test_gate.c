/* test_gate.c - what changed is told exactly, and only that. */
#include "agent/capture/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIDTH 200  /* 4 tiles, the last one 8 px wide */
#define HEIGHT 130 /* 3 tiles, the last one 2 px high */
#define BYTES (WIDTH * HEIGHT * 4)

static uint8_t now[BYTES], before[BYTES];

static struct gate_result compare(struct rect dirty)
{
    return gate_compare(
        &(struct gate_picture){now, before, WIDTH, HEIGHT, WIDTH * 4, dirty});
}

static const struct rect all = {0, 0, WIDTH, HEIGHT};

static void reset(void)
{
    memset(now, 7, BYTES);
    memset(before, 7, BYTES);
}

static void test_gate_equal_pictures_change_nothing(void **state)
{
    struct gate_result r;

    (void)state;
    reset();
    r = compare(all);
    assert_int_equal(r.tiles, 12);
    assert_int_equal(r.changed, 0);
    assert_true(r.changed_share <= 0);
}

static void test_gate_every_single_byte_is_seen(void **state)
{
    size_t at;

    (void)state;
    reset();
    for (at = 0; at < BYTES; at++) {
        struct gate_result r;

        now[at] ^= 1;
        r = compare(all);
        now[at] ^= 1;
        assert_int_equal(r.changed, 1);
    }
}

static void test_gate_two_tiles_of_a_line_count_twice(void **state)
{
    struct gate_result r;

    (void)state;
    reset();
    now[0] = 1;
    now[64 * 4] = 1;
    now[4] = 1;
    r = compare(all);
    assert_int_equal(r.changed, 2);
    assert_true(r.changed_share > 0.166 && r.changed_share < 0.167);
}

static void test_gate_outside_of_dirty_is_not_compared(void **state)
{
    (void)state;
    reset();
    now[0] = 1;
    assert_int_equal(compare((struct rect){64, 64, 128, 128}).changed, 0);
    assert_int_equal(compare((struct rect){0, 0, 0, 0}).changed, 0);
    assert_int_equal(compare((struct rect){-5, -5, 1, 1}).changed, 1);
    assert_int_equal(compare((struct rect){-9, -9, 999, 999}).changed, 1);
}

static void test_gate_without_a_picture_before_all_changed(void **state)
{
    struct gate_result r = gate_compare(
        &(struct gate_picture){now, NULL, WIDTH, HEIGHT, WIDTH * 4, all});

    (void)state;
    assert_int_equal(r.changed, r.tiles);
    assert_true(r.changed_share >= 1);
}

static void test_gate_no_pixels_at_all_is_no_change(void **state)
{
    struct gate_result r = gate_compare(&(struct gate_picture){0});

    (void)state;
    assert_int_equal(r.tiles, 0);
    assert_true(r.changed_share <= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate_equal_pictures_change_nothing),
        cmocka_unit_test(test_gate_every_single_byte_is_seen),
        cmocka_unit_test(test_gate_two_tiles_of_a_line_count_twice),
        cmocka_unit_test(test_gate_outside_of_dirty_is_not_compared),
        cmocka_unit_test(test_gate_without_a_picture_before_all_changed),
        cmocka_unit_test(test_gate_no_pixels_at_all_is_no_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
