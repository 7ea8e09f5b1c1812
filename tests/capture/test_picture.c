/* test_picture.c - pictures are read whole or refused. */
#include "agent/capture/picture.h"

#include "core/own.h"

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include <cmocka.h>

#define WIDTH 40
#define HEIGHT 30

static uint8_t pixels[WIDTH * HEIGHT * 4];

static void paint(void)
{
    size_t i;

    for (i = 0; i < sizeof pixels; i++)
        pixels[i] = i % 4 == 3 ? 255 : (uint8_t)(i / 64 * 3);
}

static void make_png(uint8_t *out, size_t *len)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = WIDTH,
                       .height = HEIGHT,
                       .format = PNG_FORMAT_BGRA};

    paint();
    assert_true(png_image_write_to_memory(&image, out, len, 0, pixels,
                                          WIDTH * 4, NULL));
}

static void test_picture_png_comes_back_exactly(void **state)
{
    struct picture p = {0};
    uint8_t data[8192];
    size_t len = sizeof data;

    (void)state;
    make_png(data, &len);
    assert_int_equal(picture_decode(data, len, &p), WS_OK);
    assert_int_equal(p.width_px, WIDTH);
    assert_int_equal(p.height_px, HEIGHT);
    assert_memory_equal(p.pixels, pixels, sizeof pixels);
    free(p.pixels);
}

static void test_picture_cut_png_is_invalid(void **state)
{
    struct picture p = {0};
    uint8_t data[8192];
    size_t len = sizeof data;

    (void)state;
    make_png(data, &len);
    assert_int_equal(picture_decode(data, len / 2, &p), WS_INVALID);
    assert_int_equal(picture_decode(data, 9, &p), WS_INVALID);
    free(p.pixels);
}

static void test_picture_jpeg_is_read_whole_or_not(void **state)
{
    tjhandle handle = tjInitCompress();
    unsigned char *data = NULL;
    unsigned long len = 0;
    struct picture p = {0};

    (void)state;
    paint();
    assert_int_equal(tjCompress2(handle, pixels, WIDTH, WIDTH * 4, HEIGHT,
                                 TJPF_BGRX, &data, &len, TJSAMP_444, 95, 0),
                     0);
    assert_int_equal(picture_decode(data, len, &p), WS_OK);
    assert_int_equal(p.width_px, WIDTH);
    assert_in_range(p.pixels[0] + 16, pixels[0], pixels[0] + 32);
    assert_int_equal(picture_decode(data, len / 2, &p), WS_INVALID);
    tjFree(data);
    tjDestroy(handle);
    free(p.pixels);
}

static void test_picture_other_bytes_are_invalid(void **state)
{
    struct picture p = {0};

    (void)state;
    assert_int_equal(picture_decode("", 0, &p), WS_INVALID);
    assert_int_equal(picture_decode("GIF89a..........", 16, &p), WS_INVALID);
    assert_int_equal(picture_decode("\xff\xd8\xff\xe0....", 8, &p), WS_INVALID);
    assert_null(p.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_picture_png_comes_back_exactly),
        cmocka_unit_test(test_picture_cut_png_is_invalid),
        cmocka_unit_test(test_picture_jpeg_is_read_whole_or_not),
        cmocka_unit_test(test_picture_other_bytes_are_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
