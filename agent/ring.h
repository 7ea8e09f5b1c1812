/* ring.h - the frames between capture and ai: K slots of shared memory.
 *
 * Flow:    capture -> [ring] -> ai (and worksight-ocr reads the same slot)
 * Shapes:  one sealed memfd: a control page, then K slots, each a header and
 *          pixels (BGRX, 32 bits, stride bytes a line); untouched pages cost
 *          nothing
 * Errors:  WS_AGAIN   nothing to take
 *          WS_INVALID the frame does not fit a slot
 * Owns:    the supervisor makes, sizes and holds it; roles attach by fd
 * Process: one writer process, one reader process, lock-free; a slot left by a
 *          dead role is reclaimed by the supervisor
 * Source:  design.md section 2: full means the oldest unread frame is dropped
 *          and counted in the next one's header
 */
#ifndef AGENT_RING_H
#define AGENT_RING_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RING_SLOTS 3
#define RING_MAX_MONITORS 8
#define RING_SLOT_PIXEL_BYTES ((size_t)16384 * 8192) /* sparse */

enum {                      /* ring_frame.flags */
       RING_HAS_PIXELS = 1, /* the pixels of this frame are in the slot */
       RING_UNCHANGED = 2,  /* equal to the frame before: no pixels are given */
       RING_LOCKED = 4,     /* the screen is locked: no pixels are given */
       RING_EXCLUDED = 8,   /* an excluded window: no pixels are given */
       RING_FULLSCREEN = 16,
       RING_INHIBITED = 32, /* a screen-saver inhibitor is held; no source can
                               see one yet */
       RING_NO_INPUT_COUNTS = 64,
       RING_NO_WINDOW_FACTS = 128,
};

struct ring_monitor {
    char name[32];
    int32_t x_px, y_px, width_px, height_px;
};

/* What capture knows of one interval. Texts live in memory only: they are
 * classified and hashed by ai, never stored and never sent. */
struct ring_frame {
    uint64_t number;        /* capture's own count, from 1 */
    uint64_t dropped_total; /* frames of this ring dropped unread so far */
    int64_t wall_ns, mono_ns, boot_ns;
    int64_t interval_ms; /* since the frame before (the period of the counts) */
    uint32_t width_px, height_px, stride_bytes;
    uint32_t flags;
    double changed_share; /* 0..1 of the 64-px tiles since the frame before */
    int64_t idle_ms;      /* since the last input; -1: not known */
    uint32_t key_events, button_events; /* counts in the interval, no content */
    uint32_t window_switches;           /* active window changes in it */
    char app[128];                      /* WM_CLASS of the active window */
    char title[512];                    /* its title */
    int32_t window_x_px, window_y_px, window_width_px, window_height_px;
    uint32_t monitor_count;
    struct ring_monitor monitors[RING_MAX_MONITORS];
    char source[16]; /* "x11", "file", "synth" */
};

struct ring;

struct ring_slot {
    unsigned index;
    struct ring_frame *frame;
    uint8_t *pixels;
};

enum ring_side { RING_WRITER, RING_READER };

enum err ring_create(struct ring **out) WS_MUST_CHECK;
enum err ring_attach(struct ring **out, int fd,
                     enum ring_side side) WS_MUST_CHECK;
void ring_close(struct ring *r);
OWN_DEFINE(ring_close, struct ring *)

int ring_fd(const struct ring *r);          /* read-write memfd */
int ring_readonly_fd(const struct ring *r); /* for worksight-ocr */

/* Offset of a slot's pixels in the memfd, for worksight-ocr. */
size_t ring_pixels_offset(unsigned index);

/* Take a slot to write: a free one, else the oldest unread (then counted). */
enum err ring_claim(struct ring *r, struct ring_slot *out) WS_MUST_CHECK;
void ring_publish(struct ring *r, const struct ring_slot *slot);

/* Take the oldest unread frame; WS_AGAIN when there is none. The slot is the
 * reader's, also to write to (masks), until released; its frame is a copy that
 * was checked, and that the writer cannot reach any more. */
enum err ring_take(struct ring *r, struct ring_slot *out) WS_MUST_CHECK;
void ring_release(struct ring *r, const struct ring_slot *slot);

/* Wait for a frame: true when one may be there (futex, bounded). */
bool ring_wait(struct ring *r, int64_t timeout_ms);

/* The supervisor: free the slots that a dead side held. */
void ring_reclaim(struct ring *r, enum ring_side dead);

#endif
