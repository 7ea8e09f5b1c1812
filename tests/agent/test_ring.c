#include "agent/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

static int open_ring(void **state)
{
    struct ring *r = NULL;

    if (ring_create(&r))
        return -1;
    *state = r;
    return 0;
}

static int close_ring(void **state)
{
    ring_close((struct ring *)*state);
    return 0;
}

/* Write one frame with this number and a picture of 4 x 2 of its low byte. */
static enum err put(struct ring *r, uint64_t number)
{
    struct ring_slot slot;
    enum err e = ring_claim(r, &slot);

    if (e)
        return e;
    slot.frame->number = number;
    slot.frame->width_px = 4;
    slot.frame->height_px = 2;
    slot.frame->stride_bytes = 16;
    slot.frame->flags = RING_HAS_PIXELS;
    memset(slot.pixels, (int)(number & 255), 32);
    ring_publish(r, &slot);
    return WS_OK;
}

static uint64_t take(struct ring *r, uint64_t *dropped)
{
    struct ring_slot slot;
    uint64_t number;

    assert_int_equal(ring_take(r, &slot), WS_OK);
    number = slot.frame->number;
    assert_int_equal(slot.pixels[31], number & 255);
    if (dropped)
        *dropped = slot.frame->dropped_total;
    ring_release(r, &slot);
    return number;
}

static void test_ring_take_when_empty_is_again(void **state)
{
    struct ring_slot slot;

    assert_int_equal(ring_take((struct ring *)*state, &slot), WS_AGAIN);
    assert_false(ring_wait((struct ring *)*state, 1));
}

static void test_ring_take_gives_frames_in_order(void **state)
{
    struct ring *r = (struct ring *)*state;

    for (uint64_t n = 1; n <= RING_SLOTS; n++)
        assert_int_equal(put(r, n), WS_OK);
    assert_true(ring_wait(r, 0));
    for (uint64_t n = 1; n <= RING_SLOTS; n++)
        assert_int_equal(take(r, NULL), n);
}

static void test_ring_claim_when_full_drops_oldest_and_counts(void **state)
{
    struct ring *r = (struct ring *)*state;
    uint64_t dropped = 99;

    for (uint64_t n = 1; n <= RING_SLOTS + 2; n++)
        assert_int_equal(put(r, n), WS_OK);
    assert_int_equal(take(r, &dropped), 3);
    assert_int_equal(dropped, 2);
    assert_int_equal(take(r, NULL), 4);
    assert_int_equal(take(r, NULL), 5);
}

static void test_ring_claim_never_takes_the_slot_being_read(void **state)
{
    struct ring *r = (struct ring *)*state;
    struct ring_slot held;
    uint64_t n;

    assert_int_equal(put(r, 1), WS_OK);
    assert_int_equal(ring_take(r, &held), WS_OK);
    for (n = 2; n < 12; n++)
        assert_int_equal(put(r, n), WS_OK);
    assert_int_equal(held.frame->number, 1);
    assert_int_equal(held.pixels[0], 1);
    ring_release(r, &held);
    assert_int_equal(take(r, NULL), 10);
    assert_int_equal(take(r, NULL), 11);
}

static void test_ring_claim_reuses_the_slot_used_last(void **state)
{
    struct ring *r = (struct ring *)*state;
    struct ring_slot first, next;

    assert_int_equal(put(r, 1), WS_OK);
    assert_int_equal(ring_take(r, &first), WS_OK);
    ring_release(r, &first);
    for (uint64_t n = 2; n < 9; n++) {
        assert_int_equal(put(r, n), WS_OK);
        assert_int_equal(ring_take(r, &next), WS_OK);
        assert_int_equal(next.index, first.index);
        ring_release(r, &next);
    }
}

static void test_ring_publish_too_large_is_dropped_and_counted(void **state)
{
    struct ring *r = (struct ring *)*state;
    struct ring_slot slot;
    uint64_t dropped = 0;

    assert_int_equal(ring_claim(r, &slot), WS_OK);
    slot.frame->width_px = 20000;
    slot.frame->height_px = 20000;
    slot.frame->stride_bytes = 80000;
    slot.frame->flags = RING_HAS_PIXELS;
    ring_publish(r, &slot);
    assert_int_equal(ring_take(r, &slot), WS_AGAIN);
    assert_int_equal(put(r, 1), WS_OK);
    take(r, &dropped);
    assert_int_equal(dropped, 1);
}

static void test_ring_take_damaged_frame_is_dropped(void **state)
{
    struct ring *r = (struct ring *)*state;
    struct ring_slot slot;

    assert_int_equal(ring_claim(r, &slot), WS_OK);
    ring_publish(r, &slot);
    memset(slot.frame->title, 'x', sizeof slot.frame->title);
    assert_int_equal(ring_take(r, &slot), WS_AGAIN);
}

/* A writer that goes on writing to the page it gave away. */
static void test_ring_take_is_not_changed_by_the_writer_later(void **state)
{
    struct ring *r = (struct ring *)*state;
    struct ring_slot writer, reader;

    assert_int_equal(ring_claim(r, &writer), WS_OK);
    writer.frame->width_px = 4;
    writer.frame->height_px = 2;
    writer.frame->stride_bytes = 16;
    writer.frame->flags = RING_HAS_PIXELS;
    ring_publish(r, &writer);
    assert_int_equal(ring_take(r, &reader), WS_OK);
    writer.frame->width_px = UINT32_MAX;
    writer.frame->monitor_count = UINT32_MAX;
    assert_int_equal(reader.frame->width_px, 4);
    assert_int_equal(reader.frame->monitor_count, 0);
    ring_release(r, &reader);
}

static void test_ring_attach_other_memfd_is_invalid(void **state)
{
    OWN_FD int fd = memfd_create("test", MFD_CLOEXEC);
    struct ring *r = NULL;

    (void)state;
    assert_int_equal(ring_attach(&r, fd, RING_READER), WS_INVALID);
    assert_null(r);
}

static void test_ring_readonly_fd_cannot_be_written(void **state)
{
    struct ring *r = (struct ring *)*state;
    int fd = ring_readonly_fd(r);
    void *at;

    assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                          (off_t)ring_pixels_offset(0)),
                     MAP_FAILED);
    at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd,
              (off_t)ring_pixels_offset(0));
    assert_ptr_not_equal(at, MAP_FAILED);
    munmap(at, 4096);
}

static void test_ring_reclaim_frees_what_dead_sides_held(void **state)
{
    struct ring *r = (struct ring *)*state;
    struct ring_slot slot;
    uint64_t dropped = 0;

    assert_int_equal(put(r, 1), WS_OK);
    assert_int_equal(ring_take(r, &slot), WS_OK);  /* the reader dies with it */
    assert_int_equal(ring_claim(r, &slot), WS_OK); /* so does the writer */
    assert_int_equal(ring_claim(r, &slot), WS_OK); /* and once more */
    assert_int_equal(ring_claim(r, &slot), WS_AGAIN);
    ring_reclaim(r, RING_WRITER);
    ring_reclaim(r, RING_READER);
    for (uint64_t n = 2; n < 2 + RING_SLOTS; n++)
        assert_int_equal(put(r, n), WS_OK);
    assert_int_equal(take(r, &dropped), 2);
    assert_int_equal(dropped, 1); /* the frame that its reader died on */
}

/* --- two processes, killed at any instruction --- */

static pid_t start_writer(struct ring *r, uint64_t first)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct ring *mine = NULL;

        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a check fails */
        if (ring_attach(&mine, ring_fd(r), RING_WRITER))
            _exit(1);
        for (uint64_t n = first;; n++)
            if (put(mine, n))
                _exit(2);
    }
    return pid;
}

static pid_t start_reader(struct ring *r, _Atomic uint64_t *last)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct ring_slot slot;
        struct ring *mine = NULL;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (ring_attach(&mine, ring_fd(r), RING_READER))
            _exit(1);
        for (;;) {
            if (!ring_wait(mine, 1000) || ring_take(mine, &slot))
                continue;
            if (slot.frame->number <= *last) /* order, and never a repeat */
                _exit(3);
            for (size_t i = 0; i < 32; i++) /* whole, of one frame */
                if (slot.pixels[i] != (slot.frame->number & 255))
                    _exit(4);
            *last = slot.frame->number;
            ring_release(mine, &slot);
        }
    }
    return pid;
}

static void kill_and_reap(pid_t pid)
{
    int status = 0;

    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, SIGKILL); /* it ended by us, not by a check */
}

static void test_ring_sides_killed_at_random_stay_in_step(void **state)
{
    struct ring *r = (struct ring *)*state;
    _Atomic uint64_t *last = (_Atomic uint64_t *)mmap(
        NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uint64_t first = 1;
    pid_t writer = start_writer(r, first);
    pid_t reader = start_reader(r, last);

    assert_ptr_not_equal(last, MAP_FAILED);
    for (unsigned round = 0; round < 60; round++) {
        struct timespec pause = {.tv_nsec = 1000000 + (round * 7919) % 3000000};
        uint64_t before = *last;

        nanosleep(&pause, NULL); /* where the kill falls, not a condition */
        if (round % 2) {
            kill_and_reap(writer);
            ring_reclaim(r, RING_WRITER);
            first += UINT64_C(1) << 32;
            writer = start_writer(r, first);
        } else {
            kill_and_reap(reader);
            ring_reclaim(r, RING_READER);
            reader = start_reader(r, last);
        }
        for (int64_t end = clock_mono_ns() + 10 * CLOCK_NS_PER_S;
             *last <= before;) /* frames flow again after every kill */
            assert_true(clock_mono_ns() < end);
    }
    kill_and_reap(writer);
    kill_and_reap(reader);
    munmap((void *)last, 4096);
}

#define IN_RING(test)                                                          \
    cmocka_unit_test_setup_teardown(test, open_ring, close_ring)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_RING(test_ring_take_when_empty_is_again),
        IN_RING(test_ring_take_gives_frames_in_order),
        IN_RING(test_ring_claim_when_full_drops_oldest_and_counts),
        IN_RING(test_ring_claim_never_takes_the_slot_being_read),
        IN_RING(test_ring_claim_reuses_the_slot_used_last),
        IN_RING(test_ring_publish_too_large_is_dropped_and_counted),
        IN_RING(test_ring_take_damaged_frame_is_dropped),
        IN_RING(test_ring_take_is_not_changed_by_the_writer_later),
        IN_RING(test_ring_attach_other_memfd_is_invalid),
        IN_RING(test_ring_readonly_fd_cannot_be_written),
        IN_RING(test_ring_reclaim_frees_what_dead_sides_held),
        IN_RING(test_ring_sides_killed_at_random_stay_in_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
