#include "agent/ai/look.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/json.h"
#include "tests/ai/peer.h"

#include <sys/mman.h>
#include <turbojpeg.h>

#define WIDTH 640
#define HEIGHT 100

struct rig {
    struct peer peer;
    struct board *board;
    int board_fd;
    struct ocr *ocr;
    struct classify *rules;
    struct settings settings;
    struct baseline_data learned;
    struct look *look;
    struct ring_frame frame;
    struct ring_slot slot;
    uint8_t pixels[WIDTH * HEIGHT * 4];
};

static bool go_on(void *ctx)
{
    (void)ctx;
    return true;
}

static struct rig *open_rig(int64_t tier, const char *line)
{
    struct rig *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    assert_int_equal(board_create(&r->board, &r->board_fd), WS_OK);
    atomic_store(&r->board->role[BOARD_OCR].pid, 100);
    atomic_store(&r->board->tier, tier);
    peer_start(&r->peer, line);
    r->settings =
        (struct settings){.picture_every_ms = 60000, .picture_quality = 80};
    r->frame =
        (struct ring_frame){.number = 1,
                            .wall_ns = INT64_C(1800000000) * CLOCK_NS_PER_S,
                            .mono_ns = 1000 * CLOCK_NS_PER_S,
                            .width_px = WIDTH,
                            .height_px = HEIGHT,
                            .stride_bytes = WIDTH * 4,
                            .flags = RING_HAS_PIXELS,
                            .app = "code",
                            .title = "main.c",
                            .source = "synth"};
    r->slot = (struct ring_slot){0, &r->frame, r->pixels};
    memset(r->pixels, 255, sizeof(r->pixels));
    assert_int_equal(
        ocr_open(&r->ocr, &(struct ocr_options){.fd = r->peer.fds[0],
                                                .deadline_ms = 200,
                                                .env = &env_system,
                                                .board = r->board,
                                                .alive = go_on}),
        WS_OK);
    assert_int_equal(classify_open(&r->rules, "", stderr), WS_OK);
    assert_int_equal(
        look_open(&r->look,
                  &(struct look_options){&r->settings, r->board, r->ocr,
                                         r->rules, &r->learned}),
        WS_OK);
    return r;
}

static void close_rig(struct rig *r)
{
    peer_stop(&r->peer);
    look_close(r->look);
    classify_close(r->rules);
    ocr_close(r->ocr);
    board_close(r->board);
    close(r->board_fd);
    free(r);
}

/* One look; the metric's text is copied, and whether there was a picture. */
static bool look(struct rig *r, char *metric, size_t bytes)
{
    struct look_items items;
    bool pictured;

    look_items_init(&items);
    assert_int_equal(look_frame(r->look, &r->slot, &items), WS_OK);
    if (metric)
        snprintf(metric, bytes, "%s", items.metric.data);
    pictured = items.encoded.fd >= 0;
    assert_int_equal(pictured, items.picture.len > 0);
    look_items_fini(&items);
    r->frame.number++;
    return pictured;
}

/* Must hold 7: at the default tier two texts of one length are one metric. */
static void test_look_two_texts_of_one_length_leave_one_metric(void **state)
{
    char one[8192], two[8192];
    struct rig *r = open_rig(2, "the quick brown fox jumps");

    (void)state;
    assert_false(look(r, one, sizeof(one)));
    close_rig(r);
    r = open_rig(2, "aaaaaaaaaaa mail@host.org");
    assert_false(look(r, two, sizeof(two)));
    close_rig(r);
    assert_string_equal(one, two);
}

static void test_look_text_and_title_are_in_no_metric(void **state)
{
    (void)state;
    for (int64_t tier = 0; tier <= 4; tier++) {
        struct rig *r = open_rig(tier, "zanzibar 4111 quokka");
        char metric[8192];

        strcpy(r->frame.title, "wombat papers");
        strcpy(r->frame.app, "marsupialtool");
        (void)look(r, metric, sizeof(metric));
        assert_null(strstr(metric, "zanzibar"));
        assert_null(strstr(metric, "quokka"));
        assert_null(strstr(metric, "wombat"));
        assert_null(strstr(metric, "marsupial"));
        close_rig(r);
    }
}

static void test_look_below_tier_2_reads_nothing(void **state)
{
    struct rig *r = open_rig(1, "alpha");

    (void)state;
    assert_false(look(r, NULL, 0));
    assert_int_equal(r->peer.asked, 0);
    close_rig(r);
}

/* The gray of one pixel of the picture that a look makes. */
static int gray_at(struct rig *r, int x, int y)
{
    struct look_items items;
    static uint8_t gray[WIDTH * HEIGHT];
    tjhandle tj = tjInitDecompress();
    void *jpeg;

    look_items_init(&items);
    assert_int_equal(look_frame(r->look, &r->slot, &items), WS_OK);
    assert_true(items.encoded.fd >= 0);
    jpeg = mmap(NULL, items.encoded.len, PROT_READ, MAP_SHARED,
                items.encoded.fd, 0);
    assert_int_equal(tjDecompress2(tj, jpeg, items.encoded.len, gray, WIDTH, 0,
                                   HEIGHT, TJPF_GRAY, 0),
                     0);
    munmap(jpeg, items.encoded.len);
    tjDestroy(tj);
    look_items_fini(&items);
    return gray[y * WIDTH + x];
}

static void test_look_email_is_black_in_the_picture(void **state)
{
    struct rig *r = open_rig(4, "mail bob@corp.example now");

    (void)state;
    assert_in_range(gray_at(r, 80 + 25, 48), 0, 24); /* the second word */
    close_rig(r);
    r = open_rig(4, "mail nobody-at-all now");
    assert_in_range(gray_at(r, 80 + 25, 48), 240, 255);
    close_rig(r);
}

static void test_look_without_ocr_keeps_no_picture_and_counts_it(void **state)
{
    struct rig *r = open_rig(4, "alpha");
    char metric[8192];

    (void)state;
    r->peer.manner = PEER_SILENT;
    assert_false(look(r, metric, sizeof(metric)));
    assert_int_equal(atomic_load(&r->board->pictures_withheld), 1);
    assert_non_null(strstr(metric, "\"pipeline_status\":\"partial\""));
    assert_non_null(strstr(metric, "\"scored\":false"));
    assert_non_null(strstr(metric, "\"productivity_score\":50"));
    assert_non_null(strstr(metric, "\"error_code\":\"ocr_not_answering\""));
    close_rig(r);
}

/* Nobody knows what the words say that were not read: no picture shows them. */
static void test_look_page_read_in_part_keeps_no_picture(void **state)
{
    char metric[8192];
    struct rig *r = open_rig(4, "more words than can be read");

    (void)state;
    r->peer.flags = OCR_WIRE_CUT;
    assert_false(look(r, metric, sizeof(metric)));
    assert_non_null(strstr(metric, "\"reading\":\"fresh\""));
    assert_int_equal(atomic_load(&r->board->pictures_withheld), 1);
    r->peer.flags = 0;
    assert_true(look(r, NULL, 0));
    close_rig(r);
}

static void test_look_pictures_are_no_denser_than_the_setting(void **state)
{
    struct rig *r = open_rig(4, "alpha beta");
    int pictures = 0;

    (void)state;
    for (int i = 0; i < 13; i++) { /* two minutes, each 10 s */
        pictures += look(r, NULL, 0);
        r->frame.mono_ns += 10 * CLOCK_NS_PER_S;
    }
    assert_int_equal(pictures, 3);
    close_rig(r);
}

static void test_look_unchanged_frame_reuses_the_reading(void **state)
{
    struct rig *r = open_rig(2, "alpha beta");
    char metric[8192];

    (void)state;
    (void)look(r, metric, sizeof(metric));
    assert_non_null(strstr(metric, "\"reading\":\"fresh\""));
    r->frame.flags = RING_UNCHANGED;
    (void)look(r, metric, sizeof(metric));
    assert_non_null(strstr(metric, "\"reading\":\"reused\""));
    assert_non_null(strstr(metric, "\"scored\":true"));
    assert_int_equal(r->peer.asked, 1);
    close_rig(r);
}

static void test_look_unchanged_after_a_dropped_frame_is_not_read(void **state)
{
    struct rig *r = open_rig(2, "alpha beta");
    char metric[8192];

    (void)state;
    (void)look(r, NULL, 0);
    r->frame.flags = RING_UNCHANGED;
    r->frame.number++;
    (void)look(r, metric, sizeof(metric));
    assert_non_null(strstr(metric, "\"reading\":\"none\""));
    close_rig(r);
}

static void test_look_changed_frame_without_pixels_is_not_read(void **state)
{
    struct rig *r = open_rig(2, "alpha beta");
    char metric[8192];

    (void)state;
    (void)look(r, NULL, 0);
    r->frame.flags = 0;
    (void)look(r, metric, sizeof(metric));
    assert_non_null(strstr(metric, "\"reading\":\"none\""));
    r->frame.flags = RING_UNCHANGED;
    (void)look(r, metric, sizeof(metric));
    assert_non_null(strstr(metric, "\"reading\":\"none\""));
    close_rig(r);
}

static int64_t wanted(const struct rig *r)
{
    return atomic_load(&r->board->pixels_wanted);
}

static void test_look_unread_screen_that_stands_still_is_asked_for(void **state)
{
    struct rig *r = open_rig(2, "alpha beta");

    (void)state;
    r->peer.manner = PEER_SILENT;
    (void)look(r, NULL, 0);
    r->frame.flags = RING_UNCHANGED;
    (void)look(r, NULL, 0);
    assert_int_equal(wanted(r), 0); /* nobody is there to read it */
    peer_hello(&r->peer);
    r->peer.manner = PEER_ANSWERS;
    (void)look(r, NULL, 0);
    assert_int_equal(wanted(r), 1);
    r->frame.flags = RING_HAS_PIXELS;
    (void)look(r, NULL, 0);
    r->frame.flags = RING_UNCHANGED;
    (void)look(r, NULL, 0);
    assert_int_equal(wanted(r), 1); /* it was read */
    close_rig(r);
}

static void test_look_last_state_of_the_screen_gets_its_picture(void **state)
{
    struct rig *r = open_rig(4, "alpha beta");

    (void)state;
    assert_true(look(r, NULL, 0));
    r->frame.mono_ns += 10 * CLOCK_NS_PER_S;
    assert_false(look(r, NULL, 0)); /* changed, but too soon */
    r->frame.flags = RING_UNCHANGED;
    (void)look(r, NULL, 0);
    assert_int_equal(wanted(r), 0);
    r->frame.mono_ns += 60 * CLOCK_NS_PER_S;
    (void)look(r, NULL, 0);
    assert_int_equal(wanted(r), 1);
    r->frame.flags = RING_HAS_PIXELS;
    assert_true(look(r, NULL, 0));
    r->frame.flags = RING_UNCHANGED;
    r->frame.mono_ns += 60 * CLOCK_NS_PER_S;
    (void)look(r, NULL, 0);
    assert_int_equal(wanted(r), 1); /* nothing new to show */
    close_rig(r);
}

static void test_look_ocr_off_counts_the_pictures_not_kept(void **state)
{
    struct rig *r = open_rig(4, "alpha");

    (void)state;
    r->settings.ocr = OCR_OFF;
    r->frame.flags = 0; /* capture gives no pixels then */
    for (int i = 0; i < 13; i++) {
        assert_false(look(r, NULL, 0));
        r->frame.mono_ns += 10 * CLOCK_NS_PER_S;
    }
    assert_int_equal(atomic_load(&r->board->pictures_withheld), 3);
    close_rig(r);
}

static void test_look_locked_or_excluded_frame_is_not_read(void **state)
{
    struct rig *r = open_rig(4, "alpha beta");
    char metric[8192];

    (void)state;
    (void)look(r, NULL, 0);
    r->frame.flags = RING_HAS_PIXELS | RING_EXCLUDED;
    r->frame.mono_ns += 3600 * CLOCK_NS_PER_S;
    assert_false(look(r, metric, sizeof(metric)));
    assert_non_null(strstr(metric, "\"scored\":false"));
    r->frame.flags = RING_UNCHANGED;
    (void)look(r, metric, sizeof(metric));
    assert_non_null(strstr(metric, "\"reading\":\"none\""));
    assert_int_equal(r->peer.asked, 1);
    close_rig(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look_two_texts_of_one_length_leave_one_metric),
        cmocka_unit_test(test_look_text_and_title_are_in_no_metric),
        cmocka_unit_test(test_look_below_tier_2_reads_nothing),
        cmocka_unit_test(test_look_email_is_black_in_the_picture),
        cmocka_unit_test(test_look_without_ocr_keeps_no_picture_and_counts_it),
        cmocka_unit_test(test_look_page_read_in_part_keeps_no_picture),
        cmocka_unit_test(test_look_pictures_are_no_denser_than_the_setting),
        cmocka_unit_test(test_look_unchanged_frame_reuses_the_reading),
        cmocka_unit_test(test_look_unchanged_after_a_dropped_frame_is_not_read),
        cmocka_unit_test(test_look_changed_frame_without_pixels_is_not_read),
        cmocka_unit_test(
            test_look_unread_screen_that_stands_still_is_asked_for),
        cmocka_unit_test(test_look_last_state_of_the_screen_gets_its_picture),
        cmocka_unit_test(test_look_ocr_off_counts_the_pictures_not_kept),
        cmocka_unit_test(test_look_locked_or_excluded_frame_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
