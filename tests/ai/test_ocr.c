#include "agent/ai/ocr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/ai/peer.h"

#define WIDTH 320
#define HEIGHT 100
#define DEADLINE_MS 300

struct rig {
    struct peer peer;
    struct board *board;
    int board_fd;
    struct ocr *ocr;
    struct ring_frame frame;
    struct ring_slot slot;
    uint8_t pixels[WIDTH * HEIGHT * 4];
};

static bool go_on(void *ctx)
{
    (void)ctx;
    return true;
}

static int open_rig(void **state)
{
    struct rig *r = calloc(1, sizeof(*r));

    if (!r || board_create(&r->board, &r->board_fd))
        return -1;
    peer_start(&r->peer, "alpha beta gamma");
    r->frame = (struct ring_frame){.number = 1,
                                   .width_px = WIDTH,
                                   .height_px = HEIGHT,
                                   .stride_bytes = WIDTH * 4};
    r->slot = (struct ring_slot){0, &r->frame, r->pixels};
    atomic_store(&r->board->role[BOARD_OCR].pid, 100);
    *state = r;
    return ocr_open(&r->ocr, &(struct ocr_options){.fd = r->peer.fds[0],
                                                   .deadline_ms = DEADLINE_MS,
                                                   .env = &env_system,
                                                   .board = r->board,
                                                   .alive = go_on});
}

static int close_rig(void **state)
{
    struct rig *r = *state;

    peer_stop(&r->peer);
    ocr_close(r->ocr);
    board_close(r->board);
    close(r->board_fd);
    free(r);
    return 0;
}

static void test_ocr_words_of_a_frame_come_back(void **state)
{
    struct rig *r = *state;
    struct ocr_page page;

    for (int i = 0; i < 3; i++) {
        assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_OK);
        assert_int_equal(page.count, 3);
        assert_string_equal(page.words[1].text, "beta");
    }
    assert_int_equal(ocr_state(r->ocr), OCR_STATE_OK);
}

static void test_ocr_hanging_costs_one_deadline_then_nothing(void **state)
{
    struct rig *r = *state;
    struct ocr_page page;
    int64_t start;

    r->peer.manner = PEER_SILENT;
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_AGAIN);
    assert_int_equal(ocr_state(r->ocr), OCR_STATE_SILENT);
    start = env_mono_ns(&env_system);
    for (int i = 0; i < 100; i++)
        assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_AGAIN);
    assert_true(env_mono_ns(&env_system) - start < DEADLINE_MS * 1000000);
    assert_int_equal(r->peer.asked, 1);
}

static void test_ocr_hello_after_a_silence_is_trusted_again(void **state)
{
    struct rig *r = *state;
    struct ocr_page page;

    r->peer.manner = PEER_SILENT;
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_AGAIN);
    r->peer.manner = PEER_ANSWERS;
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_AGAIN);
    peer_hello(&r->peer);
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_OK);
    assert_int_equal(ocr_state(r->ocr), OCR_STATE_OK);
}

static void test_ocr_not_running_is_not_found_at_once(void **state)
{
    struct rig *r = *state;
    struct ocr_page page;

    atomic_store(&r->board->role[BOARD_OCR].pid, 0);
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_NOTFOUND);
    assert_int_equal(ocr_state(r->ocr), OCR_STATE_AWAY);
    assert_int_equal(r->peer.asked, 0);
}

static void die(void *ctx)
{
    struct rig *r = ctx;

    atomic_fetch_add(&r->board->role[BOARD_OCR].pid, 1);
}

static void test_ocr_third_death_on_a_picture_is_the_last(void **state)
{
    struct rig *r = *state;
    struct ocr_page page;

    r->peer.manner = PEER_SILENT;
    r->peer.ctx = r;
    r->peer.on_request = die;
    for (int i = 0; i < OCR_MOST_DEATHS; i++) {
        assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_IO);
        peer_hello(&r->peer); /* it was started again */
    }
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_DENIED);
    assert_int_equal(r->peer.asked, OCR_MOST_DEATHS);
    r->peer.on_request = NULL;
    r->peer.manner = PEER_ANSWERS;
    r->pixels[0] = 1; /* another picture is read */
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_OK);
}

static void test_ocr_lying_answer_stays_within_the_frame(void **state)
{
    struct rig *r = *state;
    struct ocr_page page;

    r->peer.manner = PEER_LIES;
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_OK);
    for (size_t i = 0; i < page.count; i++) {
        const struct ocr_wire_word *w = &page.words[i];

        assert_true(strnlen(w->text, OCR_WIRE_TEXT_BYTES) <
                    OCR_WIRE_TEXT_BYTES);
        assert_true(w->x_px + w->width_px <= WIDTH);
        assert_true(w->y_px + w->height_px <= HEIGHT);
    }
}

static void test_ocr_garbage_on_the_socket_is_passed_over(void **state)
{
    struct rig *r = *state;
    struct ocr_wire_answer a = {.magic = OCR_WIRE_MAGIC,
                                .flags = OCR_WIRE_LAST,
                                .id = 1,
                                .word_count = UINT32_MAX};
    struct ocr_page page;

    assert_int_equal(send(r->peer.fds[1], "x", 1, 0), 1);
    assert_true(send(r->peer.fds[1], &a, sizeof(a), 0) > 0);
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_OK);
    assert_int_equal(page.count, 3);
}

static void test_ocr_own_failure_is_io_and_not_silence(void **state)
{
    struct rig *r = *state;
    struct ocr_page page;

    r->peer.manner = PEER_FAILS;
    assert_int_equal(ocr_read(r->ocr, &r->slot, &page), WS_IO);
    assert_int_equal(ocr_state(r->ocr), OCR_STATE_OK);
}

static void test_ocr_off_is_never_asked(void **state)
{
    struct ocr *ocr = NULL;
    struct ocr_page page;
    struct rig *r = *state;

    assert_int_equal(ocr_open(&ocr, &(struct ocr_options){.fd = -1}), WS_OK);
    assert_int_equal(ocr_read(ocr, &r->slot, &page), WS_NOTFOUND);
    assert_int_equal(ocr_state(ocr), OCR_STATE_OFF);
    ocr_close(ocr);
}

#define WITH_RIG(test)                                                         \
    cmocka_unit_test_setup_teardown(test, open_rig, close_rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(test_ocr_words_of_a_frame_come_back),
        WITH_RIG(test_ocr_hanging_costs_one_deadline_then_nothing),
        WITH_RIG(test_ocr_hello_after_a_silence_is_trusted_again),
        WITH_RIG(test_ocr_not_running_is_not_found_at_once),
        WITH_RIG(test_ocr_third_death_on_a_picture_is_the_last),
        WITH_RIG(test_ocr_lying_answer_stays_within_the_frame),
        WITH_RIG(test_ocr_garbage_on_the_socket_is_passed_over),
        WITH_RIG(test_ocr_own_failure_is_io_and_not_silence),
        WITH_RIG(test_ocr_off_is_never_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
