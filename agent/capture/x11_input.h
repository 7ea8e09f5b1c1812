/* x11_input.h - that somebody types or clicks, never what.
 *
 * Flow:    X server -> [x11_input] -> x11 source
 * Shapes:  two counts and the time since the last input
 * Units:   idle in ms
 * Owns:    x11_input_init() allocates nothing; no fini is needed
 * Process: one thread
 * Source:  XINPUT 2.2 raw events, of which only the type is read: `detail` (the
 *          key) never, and pointer motion is not selected; MIT-SCREEN-SAVER;
 *          privacy.md M6
 */
#ifndef AGENT_CAPTURE_X11_INPUT_H
#define AGENT_CAPTURE_X11_INPUT_H

#include "agent/capture/display.h"

#include <stdbool.h>
#include <stdint.h>

struct x11_input {
    struct display *d;
    bool counts, has_saver;
    uint8_t opcode; /* of XINPUT */
    uint32_t key_events, button_events;
};

/* Select key and button presses, or with counts false nothing at all. */
void x11_input_init(struct x11_input *in, struct display *d, bool counts);

/* Take in one event; true when it was one of input. */
bool x11_input_event(struct x11_input *in, const xcb_generic_event_t *event);

/* Forget what was counted. */
void x11_input_forget(struct x11_input *in);

struct x11_input_idle {
    int64_t idle_ms;  /* -1: not known */
    bool saver_is_on; /* the screen is blanked: nobody sees it */
};

/* One round trip. */
struct x11_input_idle x11_input_idle(struct x11_input *in);

#endif
