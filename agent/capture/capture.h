/* capture.h - where pictures and facts come from: one table of sources.
 *
 * Flow:    a display, a folder, an algorithm -> [capture] -> ring -> ai
 * Shapes:  a source is one file capture_NAME.c that exports `capture_NAME`;
 *          the build makes the table from `capture_backends` in meson.build
 * Units:   pixels are BGRX, 32 bits, stride_bytes a line
 * Errors:  WS_INVALID  no such source (the message lists the known ones), or
 *                      its argument is wrong
 *          WS_NOTFOUND nothing to capture from: no display is named
 *          WS_DENIED   there is a display that must not be used (Xwayland)
 *          WS_AGAIN    not there now: try again in a second
 *          WS_IO       the source is lost: start the process again
 * Owns:    open() hands out a source; close() ends it
 * Process: one thread; the capture role alone
 * Source:  design.md section 2; house-style.md section 6; privacy.md T, M
 */
#ifndef AGENT_CAPTURE_CAPTURE_H
#define AGENT_CAPTURE_CAPTURE_H

#include "agent/capture/rect.h"
#include "agent/ring.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum capture_want {
    CAPTURE_FACTS, /* the tier asks for no pixels: none are fetched */
    CAPTURE_PIXELS,
};

enum capture_keep {
    CAPTURE_KEEP,   /* what was counted goes into the next grab */
    CAPTURE_FORGET, /* nothing is captured now: what was counted is dropped */
};

struct capture_options {
    const char *arg;     /* what stands behind "NAME:"; "" without */
    const char *display; /* X display; NULL or "": $DISPLAY */
    bool input_counts;
};

struct capture_frame {
    /* The source fills sizes, flags, idle, counts, window and monitors; the
     * loop fills number, times, changed_share and dropped_total. */
    struct ring_frame facts;
    const uint8_t *pixels; /* NULL: none (not wanted, locked, excluded) */
    const uint8_t *before; /* the grab before, same size; NULL: there is none */
    struct rect dirty;     /* outside of it pixels equal before */
};

struct capture; /* each source defines its own */

/* One kind of source. Every member is required; all functions may block. */
struct capture_ops {
    const char *name;   /* as written in agent.conf */
    bool shows_display; /* a person's display: notice and badge are needed */
    enum err (*open)(struct capture **out, const struct capture_options *o);
    /* Both pictures of `out` stay as they are until the next grab. */
    enum err (*grab)(struct capture *c, enum capture_want want,
                     struct capture_frame *out);
    /* Between grabs: take in what the display says. WS_IO: it is gone. */
    enum err (*tick)(struct capture *c, enum capture_keep keep);
    void (*close)(struct capture *c); /* NULL is allowed */
};

extern const struct capture_ops *const capture_table[];
extern const size_t capture_table_count;

#endif
