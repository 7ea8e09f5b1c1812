/* test_capture_role.c - the capture role as a process of its own, behind its
 * walls: what it puts into the ring, when, and when nothing.
 */
#include "agent/board.h"
#include "agent/ring.h"
#include "agent/role.h"

#include "core/clock.h"
#include "core/supervise.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define EVERY_MS 20
#define SOON_MS 5000 /* for what happens within a second on an idle machine */

struct rig {
    struct board *board;
    struct ring *ring, *reader;
    int board_fd;
    struct settings settings;
    pid_t pid;
};

static void run_role(struct rig *r)
{
    struct role role = {.name = "capture",
                        .row = BOARD_CAPTURE,
                        .settings = &r->settings,
                        .env = &env_system,
                        .board = r->board};
    int i;

    for (i = 0; i < ROLE_FDS; i++)
        role.fds[i] = -1;
    role.fds[ROLE_FD_RING] = ring_fd(r->ring);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    supervise_child_begin("capture");
    _exit(capture_run(&role));
}

static struct rig *start(int64_t tier, int64_t ocr)
{
    static char source[] = "synth", state[] = "/nowhere", empty[] = "";
    struct rig *r = calloc(1, sizeof *r);

    assert_non_null(r);
    assert_int_equal(board_create(&r->board, &r->board_fd), WS_OK);
    assert_int_equal(ring_create(&r->ring), WS_OK);
    assert_int_equal(ring_attach(&r->reader, ring_fd(r->ring), RING_READER),
                     WS_OK);
    r->settings = (struct settings){.source = source,
                                    .state = state,
                                    .display = empty,
                                    .ca_file = empty,
                                    .every_ms = EVERY_MS,
                                    .ocr = ocr};
    r->board->tier = tier;
    r->board->notice_acknowledged = 1;
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0)
        run_role(r);
    return r;
}

static void stop(struct rig *r)
{
    int status = -1;

    kill(r->pid, SIGTERM);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    assert_int_equal(status, 0);
    ring_close(r->reader);
    ring_close(r->ring);
    board_close(r->board);
    close(r->board_fd);
    free(r);
}

/* The next frame, out of the ring; false when none comes in time. */
static bool next_frame(struct rig *r, struct ring_frame *out, int64_t ms)
{
    int64_t end = clock_mono_ns() + ms * CLOCK_NS_PER_MS;
    struct ring_slot slot;

    while (ring_take(r->reader, &slot)) {
        int64_t left = (end - clock_mono_ns()) / CLOCK_NS_PER_MS;

        if (left <= 0)
            return false;
        (void)ring_wait(r->reader, left);
    }
    *out = *slot.frame;
    ring_release(r->reader, &slot);
    return true;
}

static void wait_for_state(struct rig *r, enum board_capture_state state)
{
    int64_t end = clock_mono_ns() + SOON_MS * CLOCK_NS_PER_MS;

    while (r->board->capture_state != (int64_t)state) {
        assert_true(clock_mono_ns() < end);
        usleep(5000);
    }
}

static void test_capture_role_without_ocr_gives_no_pixels(void **state)
{
    struct rig *r = start(4, OCR_OFF);
    struct ring_frame f;
    int k, unchanged = 0;

    (void)state;
    for (k = 0; k < 20 || unchanged == 0; k++) {
        assert_true(next_frame(r, &f, SOON_MS));
        assert_false(f.flags & RING_HAS_PIXELS);
        /* after each eighth of synth, also where some went unread */
        if (f.number > 1 && f.number % 8 == 1)
            unchanged++;
        assert_int_equal((f.flags & RING_UNCHANGED) != 0,
                         f.number > 1 && f.number % 8 == 1);
    }
    stop(r);
}

static void test_capture_role_tier_1_fetches_no_pixels(void **state)
{
    struct rig *r = start(1, OCR_ON);
    struct ring_frame f;
    int k;

    (void)state;
    for (k = 0; k < 20; k++) {
        assert_true(next_frame(r, &f, SOON_MS));
        assert_false(f.flags & (RING_HAS_PIXELS | RING_UNCHANGED));
        assert_true(f.changed_share <= 0);
        assert_string_not_equal(f.app, "");
    }
    stop(r);
}

static void test_capture_role_unchanged_frames_carry_no_pixels(void **state)
{
    struct rig *r = start(2, OCR_ON);
    struct ring_frame f;
    uint64_t last = 0;
    int k;

    (void)state;
    for (k = 0; k < 40; k++) {
        assert_true(next_frame(r, &f, SOON_MS));
        if (f.number == last + 1 && last % 8 == 0 && last > 0)
            assert_true(f.flags & RING_UNCHANGED);
        assert_true(!(f.flags & RING_UNCHANGED) !=
                    !(f.flags & RING_HAS_PIXELS));
        last = f.number;
    }
    stop(r);
}

/* A reader that came new has nothing to call unchanged. */
static void test_capture_role_new_reader_is_given_pixels(void **state)
{
    struct rig *r = start(2, OCR_ON);
    struct ring_frame f;
    int64_t came_ns;

    (void)state;
    for (;;) {
        do {
            assert_true(next_frame(r, &f, SOON_MS));
        } while (f.number % 8 != 0);
        r->board->role[BOARD_AI].restarts++;
        came_ns = clock_mono_ns();
        assert_true(next_frame(r, &f, SOON_MS));
        if (!(f.flags & RING_UNCHANGED))
            break;
        assert_true(f.mono_ns < came_ns); /* made before the reader came */
    }
    assert_true(f.flags & RING_HAS_PIXELS);
    stop(r);
}

static void test_capture_role_paused_puts_nothing_into_the_ring(void **state)
{
    struct rig *r = start(2, OCR_ON);
    struct ring_frame f;
    int64_t captured, began_ns, paused_ms;

    (void)state;
    assert_true(next_frame(r, &f, SOON_MS));
    r->board->paused_until_wall_ns = clock_wall_ns() + 60 * CLOCK_NS_PER_S;
    wait_for_state(r, BOARD_PAUSED);
    began_ns = clock_mono_ns();
    while (next_frame(r, &f, 0))
        ;
    captured = r->board->frames_captured;
    assert_false(next_frame(r, &f, 400));
    assert_int_equal(r->board->frames_captured, captured);
    paused_ms = (clock_mono_ns() - began_ns) / CLOCK_NS_PER_MS;
    r->board->paused_until_wall_ns = 0;
    assert_true(next_frame(r, &f, SOON_MS));
    assert_true(f.flags & RING_HAS_PIXELS);
    assert_true(f.interval_ms < paused_ms); /* the pause is in no period */
    stop(r);
}

static void test_capture_role_tier_0_and_no_notice_capture_nothing(void **state)
{
    struct rig *r = start(0, OCR_ON);
    struct ring_frame f;

    (void)state;
    wait_for_state(r, BOARD_TIER_0);
    r->board->notice_acknowledged = 0;
    r->board->tier = 4;
    wait_for_state(r, BOARD_NO_NOTICE);
    assert_false(next_frame(r, &f, 200));
    assert_int_equal(r->board->frames_captured, 0);
    r->board->notice_acknowledged = 1;
    assert_true(next_frame(r, &f, SOON_MS));
    stop(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capture_role_without_ocr_gives_no_pixels),
        cmocka_unit_test(test_capture_role_tier_1_fetches_no_pixels),
        cmocka_unit_test(test_capture_role_unchanged_frames_carry_no_pixels),
        cmocka_unit_test(test_capture_role_new_reader_is_given_pixels),
        cmocka_unit_test(test_capture_role_paused_puts_nothing_into_the_ring),
        cmocka_unit_test(
            test_capture_role_tier_0_and_no_notice_capture_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
