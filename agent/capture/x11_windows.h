/* x11_windows.h - which window is active, and which must not be seen.
 *
 * Flow:    X server -> [x11_windows] -> x11 source
 * Shapes:  windows of _NET_CLIENT_LIST_STACKING (EWMH) and the root's own
 *          children that carry a class; read again only after something moved
 * Errors:  WS_IO    the connection is gone
 *          WS_FULL  more windows than can be looked at: capture nothing
 * Owns:    x11_windows_open() hands out; x11_windows_close() ends. Texts are
 *          the caller's to keep in memory only
 * Process: one thread
 * Source:  EWMH 1.5, ICCCM 4.1; privacy.md M4
 */
#ifndef AGENT_CAPTURE_X11_WINDOWS_H
#define AGENT_CAPTURE_X11_WINDOWS_H

#include "agent/capture/display.h"
#include "agent/capture/exclude.h"
#include "agent/capture/x11_screen.h"

struct x11_windows;

struct x11_windows_facts {
    enum exclude_kind active_excluded;
    bool locked;                   /* a lock screen is shown */
    struct x11_screen_masks masks; /* where excluded windows are shown */
};

enum err x11_windows_open(struct x11_windows **out,
                          struct display *d) WS_MUST_CHECK;
void x11_windows_close(struct x11_windows *w);
OWN_DEFINE(x11_windows_close, struct x11_windows *)

/* Take in one event; true when windows moved, came, went or changed names. */
bool x11_windows_event(struct x11_windows *w, const xcb_generic_event_t *event);

/* Something happened since x11_windows_read(). */
bool x11_windows_stale(const struct x11_windows *w);

/* Read what is stale: fills app, title, window place, switches, full screen
 * of `frame` and the facts. An excluded window's app and title stay empty. */
enum err x11_windows_read(struct x11_windows *w, struct ring_frame *frame,
                          struct x11_windows_facts *facts) WS_MUST_CHECK;

/* Between grabs: count a switch of the active window, if there was one. */
void x11_windows_tick(struct x11_windows *w);

/* The switches were taken over, or are nobody's business: count from 0. */
void x11_windows_forget(struct x11_windows *w);

#endif
