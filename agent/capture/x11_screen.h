/* x11_screen.h - the pixels of an X screen, and which of them changed.
 *
 * Flow:    X server -> [x11_screen] -> x11 source
 * Shapes:  one kept memfd segment holds two pictures in turn (MIT-SHM): the
 *          newest and the one before; without MIT-SHM (a remote server) the
 *          rows come over the connection into the same memory
 * Errors:  WS_AGAIN the screen changed its size meanwhile: grab again
 *          WS_IO    the connection is gone
 * Owns:    x11_screen_open() hands out; x11_screen_close() ends
 * Process: one thread
 * Source:  MIT-SHM 1.2, DAMAGE 1.1, RANDR 1.5; issue 2 part B
 */
#ifndef AGENT_CAPTURE_X11_SCREEN_H
#define AGENT_CAPTURE_X11_SCREEN_H

#include "agent/capture/capture.h"
#include "agent/capture/display.h"

#define X11_SCREEN_MAX_MASKS 64

/* Rectangles that are filled with gray before anything reads the picture. */
struct x11_screen_masks {
    struct rect list[X11_SCREEN_MAX_MASKS];
    size_t count;
};

struct x11_screen;

enum err x11_screen_open(struct x11_screen **out,
                         struct display *d) WS_MUST_CHECK;
void x11_screen_close(struct x11_screen *s);
OWN_DEFINE(x11_screen_close, struct x11_screen *)

/* Take in one event; true when it was one of the screen's. */
bool x11_screen_event(struct x11_screen *s, const xcb_generic_event_t *event);

/* Begin a new period of damage: what is drawn from here on is told of again,
 * also where it was before. Right after the events were taken in: one of this
 * period, taken in before the grab, would be forgotten with it. */
void x11_screen_mark(struct x11_screen *s);

/* Sizes and monitors, as they are now. */
enum err x11_screen_facts(struct x11_screen *s,
                          struct ring_frame *out) WS_MUST_CHECK;

/* Fetch what changed since the last grab and fill pixels, before and dirty. */
enum err x11_screen_grab(struct x11_screen *s,
                         const struct x11_screen_masks *masks,
                         struct capture_frame *out) WS_MUST_CHECK;

#endif
