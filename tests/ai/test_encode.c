#include "agent/ai/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <turbojpeg.h>

#define WIDTH 640
#define HEIGHT 400

struct shot {
    struct ring_frame frame;
    uint8_t *pixels;
    struct encode *encode;
};

/* A white screen. */
static int open_shot(void **state)
{
    struct shot *s = calloc(1, sizeof(*s));

    if (!s || encode_open(&s->encode))
        return -1;
    s->frame.width_px = WIDTH;
    s->frame.height_px = HEIGHT;
    s->frame.stride_bytes = WIDTH * 4 + 64; /* padding is never read */
    s->pixels = malloc((size_t)s->frame.stride_bytes * HEIGHT);
    memset(s->pixels, 255, (size_t)s->frame.stride_bytes * HEIGHT);
    *state = s;
    return 0;
}

static int close_shot(void **state)
{
    struct shot *s = *state;

    encode_close(s->encode);
    free(s->pixels);
    free(s);
    return 0;
}

/* Decode a picture from its memfd to gray. */
static uint8_t *decode(const struct encode_picture *p, int *width, int *height)
{
    uint8_t *jpeg = mmap(NULL, p->len, PROT_READ, MAP_SHARED, p->fd, 0), *gray;
    tjhandle tj = tjInitDecompress();
    int sampling, space;

    assert_true(jpeg != MAP_FAILED);
    assert_int_equal(
        tjDecompressHeader3(tj, jpeg, p->len, width, height, &sampling, &space),
        0);
    gray = malloc((size_t)*width * (size_t)*height);
    assert_int_equal(
        tjDecompress2(tj, jpeg, p->len, gray, *width, 0, *height, TJPF_GRAY, 0),
        0);
    tjDestroy(tj);
    munmap(jpeg, p->len);
    return gray;
}

static void test_encode_boxes_are_black_in_the_decoded_picture(void **state)
{
    struct shot *s = *state;
    struct encode_box box = {100, 60, 80, 14};
    struct encode_picture p;
    int width, height;
    uint8_t *gray;

    encode_fill(&s->frame, s->pixels, &box, 1);
    assert_int_equal(encode_frame(s->encode, &s->frame, s->pixels,
                                  &(struct encode_how){.quality = 80}, &p),
                     WS_OK);
    gray = decode(&p, &width, &height);
    assert_int_equal(width, WIDTH);
    assert_int_equal(height, HEIGHT);
    for (int y = 60; y < 74; y++)
        for (int x = 100; x < 180; x++)
            assert_in_range(gray[y * WIDTH + x], 0, 24);
    assert_in_range(gray[30 * WIDTH + 30], 240, 255);
    assert_in_range(gray[68 * WIDTH + 300], 240, 255);
    free(gray);
    close(p.fd);
}

static void test_encode_boxes_past_the_edge_stay_inside(void **state)
{
    struct shot *s = *state;
    const struct encode_box boxes[] = {
        {-50, -50, 60, 60},      {WIDTH - 5, HEIGHT - 5, 1000, 1000},
        {WIDTH + 10, 5, 10, 10}, {5, 5, 0, 0},
        {5, 5, -100, -100},
    };

    encode_fill(&s->frame, s->pixels, boxes,
                sizeof(boxes) / sizeof(*boxes)); /* ASan watches */
    assert_int_equal(s->pixels[0], 0);
    assert_int_equal(s->pixels[(size_t)(HEIGHT - 1) * s->frame.stride_bytes +
                               (WIDTH - 1) * 4],
                     0);
}

static void test_encode_reduced_picture_fits_its_bound(void **state)
{
    struct shot *s = *state;
    struct encode_how how = {.quality = 80, .most_px = 256};
    struct encode_picture p;
    int width, height;
    uint8_t *gray;

    assert_int_equal(encode_frame(s->encode, &s->frame, s->pixels, &how, &p),
                     WS_OK);
    gray = decode(&p, &width, &height);
    assert_int_equal(width, 160);
    assert_int_equal(height, 100);
    assert_int_equal(p.width_px, width);
    assert_int_equal(p.height_px, height);
    free(gray);
    close(p.fd);
}

static void test_encode_hash_is_of_the_bytes_of_the_picture(void **state)
{
    struct shot *s = *state;
    struct encode_picture p;
    char hash[SHA256_HEX_BYTES];
    uint8_t *bytes;

    assert_int_equal(encode_frame(s->encode, &s->frame, s->pixels,
                                  &(struct encode_how){.quality = 80}, &p),
                     WS_OK);
    bytes = malloc(p.len);
    assert_int_equal(read(p.fd, bytes, p.len), p.len); /* it is at its start */
    assert_int_equal(bytes[0], 0xff);
    assert_int_equal(bytes[1], 0xd8);
    sha256_hash_hex(bytes, p.len, hash);
    assert_string_equal(hash, p.sha256);
    free(bytes);
    close(p.fd);
}

static void test_encode_frame_without_size_is_invalid(void **state)
{
    struct shot *s = *state;
    struct encode_picture p;

    s->frame.width_px = 0;
    assert_int_equal(encode_frame(s->encode, &s->frame, s->pixels,
                                  &(struct encode_how){.quality = 80}, &p),
                     WS_INVALID);
}

#define WITH_SHOT(test)                                                        \
    cmocka_unit_test_setup_teardown(test, open_shot, close_shot)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SHOT(test_encode_boxes_are_black_in_the_decoded_picture),
        WITH_SHOT(test_encode_boxes_past_the_edge_stay_inside),
        WITH_SHOT(test_encode_reduced_picture_fits_its_bound),
        WITH_SHOT(test_encode_hash_is_of_the_bytes_of_the_picture),
        WITH_SHOT(test_encode_frame_without_size_is_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
