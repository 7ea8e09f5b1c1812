/* badge_x11.h - a small window on top of everything that says what is watched.
 *
 * Flow:    indicator -> [badge_x11] -> X server -> a person's eyes
 * Shapes:  an override-redirect window at the lower right of the primary
 *          monitor; clicks go through it
 * Errors:  WS_IO  the connection is gone
 * Owns:    badge_x11_open() hands out; badge_x11_close() takes the window down
 * Process: one thread
 * Source:  privacy.md T1; XFIXES 2 (window shapes)
 */
#ifndef AGENT_INDICATOR_BADGE_X11_H
#define AGENT_INDICATOR_BADGE_X11_H

#include "agent/capture/display.h"

#include <stdbool.h>
#include <stdint.h>

#define BADGE_X11_TEXT_BYTES 128

struct badge_x11_look {
    const char *sign; /* in glyphs.h's signs */
    uint32_t sign_rgb;
    char text[BADGE_X11_TEXT_BYTES];
};

struct badge_x11;

enum err badge_x11_open(struct badge_x11 **out,
                        struct display *d) WS_MUST_CHECK;
void badge_x11_close(struct badge_x11 *b);
OWN_DEFINE(badge_x11_close, struct badge_x11 *)

/* Show this; draws only when it differs from what is shown. */
enum err badge_x11_show(struct badge_x11 *b,
                        const struct badge_x11_look *look) WS_MUST_CHECK;

/* Keep it on top and in place, and tell whether a person can see it now. */
enum err badge_x11_check(struct badge_x11 *b, bool *visible) WS_MUST_CHECK;

#endif
