#include "agent/ocr/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ocr/draw.h"

static struct segment_lines lines_of(const struct draw *d)
{
    OWN(plane_close)
    struct plane *page = NULL;
    struct segment_lines lines;

    assert_int_equal(plane_from_bgrx(&page, d->bgrx, d->width_px, d->height_px,
                                     d->width_px * 4),
                     WS_OK);
    assert_int_equal(segment_page(page, &lines), WS_OK);
    for (size_t i = 0; i < lines.count; i++) { /* every box is inside */
        struct plane_box b = lines.list[i].box;
        struct plane_box c = plane_clip(page, b);

        assert_memory_equal(&b, &c, sizeof(b));
        assert_true(b.width_px > 0 && b.height_px > 0);
    }
    return lines;
}

static void test_segment_empty_screen_has_no_line(void **state)
{
    struct draw d;
    struct segment_lines lines;

    (void)state;
    draw_open(&d, 800, 600, 200);
    lines = lines_of(&d);
    assert_int_equal(lines.count, 0);
    free(lines.list);
    draw_close(&d);
}

static void test_segment_each_line_is_found_once_in_order(void **state)
{
    struct draw d;
    struct segment_lines lines;

    (void)state;
    draw_open(&d, 800, 300, 255);
    draw_text(&d, 20, 60, 6, 0, "the first line of text");
    draw_text(&d, 20, 100, 6, 0, "and here the second one");
    draw_text(&d, 500, 100, 6, 0, "far away in a column");
    lines = lines_of(&d);
    assert_int_equal(lines.count, 3);
    assert_true(lines.list[0].box.y_px < lines.list[1].box.y_px);
    assert_false(lines.list[0].block);
    for (size_t i = 0; i < lines.count; i++)
        assert_in_range(lines.list[i].box.height_px, 8, 30);
    free(lines.list);
    draw_close(&d);
}

static void test_segment_light_on_dark_is_found_too(void **state)
{
    struct draw d;
    struct segment_lines lines;

    (void)state;
    draw_open(&d, 400, 100, 20);
    draw_text(&d, 20, 50, 6, 220, "light on dark");
    lines = lines_of(&d);
    assert_int_equal(lines.count, 1);
    free(lines.list);
    draw_close(&d);
}

static void test_segment_cells_between_borders_stay_apart(void **state)
{
    struct draw d;
    struct segment_lines lines;

    (void)state;
    draw_open(&d, 400, 200, 255);
    for (int y = 20; y <= 140; y += 30)
        draw_box(&d, 20, y, 301, 1, 160);
    for (int x = 20; x <= 320; x += 100)
        draw_box(&d, x, 20, 1, 121, 160);
    for (int row = 0; row < 4; row++)
        for (int column = 0; column < 3; column++)
            draw_text(&d, 55 + 100 * column, 42 + 30 * row, 4, 0, "cellword");
    lines = lines_of(&d);
    assert_int_equal(lines.count, 12);
    for (size_t i = 0; i < lines.count; i++)
        assert_true(lines.list[i].box.width_px < 100);
    free(lines.list);
    draw_close(&d);
}

static void test_segment_borders_and_avatars_are_no_text(void **state)
{
    struct draw d;
    struct segment_lines lines;

    (void)state;
    draw_open(&d, 600, 400, 255);
    draw_box(&d, 50, 50, 400, 2, 0);
    draw_box(&d, 50, 50, 2, 300, 0);
    draw_box(&d, 100, 100, 38, 38, 90);
    draw_box(&d, 200, 150, 200, 120, 60);
    lines = lines_of(&d);
    assert_int_equal(lines.count, 0);
    free(lines.list);
    draw_close(&d);
}

static void test_segment_pill_is_cut_down_to_its_text(void **state)
{
    struct draw d;
    struct segment_lines lines;

    (void)state;
    draw_open(&d, 400, 100, 255);
    draw_box(&d, 100, 30, 130, 26, 60);
    for (int i = 0; i < 8; i++) { /* rounded ends */
        draw_box(&d, 92 + i, 38 - i, 1, 10 + 2 * i, 60);
        draw_box(&d, 237 - i, 38 - i, 1, 10 + 2 * i, 60);
    }
    draw_text(&d, 116, 50, 4, 250, "Switched on");
    lines = lines_of(&d);
    assert_int_equal(lines.count, 1);
    assert_true(lines.list[0].box.x_px > 108);
    assert_true(lines.list[0].box.x_px + lines.list[0].box.width_px < 230);
    assert_in_range(lines.list[0].box.height_px, 8, 20);
    free(lines.list);
    draw_close(&d);
}

static void test_segment_noise_stays_within_its_bounds(void **state)
{
    struct draw d;
    struct segment_lines lines;

    (void)state;
    draw_open(&d, 1200, 800, 0);
    srand(2);
    for (size_t i = 0; i < (size_t)1200 * 800 * 4; i++)
        d.bgrx[i] = (uint8_t)rand();
    lines = lines_of(&d);
    assert_true(lines.count <= SEGMENT_MAX_LINES);
    free(lines.list);
    for (int y = 0; y < 800; y += 4) /* most parts that can be */
        for (int x = 0; x < 1200; x += 14)
            draw_box(&d, x, y, 1, 1, 255);
    lines = lines_of(&d);
    assert_true(lines.count <= SEGMENT_MAX_LINES);
    free(lines.list);
    draw_close(&d);
}

static void test_segment_tiny_pages_are_no_trouble(void **state)
{
    (void)state;
    for (int w = 1; w < 6; w++)
        for (int h = 1; h < 6; h++) {
            struct draw d;
            struct segment_lines lines;

            draw_open(&d, w, h, 255);
            draw_box(&d, 0, 0, 1, 1, 0);
            lines = lines_of(&d);
            free(lines.list);
            draw_close(&d);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segment_empty_screen_has_no_line),
        cmocka_unit_test(test_segment_each_line_is_found_once_in_order),
        cmocka_unit_test(test_segment_light_on_dark_is_found_too),
        cmocka_unit_test(test_segment_cells_between_borders_stay_apart),
        cmocka_unit_test(test_segment_borders_and_avatars_are_no_text),
        cmocka_unit_test(test_segment_pill_is_cut_down_to_its_text),
        cmocka_unit_test(test_segment_noise_stays_within_its_bounds),
        cmocka_unit_test(test_segment_tiny_pages_are_no_trouble),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
