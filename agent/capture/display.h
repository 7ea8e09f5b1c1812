/* display.h - a connection to a real X server, and the names it knows.
 *
 * Flow:    setting `display` or $DISPLAY -> [display] -> x11 source, badge
 * Errors:  WS_NOTFOUND no display is named (the message says what to do)
 *          WS_AGAIN    the X server does not answer (restarting, going away)
 *          WS_DENIED   it is Xwayland: pictures would be black
 *          WS_INVALID  its pixels are not 32-bit BGRX
 * Owns:    display_open() hands out a connection; display_close() ends it
 * Process: one thread; opened before the sandbox, which takes connect() away
 * Source:  X11 protocol; EWMH 1.5; issue 2 part B
 */
#ifndef AGENT_CAPTURE_DISPLAY_H
#define AGENT_CAPTURE_DISPLAY_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xcb/xcb.h>

enum display_atom {
    DISPLAY_ACTIVE_WINDOW,
    DISPLAY_CLIENT_LIST,
    DISPLAY_NET_WM_NAME,
    DISPLAY_NET_WM_STATE,
    DISPLAY_STATE_FULLSCREEN,
    DISPLAY_STATE_ABOVE,
    DISPLAY_WINDOW_TYPE,
    DISPLAY_TYPE_NOTIFICATION,
    DISPLAY_UTF8_STRING,
    DISPLAY_ATOMS,
};

struct display {
    xcb_connection_t *x;
    xcb_screen_t *screen;
    xcb_window_t root;
    xcb_atom_t atoms[DISPLAY_ATOMS];
};

/* Connect to the named display (NULL or "": $DISPLAY). Logs nothing: `why`
 * (at least DISPLAY_WHY_BYTES) says for people what is wrong. */
#define DISPLAY_WHY_BYTES 192
enum err display_open(struct display **out, const char *name,
                      char *why) WS_MUST_CHECK;
void display_close(struct display *d);
OWN_DEFINE(display_close, struct display *)

/* The server is on this machine, so descriptors can be handed to it. */
bool display_is_local(const struct display *d);

/* The connection broke: nothing more will come. */
bool display_lost(const struct display *d);

#endif
