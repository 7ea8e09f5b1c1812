/* test_capture.c - the contract of every source, run over the whole table.
 *
 * x11 is tried on $DISPLAY when there is one; the flow test capture_x11 runs
 * this program under Xvfb for it.
 */
#include "agent/capture/gate.h"
#include "agent/capture/source.h"

#include "core/io.h"

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define WIDTH 150
#define HEIGHT 100
#define GRABS 20

static char folder[] = "/tmp/test_capture.XXXXXX";

static void write_picture(const char *name, uint8_t shade)
{
    static uint8_t pixels[WIDTH * HEIGHT * 4];
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = WIDTH,
                       .height = HEIGHT,
                       .format = PNG_FORMAT_BGRA};
    char path[256];

    memset(pixels, shade, sizeof pixels);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_true(
        png_image_write_to_file(&image, path, 0, pixels, WIDTH * 4, NULL));
}

static int make_folder(void **state)
{
    char path[256];

    (void)state;
    assert_non_null(mkdtemp(folder));
    write_picture("b.png", 20);
    write_picture("a.png", 10);
    write_picture("c.png", 20);
    snprintf(path, sizeof path, "%s/d.png", folder);
    return io_write_file(path, "no picture", 10, 0600) == WS_OK ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"a.png", "b.png", "c.png", "d.png"};
    char path[256];
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

/* The argument that a source needs to run here; NULL: it cannot run here. */
static const char *argument_for(const char *name)
{
    if (strcmp(name, "file") == 0)
        return folder;
    if (strcmp(name, "x11") == 0 && !getenv("DISPLAY"))
        return NULL;
    return "";
}

static bool open_source(size_t row, struct source *s)
{
    const struct capture_ops *ops = capture_table[row];
    const char *arg = argument_for(ops->name);

    if (!arg) {
        print_message("# skipped %s: no DISPLAY here\n", ops->name);
        return false;
    }
    assert_int_equal(source_open(s, ops, &(struct capture_options){.arg = arg}),
                     WS_OK);
    return true;
}

static void check_frame(const struct capture_frame *f)
{
    const struct ring_frame *r = &f->facts;

    assert_true(r->width_px > 0 && r->height_px > 0);
    assert_true(r->stride_bytes >= r->width_px * 4);
    assert_in_range(r->monitor_count, 1, RING_MAX_MONITORS);
    assert_true(r->idle_ms >= -1);
    assert_non_null(memchr(r->app, 0, sizeof r->app));
    assert_non_null(memchr(r->title, 0, sizeof r->title));
    assert_int_equal(r->flags & (RING_HAS_PIXELS | RING_UNCHANGED), 0);
}

static void test_capture_each_source_gives_whole_frames(void **state)
{
    struct capture_frame f;
    size_t row;
    int i;

    (void)state;
    for (row = 0; row < capture_table_count; row++) {
        struct source s;

        if (!open_source(row, &s))
            continue;
        for (i = 0; i < GRABS; i++) {
            assert_int_equal(source_grab(&s, CAPTURE_PIXELS, &f), WS_OK);
            check_frame(&f);
            assert_string_equal(f.facts.source, s.ops->name);
            assert_non_null(f.pixels);
            assert_int_equal(f.before != NULL, i > 0);
        }
        source_close(&s);
    }
}

/* Outside of `dirty` the two pictures are equal, and `before` is what the grab
 * before gave. */
static void test_capture_each_source_tells_the_truth_of_before(void **state)
{
    size_t row, bytes;
    int i;

    (void)state;
    for (row = 0; row < capture_table_count; row++) {
        struct source s;
        struct capture_frame f;
        uint8_t *kept = NULL;

        if (!open_source(row, &s))
            continue;
        for (i = 0; i < GRABS; i++) {
            struct gate_picture p;

            assert_int_equal(source_grab(&s, CAPTURE_PIXELS, &f), WS_OK);
            bytes = (size_t)f.facts.stride_bytes * f.facts.height_px;
            p = (struct gate_picture){f.pixels,
                                      f.before,
                                      f.facts.width_px,
                                      f.facts.height_px,
                                      f.facts.stride_bytes,
                                      f.dirty};
            if (kept) {
                struct gate_result by_dirty = gate_compare(&p);

                assert_memory_equal(kept, f.before, bytes);
                p.dirty = (struct rect){0, 0, (int32_t)p.width_px,
                                        (int32_t)p.height_px};
                assert_int_equal(by_dirty.changed, gate_compare(&p).changed);
            }
            free(kept);
            kept = malloc(bytes);
            assert_non_null(kept);
            memcpy(kept, f.pixels, bytes);
        }
        free(kept);
        source_close(&s);
    }
}

static void test_capture_each_source_gives_no_pixels_unasked(void **state)
{
    struct capture_frame f;
    size_t row;

    (void)state;
    for (row = 0; row < capture_table_count; row++) {
        struct source s;

        if (!open_source(row, &s))
            continue;
        assert_int_equal(source_grab(&s, CAPTURE_FACTS, &f), WS_OK);
        assert_null(f.pixels);
        assert_null(f.before);
        assert_int_equal(source_tick(&s, CAPTURE_FORGET), WS_OK);
        assert_int_equal(source_tick(&s, CAPTURE_KEEP), WS_OK);
        source_close(&s);
        source_close(&s);
    }
}

static void test_capture_find_unknown_is_invalid(void **state)
{
    const struct capture_ops *ops = NULL;
    const char *arg = NULL;
    char names[64];

    (void)state;
    assert_int_equal(source_find("wlr", &ops, &arg), WS_INVALID);
    assert_int_equal(source_find("syn", &ops, &arg), WS_INVALID);
    assert_int_equal(source_find("synthetic", &ops, &arg), WS_INVALID);
    assert_int_equal(source_find("", &ops, &arg), WS_INVALID);
    assert_null(ops);
    source_names(names, sizeof names);
    assert_string_equal(names, "x11, file, synth");
}

static void test_capture_find_gives_source_and_argument(void **state)
{
    const struct capture_ops *ops = NULL;
    const char *arg = NULL;

    (void)state;
    assert_int_equal(source_find("file:/tmp/a:b", &ops, &arg), WS_OK);
    assert_string_equal(ops->name, "file");
    assert_string_equal(arg, "/tmp/a:b");
    assert_int_equal(source_find("auto", &ops, &arg), WS_OK);
    assert_string_equal(ops->name, "x11");
    assert_true(ops->shows_display);
    assert_string_equal(arg, "");
}

static void open_is_invalid(const char *setting)
{
    const struct capture_ops *ops = NULL;
    struct capture_options o = {0};
    struct source s;

    assert_int_equal(source_find(setting, &ops, &o.arg), WS_OK);
    assert_int_equal(source_open(&s, ops, &o), WS_INVALID);
}

static void test_capture_open_bad_argument_is_invalid(void **state)
{
    (void)state;
    open_is_invalid("file:");
    open_is_invalid("file:/nowhere/at/all");
    open_is_invalid("file:/proc/self/ns");
    open_is_invalid("synth:0x0");
    open_is_invalid("synth:99999x10");
    open_is_invalid("synth:640x480x2");
    open_is_invalid("synth:wide");
}

static uint8_t first_byte(struct source *s, struct capture_frame *f)
{
    assert_int_equal(source_grab(s, CAPTURE_PIXELS, f), WS_OK);
    return f->pixels[0];
}

static void test_capture_file_replays_in_name_order_for_ever(void **state)
{
    const struct capture_ops *ops;
    struct source s;
    struct capture_frame f;
    const char *arg;
    int round;

    (void)state;
    assert_int_equal(source_find("file", &ops, &arg), WS_OK);
    assert_int_equal(
        source_open(&s, ops, &(struct capture_options){.arg = folder}), WS_OK);
    for (round = 0; round < 3; round++) {
        assert_int_equal(first_byte(&s, &f), 10);
        assert_int_equal(first_byte(&s, &f), 20);
        assert_int_equal(first_byte(&s, &f), 20);
        assert_memory_equal(f.pixels, f.before, WIDTH * HEIGHT * 4);
    }
    source_close(&s);
}

static void test_capture_synth_is_the_same_on_every_run(void **state)
{
    struct source a, b;
    struct capture_frame fa, fb;
    const struct capture_options o = {.arg = "320x240"};
    const struct capture_ops *ops;
    const char *arg;
    int i;

    (void)state;
    assert_int_equal(source_find("synth", &ops, &arg), WS_OK);
    assert_int_equal(source_open(&a, ops, &o), WS_OK);
    assert_int_equal(source_open(&b, ops, &o), WS_OK);
    for (i = 0; i < 200; i++) {
        assert_int_equal(source_grab(&a, CAPTURE_PIXELS, &fa), WS_OK);
        assert_int_equal(source_grab(&b, CAPTURE_PIXELS, &fb), WS_OK);
        assert_memory_equal(fa.pixels, fb.pixels, 320 * 240 * 4);
        assert_memory_equal(&fa.facts, &fb.facts, sizeof fa.facts);
        assert_int_equal(rect_empty(&fa.dirty), i % 8 == 0 && i > 0);
    }
    source_close(&a);
    source_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capture_each_source_gives_whole_frames),
        cmocka_unit_test(test_capture_each_source_tells_the_truth_of_before),
        cmocka_unit_test(test_capture_each_source_gives_no_pixels_unasked),
        cmocka_unit_test(test_capture_find_unknown_is_invalid),
        cmocka_unit_test(test_capture_find_gives_source_and_argument),
        cmocka_unit_test(test_capture_open_bad_argument_is_invalid),
        cmocka_unit_test(test_capture_file_replays_in_name_order_for_ever),
        cmocka_unit_test(test_capture_synth_is_the_same_on_every_run),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
