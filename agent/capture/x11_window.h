/* x11_window.h - what one window says of itself.
 *
 * Flow:    X server -> [x11_window] -> x11_windows
 * Shapes:  a question for each fact, all sent before an answer is awaited
 * Units:   px on the root window
 * Process: one thread
 * Source:  ICCCM 4.1.2, EWMH _NET_WM_NAME
 */
#ifndef AGENT_CAPTURE_X11_WINDOW_H
#define AGENT_CAPTURE_X11_WINDOW_H

#include "agent/capture/display.h"
#include "agent/capture/exclude.h"
#include "agent/capture/rect.h"

#include <stdbool.h>

struct x11_window {
    xcb_window_t id;
    struct rect place;
    bool shown;
    enum exclude_kind excluded;
    char app[128], instance[128], title[512];
};

struct x11_window_questions {
    xcb_get_window_attributes_cookie_t attributes;
    xcb_get_geometry_cookie_t geometry;
    xcb_translate_coordinates_cookie_t origin;
    xcb_get_property_cookie_t class, net_name, name;
};

/* Send the questions; each is answered by one x11_window_hear(). */
void x11_window_ask(struct display *d, xcb_window_t id,
                    struct x11_window_questions *q);

/* Fill all but the id; what a vanished window does not answer stays empty. */
void x11_window_hear(struct display *d, const struct x11_window_questions *q,
                     struct x11_window *out);

/* Widen the place to the window manager's frame, which shows the title too. */
void x11_window_cover_frame(struct display *d, struct x11_window *out);

#endif
