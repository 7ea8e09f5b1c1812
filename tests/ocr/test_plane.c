#include "agent/ocr/plane.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_plane_luma_of_gray_is_itself(void **state)
{
    uint8_t bgrx[2 * 12] = {10, 10, 10, 0, 200, 200, 200, 9};
    OWN(plane_close)
    struct plane *p = NULL;

    (void)state;
    assert_int_equal(plane_from_bgrx(&p, bgrx, 2, 2, 12), WS_OK);
    assert_int_equal(p->px[0], 10);
    assert_int_equal(p->px[1], 200);
    assert_int_equal(p->px[2], 0); /* the second row begins at the stride */
}

static void test_plane_clip_never_leaves_the_plane(void **state)
{
    OWN(plane_close)
    struct plane *p = NULL;
    struct plane_box b;

    (void)state;
    assert_int_equal(plane_open(&p, 100, 50), WS_OK);
    b = plane_clip(p, (struct plane_box){-5, -5, 20, 20});
    assert_int_equal(b.x_px, 0);
    assert_int_equal(b.width_px, 15);
    b = plane_clip(p, (struct plane_box){90, 45, 20, 20});
    assert_int_equal(b.width_px, 10);
    assert_int_equal(b.height_px, 5);
    b = plane_clip(p, (struct plane_box){200, 200, 5, 5});
    assert_int_equal(b.width_px, 0);
}

static void test_plane_cut_is_dark_on_light_whatever_it_was(void **state)
{
    OWN(plane_close)
    struct plane *p = NULL;

    (void)state;
    assert_int_equal(plane_open(&p, 40, 20), WS_OK);
    for (int dark = 0; dark < 2; dark++) {
        OWN(plane_close)
        struct plane *cut = NULL;
        struct plane_box box = {5, 5, 30, 10};

        memset(p->px, dark ? 30 : 220, 800);
        for (int x = 15; x < 20; x++)
            p->px[10 * 40 + x] = dark ? 240 : 20;
        assert_int_equal(plane_cut(&cut, p, &box, 4, 2), WS_OK);
        assert_int_equal(cut->width_px, 76);
        assert_int_equal(cut->height_px, 36);
        assert_in_range(cut->px[0], 245, 255);
        assert_in_range(cut->px[(2 * 9 + 1) * 76 + 2 * 16], 0, 90);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plane_luma_of_gray_is_itself),
        cmocka_unit_test(test_plane_clip_never_leaves_the_plane),
        cmocka_unit_test(test_plane_cut_is_dark_on_light_whatever_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
