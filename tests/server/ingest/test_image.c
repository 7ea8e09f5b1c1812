#include "server/ingest/image.h"

#include "core/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

/* The header of these bytes, in memory and as a file. */
static enum err read_bytes(const void *bytes, size_t len, struct image *out)
{
    OWN_FD int fd = memfd_create("image", MFD_CLOEXEC);
    struct bytes file = {.fd = fd, .len = (int64_t)len};
    struct bytes memory = {.data = bytes, .fd = -1, .len = (int64_t)len};
    struct image other;
    enum err e = image_read(&memory, &other);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(image_read(&file, out), e);
    if (!e) {
        assert_int_equal(other.format, out->format);
        assert_int_equal(other.width_px, out->width_px);
        assert_int_equal(other.height_px, out->height_px);
    }
    return e;
}

static void put_big(uint8_t *at, uint32_t v)
{
    for (int i = 3; i >= 0; i--, v >>= 8)
        at[i] = (uint8_t)v;
}

static size_t make_png(uint8_t out[33], uint32_t width, uint32_t height)
{
    memset(out, 0, 33);
    memcpy(out, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
    put_big(out + 16, width);
    put_big(out + 20, height);
    return 33;
}

static void test_image_read_png_tells_its_size(void **state)
{
    struct image i;
    uint8_t png[33];

    (void)state;
    assert_int_equal(read_bytes(png, make_png(png, 1920, 1080), &i), WS_OK);
    assert_int_equal(i.format, FACT_PNG);
    assert_int_equal(i.width_px, 1920);
    assert_int_equal(i.height_px, 1080);
}

static void test_image_read_over_a_bound_is_full(void **state)
{
    static const struct {
        uint32_t width, height;
        enum err e;
    } sizes[] = {
        {16384, 1, WS_OK},
        {16385, 1, WS_FULL},
        {1, 16384, WS_OK},
        {1, 16385, WS_FULL},
        {8000, 8000, WS_OK},
        {8001, 8000, WS_FULL},
        {0, 5, WS_INVALID},
        {5, 0, WS_INVALID},
        {UINT32_MAX, UINT32_MAX, WS_FULL},
    };
    struct image i;
    uint8_t png[33];

    (void)state;
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++)
        assert_int_equal(
            read_bytes(png, make_png(png, sizes[n].width, sizes[n].height), &i),
            sizes[n].e);
}

static const uint8_t jpeg[] = {
    0xff, 0xd8, 0xff, 0xe0, 0, 4,    'x',  'x', /* a segment to pass over */
    0xff, 0xff, 0x01,                           /* fill and a bare marker */
    0xff, 0xc2, 0,    11,   8, 0x04, 0x38, 0x07, 0x80, 1, 0, 0, 0, /* frame */
    0xff, 0xda};

static void test_image_read_jpeg_finds_its_frame(void **state)
{
    struct image i;

    (void)state;
    assert_int_equal(read_bytes(jpeg, sizeof jpeg, &i), WS_OK);
    assert_int_equal(i.format, FACT_JPEG);
    assert_int_equal(i.width_px, 1920);
    assert_int_equal(i.height_px, 1080);
}

static void test_image_read_jpeg_without_a_frame_is_invalid(void **state)
{
    static const uint8_t scan_first[] = {0xff, 0xd8, 0xff, 0xda, 0, 2};
    static const uint8_t no_length[] = {0xff, 0xd8, 0xff, 0xe0, 0, 1, 0, 0};
    static const uint8_t far_away[] = {0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff};
    static const uint8_t no_marker[] = {0xff, 0xd8, 0x12, 0x34, 0, 0};
    struct image i;

    (void)state;
    assert_int_equal(read_bytes(scan_first, sizeof scan_first, &i), WS_INVALID);
    assert_int_equal(read_bytes(no_length, sizeof no_length, &i), WS_INVALID);
    assert_int_equal(read_bytes(far_away, sizeof far_away, &i), WS_INVALID);
    assert_int_equal(read_bytes(no_marker, sizeof no_marker, &i), WS_INVALID);
}

static void test_image_read_jpeg_of_endless_markers_ends(void **state)
{
    static uint8_t fill[1 << 16];
    struct image i;

    (void)state;
    memset(fill, 0xff, sizeof fill);
    fill[1] = 0xd8;
    assert_int_equal(read_bytes(fill, sizeof fill, &i), WS_INVALID);
}

static void test_image_read_every_webp_tells_its_size(void **state)
{
    uint8_t lossy[30] = "RIFF....WEBPVP8 ....", lossless[30], extended[30];
    uint32_t bits = (1920 - 1) | (1080 - 1) << 14;
    struct image i;

    (void)state;
    memcpy(lossless, lossy, sizeof lossy);
    memcpy(extended, lossy, sizeof lossy);
    memcpy(lossy + 23, "\x9d\x01\x2a\x80\x07\x38\x04", 7);
    memcpy(lossless + 12, "VP8L", 4);
    lossless[20] = 0x2f;
    for (int n = 0; n < 4; n++)
        lossless[21 + n] = (uint8_t)(bits >> 8 * n);
    memcpy(extended + 12, "VP8X", 4);
    memcpy(extended + 24, "\x7f\x07\0\x37\x04\0", 6);
    assert_int_equal(read_bytes(lossy, sizeof lossy, &i), WS_OK);
    assert_int_equal(i.width_px * 10000 + i.height_px, 19201080);
    assert_int_equal(read_bytes(lossless, sizeof lossless, &i), WS_OK);
    assert_int_equal(i.width_px * 10000 + i.height_px, 19201080);
    assert_int_equal(read_bytes(extended, sizeof extended, &i), WS_OK);
    assert_int_equal(i.width_px * 10000 + i.height_px, 19201080);
    lossless[20] = 0;
    assert_int_equal(read_bytes(lossless, sizeof lossless, &i), WS_INVALID);
}

static void test_image_read_cut_short_is_invalid(void **state)
{
    uint8_t png[33];
    struct image i;

    (void)state;
    make_png(png, 5, 5);
    for (size_t len = 0; len < 24; len++)
        assert_int_equal(read_bytes(png, len, &i), WS_INVALID);
    for (size_t len = 0; len < 20; len++)
        assert_int_equal(read_bytes(jpeg, len, &i), WS_INVALID);
}

static void test_image_read_other_formats_are_invalid(void **state)
{
    struct image i;

    (void)state;
    assert_int_equal(
        read_bytes("GIF89a\x01\0\x01\0\0\0\0;               ", 30, &i),
        WS_INVALID);
    assert_int_equal(
        read_bytes("<svg xmlns='http://www.w3.org/2000/svg'/>", 41, &i),
        WS_INVALID);
    assert_int_equal(read_bytes("BM                            ", 30, &i),
                     WS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_read_png_tells_its_size),
        cmocka_unit_test(test_image_read_over_a_bound_is_full),
        cmocka_unit_test(test_image_read_jpeg_finds_its_frame),
        cmocka_unit_test(test_image_read_jpeg_without_a_frame_is_invalid),
        cmocka_unit_test(test_image_read_jpeg_of_endless_markers_ends),
        cmocka_unit_test(test_image_read_every_webp_tells_its_size),
        cmocka_unit_test(test_image_read_cut_short_is_invalid),
        cmocka_unit_test(test_image_read_other_formats_are_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
