/* How a slot changes hands.
 *
 * Each slot has one 64-bit word: who holds it (2 bits), how many frames it has
 * lost (30 bits) and the order in which its frame was published (32 bits).
 * Every change of hands is one compare-and-swap of that word, so a process that
 * is killed between any two instructions leaves a word that means something:
 *
 *          claim            publish           take            release
 *   FREE ---------> WRITING --------> READY --------> READING --------> FREE
 *                      ^                |
 *                      +---- claim -----+  (unread: lost + 1, in the same CAS)
 *
 * A word left WRITING or READING by a dead process goes back to FREE by
 * ring_reclaim(); a frame that its reader died on is lost + 1, never replayed,
 * because it may be the frame that killed it. dropped_total is the sum of the
 * lost counts: no counter of its own, so no count between two steps can be
 * missed. The writer alone claims and publishes, so the order needs no lock.
 */
#include "agent/ring.h"

#include "core/clock.h"
#include "core/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PAGE_BYTES ((size_t)4096)
#define MAGIC UINT32_C(0x57535231) /* "WSR1" */

enum hand { FREE, WRITING, READY, READING };

struct control {
    uint32_t magic;
    _Atomic uint32_t doorbell; /* futex; 1 more a published frame */
    _Atomic uint32_t order;    /* of the last published frame */
    _Atomic uint64_t word[RING_SLOTS];
};

/* One slot: a page with its frame, then the pixels. */
#define SLOT_BYTES (PAGE_BYTES + RING_SLOT_PIXEL_BYTES)
#define RING_BYTES (PAGE_BYTES + RING_SLOTS * SLOT_BYTES)

_Static_assert(sizeof(struct control) <= PAGE_BYTES, "control fits a page");
_Static_assert(sizeof(struct ring_frame) <= PAGE_BYTES, "frame fits a page");

struct ring {
    struct control *control; /* the whole mapping begins here */
    int fd, readonly_fd;     /* -1 in a role that attached */
    /* What the reader believes of the slots it took: the writer could go on
     * writing to the shared page after it was checked. */
    struct ring_frame taken[RING_SLOTS];
};

static enum hand hand_of(uint64_t word)
{
    return (enum hand)(word >> 62);
}

static uint32_t lost_of(uint64_t word)
{
    return (uint32_t)(word >> 32) & UINT32_C(0x3fffffff);
}

static uint32_t order_of(uint64_t word)
{
    return (uint32_t)word;
}

static uint64_t word_of(enum hand hand, uint32_t lost, uint32_t order)
{
    return (uint64_t)hand << 62 |
           (uint64_t)(lost & UINT32_C(0x3fffffff)) << 32 | order;
}

static size_t slot_offset(unsigned index)
{
    return PAGE_BYTES + index * SLOT_BYTES;
}

size_t ring_pixels_offset(unsigned index)
{
    assert(index < RING_SLOTS);
    return slot_offset(index) + PAGE_BYTES;
}

static void point_at(struct ring *r, unsigned index, struct ring_slot *out)
{
    uint8_t *base = (uint8_t *)r->control;

    out->index = index;
    out->frame = (struct ring_frame *)(void *)(base + slot_offset(index));
    out->pixels = base + ring_pixels_offset(index);
}

static enum err map(struct ring *r, int fd)
{
    void *all =
        mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (all == MAP_FAILED)
        return err_sys("ring: map %zu bytes", RING_BYTES);
    r->control = (struct control *)all;
    return WS_OK;
}

static enum err reopen_readonly(struct ring *r)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/self/fd/%d", r->fd);
    r->readonly_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (r->readonly_fd < 0)
        return err_sys("ring: open again read-only");
    return WS_OK;
}

static struct ring *new_ring(void)
{
    struct ring *r = (struct ring *)calloc(1, sizeof *r);

    if (r)
        r->fd = r->readonly_fd = -1;
    return r;
}

enum err ring_create(struct ring **out)
{
    OWN(ring_close)
    struct ring *r = new_ring();
    enum err e;

    *out = NULL;
    if (!r)
        return WS_NOMEM;
    r->fd = memfd_create("worksight-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (r->fd < 0)
        return err_sys("ring: memfd");
    if (ftruncate(r->fd, (off_t)RING_BYTES) < 0)
        return err_sys("ring: size %zu bytes", RING_BYTES);
    if (fcntl(r->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) <
        0)
        return err_sys("ring: seal");
    e = map(r, r->fd);
    if (e)
        return e;
    r->control->magic = MAGIC;
    e = reopen_readonly(r);
    if (e)
        return e;
    *out = TAKE(r);
    return WS_OK;
}

enum err ring_attach(struct ring **out, int fd, enum ring_side side)
{
    OWN(ring_close)
    struct ring *r = new_ring();
    struct stat st;
    enum err e;

    (void)side; /* both map alike: the reader masks words in the pixels */
    *out = NULL;
    if (!r)
        return WS_NOMEM;
    if (fstat(fd, &st) < 0)
        return err_sys("ring: fd %d", fd);
    if (st.st_size != (off_t)RING_BYTES)
        return WS_INVALID;
    e = map(r, fd);
    if (e)
        return e;
    if (r->control->magic != MAGIC)
        return WS_INVALID;
    *out = TAKE(r);
    return WS_OK;
}

void ring_close(struct ring *r)
{
    if (!r)
        return;
    if (r->control)
        munmap(r->control, RING_BYTES);
    own_fd(&r->fd);
    own_fd(&r->readonly_fd);
    free(r);
}

int ring_fd(const struct ring *r)
{
    return r->fd;
}

int ring_readonly_fd(const struct ring *r)
{
    return r->readonly_fd;
}

static uint64_t dropped_total(const struct control *c)
{
    uint64_t sum = 0;
    unsigned i;

    for (i = 0; i < RING_SLOTS; i++)
        sum += lost_of(atomic_load(&c->word[i]));
    return sum;
}

/* Every word once. The other side moves while we look, so what is seen is not
 * of one moment: whoever acts on a word does so by compare-and-swap. */
static void look(const struct control *c, uint64_t seen[RING_SLOTS])
{
    for (unsigned i = 0; i < RING_SLOTS; i++)
        seen[i] = atomic_load(&c->word[i]);
}

/* The slot in this hand with the oldest frame, or the newest one; RING_SLOTS
 * when there is none. The difference, not the numbers: the order may wrap. */
static unsigned by_order(const uint64_t seen[RING_SLOTS], enum hand hand,
                         bool newest)
{
    unsigned best = RING_SLOTS;

    for (unsigned i = 0; i < RING_SLOTS; i++) {
        int32_t ahead;

        if (hand_of(seen[i]) != hand)
            continue;
        ahead = best == RING_SLOTS
                    ? 0
                    : (int32_t)(order_of(seen[i]) - order_of(seen[best]));
        if (best == RING_SLOTS || (newest ? ahead > 0 : ahead < 0))
            best = i;
    }
    return best;
}

/* Which slot the next frame goes to, and how many frames that loses. The free
 * slot used last comes first: its pages are there already, so a reader that
 * keeps up costs one picture of memory, not RING_SLOTS. */
static unsigned choose(const uint64_t seen[RING_SLOTS], uint32_t *loses)
{
    unsigned index = by_order(seen, FREE, true);

    *loses = 0;
    if (index < RING_SLOTS)
        return index;
    *loses = 1;
    return by_order(seen, READY, false);
}

enum err ring_claim(struct ring *r, struct ring_slot *out)
{
    struct control *c = r->control;
    uint64_t seen[RING_SLOTS], again[RING_SLOTS];

    for (;;) {
        uint32_t loses;
        unsigned index;

        look(c, seen);
        index = choose(seen, &loses);
        if (index == RING_SLOTS) {
            /* A reader that moves can hide a slot from one look; when two
             * looks are alike, dead hands hold them all. */
            look(c, again);
            if (memcmp(seen, again, sizeof seen) == 0)
                return WS_AGAIN;
            continue;
        }
        if (!atomic_compare_exchange_strong(
                &c->word[index], &seen[index],
                word_of(WRITING, lost_of(seen[index]) + loses,
                        order_of(seen[index]))))
            continue;
        point_at(r, index, out);
        memset(out->frame, 0, sizeof *out->frame);
        return WS_OK;
    }
}

/* What one side may believe of the other: sizes inside the slot, texts with an
 * end. */
static bool fits(const struct ring_frame *f)
{
    unsigned i;

    if (f->monitor_count > RING_MAX_MONITORS)
        return false;
    if (!memchr(f->app, 0, sizeof f->app) ||
        !memchr(f->title, 0, sizeof f->title) ||
        !memchr(f->source, 0, sizeof f->source))
        return false;
    for (i = 0; i < f->monitor_count; i++)
        if (!memchr(f->monitors[i].name, 0, sizeof f->monitors[i].name))
            return false;
    if (!(f->flags & RING_HAS_PIXELS))
        return true;
    return f->width_px > 0 && f->height_px > 0 &&
           (uint64_t)f->width_px * 4 <= f->stride_bytes &&
           (uint64_t)f->stride_bytes * f->height_px <= RING_SLOT_PIXEL_BYTES;
}

void ring_publish(struct ring *r, const struct ring_slot *slot)
{
    struct control *c = r->control;
    uint64_t word = atomic_load(&c->word[slot->index]);
    uint32_t order;

    assert(hand_of(word) == WRITING);
    if (!fits(slot->frame)) {
        log_error("ring_frame_too_large",
                  "a frame of %u x %u px, %u bytes a line, does not fit",
                  slot->frame->width_px, slot->frame->height_px,
                  slot->frame->stride_bytes);
        atomic_store(&c->word[slot->index],
                     word_of(FREE, lost_of(word) + 1, order_of(word)));
        return;
    }
    slot->frame->dropped_total = dropped_total(c);
    order = atomic_fetch_add(&c->order, 1) + 1;
    atomic_store(&c->word[slot->index], word_of(READY, lost_of(word), order));
    atomic_fetch_add(&c->doorbell, 1);
    syscall(SYS_futex, &c->doorbell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* The oldest unread frame's slot; RING_SLOTS when there is none. One look may
 * pass a slot just before a frame is published there, and see the next frame
 * in another one. What is the oldest in two looks, one after the other, is: a
 * frame that the first one saw was published after all that are older. */
static unsigned oldest_unread(const struct control *c,
                              uint64_t seen[RING_SLOTS])
{
    uint64_t word = 0;
    unsigned before, now = RING_SLOTS;

    do {
        before = now;
        word = before < RING_SLOTS ? seen[before] : 0;
        look(c, seen);
        now = by_order(seen, READY, false);
    } while (now < RING_SLOTS && (now != before || seen[now] != word));
    return now;
}

enum err ring_take(struct ring *r, struct ring_slot *out)
{
    struct control *c = r->control;
    uint64_t seen[RING_SLOTS], word;
    unsigned index;

    while ((index = oldest_unread(c, seen)) < RING_SLOTS) {
        word = seen[index];
        if (!atomic_compare_exchange_strong(
                &c->word[index], &word,
                word_of(READING, lost_of(word), order_of(word))))
            continue;
        point_at(r, index, out);
        r->taken[index] = *out->frame;
        out->frame = &r->taken[index];
        if (!fits(out->frame)) {
            log_error("ring_frame_invalid", "slot %u is damaged: dropped",
                      index);
            atomic_store(&c->word[index],
                         word_of(FREE, lost_of(word) + 1, order_of(word)));
            continue;
        }
        out->frame->dropped_total = dropped_total(c);
        return WS_OK;
    }
    return WS_AGAIN;
}

void ring_release(struct ring *r, const struct ring_slot *slot)
{
    uint64_t word = atomic_load(&r->control->word[slot->index]);

    assert(hand_of(word) == READING);
    atomic_store(&r->control->word[slot->index],
                 word_of(FREE, lost_of(word), order_of(word)));
}

bool ring_wait(struct ring *r, int64_t timeout_ms)
{
    struct control *c = r->control;
    struct timespec t = {.tv_sec = timeout_ms / 1000,
                         .tv_nsec = timeout_ms % 1000 * CLOCK_NS_PER_MS};
    /* Before the look: a frame published after it changes the bell. */
    uint32_t bell = atomic_load(&c->doorbell);
    uint64_t seen[RING_SLOTS];

    if (oldest_unread(c, seen) < RING_SLOTS)
        return true;
    if (timeout_ms <= 0)
        return false;
    syscall(SYS_futex, &c->doorbell, FUTEX_WAIT, bell, &t, NULL, 0);
    return oldest_unread(c, seen) < RING_SLOTS;
}

void ring_reclaim(struct ring *r, enum ring_side dead)
{
    struct control *c = r->control;
    enum hand left = dead == RING_WRITER ? WRITING : READING;
    unsigned i;

    for (i = 0; i < RING_SLOTS; i++) {
        uint64_t w = atomic_load(&c->word[i]);
        uint32_t lost = lost_of(w) + (dead == RING_READER ? 1 : 0);

        if (hand_of(w) == left)
            atomic_store(&c->word[i], word_of(FREE, lost, order_of(w)));
    }
}
