/* display.c - see display.h. */
#include "agent/capture/display.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <xcb/randr.h>

static const char *const atom_names[DISPLAY_ATOMS] = {
    [DISPLAY_ACTIVE_WINDOW] = "_NET_ACTIVE_WINDOW",
    [DISPLAY_CLIENT_LIST] = "_NET_CLIENT_LIST_STACKING",
    [DISPLAY_NET_WM_NAME] = "_NET_WM_NAME",
    [DISPLAY_NET_WM_STATE] = "_NET_WM_STATE",
    [DISPLAY_STATE_FULLSCREEN] = "_NET_WM_STATE_FULLSCREEN",
    [DISPLAY_STATE_ABOVE] = "_NET_WM_STATE_ABOVE",
    [DISPLAY_WINDOW_TYPE] = "_NET_WM_WINDOW_TYPE",
    [DISPLAY_TYPE_NOTIFICATION] = "_NET_WM_WINDOW_TYPE_NOTIFICATION",
    [DISPLAY_UTF8_STRING] = "UTF8_STRING",
};

void display_close(struct display *d)
{
    if (!d)
        return;
    if (d->x)
        xcb_disconnect(d->x);
    free(d);
}

bool display_lost(const struct display *d)
{
    return xcb_connection_has_error(d->x) != 0;
}

bool display_is_local(const struct display *d)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof peer;

    return getpeername(xcb_get_file_descriptor(d->x),
                       (struct sockaddr *)(void *)&peer, &len) == 0 &&
           peer.ss_family == AF_UNIX;
}

static void intern_atoms(struct display *d)
{
    xcb_intern_atom_cookie_t cookies[DISPLAY_ATOMS];
    size_t i;

    for (i = 0; i < DISPLAY_ATOMS; i++)
        cookies[i] = xcb_intern_atom(d->x, 0, (uint16_t)strlen(atom_names[i]),
                                     atom_names[i]);
    for (i = 0; i < DISPLAY_ATOMS; i++) {
        OWN_FREE xcb_intern_atom_reply_t *r =
            xcb_intern_atom_reply(d->x, cookies[i], NULL);

        d->atoms[i] = r ? r->atom : XCB_ATOM_NONE;
    }
}

/* Xwayland says so by an extension since 2022, and ever by its outputs. */
static bool is_xwayland(const struct display *d)
{
    static const char word[] = "XWAYLAND";
    OWN_FREE xcb_query_extension_reply_t *extension = xcb_query_extension_reply(
        d->x, xcb_query_extension(d->x, sizeof word - 1, word), NULL);
    OWN_FREE xcb_randr_get_screen_resources_current_reply_t *resources = NULL;
    xcb_randr_output_t *outputs;
    int i, count;

    if (extension && extension->present)
        return true;
    resources = xcb_randr_get_screen_resources_current_reply(
        d->x, xcb_randr_get_screen_resources_current(d->x, d->root), NULL);
    if (!resources)
        return false;
    outputs = xcb_randr_get_screen_resources_current_outputs(resources);
    count = xcb_randr_get_screen_resources_current_outputs_length(resources);
    for (i = 0; i < count; i++) {
        OWN_FREE xcb_randr_get_output_info_reply_t *info =
            xcb_randr_get_output_info_reply(
                d->x,
                xcb_randr_get_output_info(d->x, outputs[i],
                                          resources->config_timestamp),
                NULL);

        if (info &&
            xcb_randr_get_output_info_name_length(info) >=
                (int)sizeof word - 1 &&
            memcmp(xcb_randr_get_output_info_name(info), word,
                   sizeof word - 1) == 0)
            return true;
    }
    return false;
}

static const xcb_visualtype_t *root_visual(const xcb_screen_t *screen)
{
    xcb_depth_iterator_t d = xcb_screen_allowed_depths_iterator(screen);

    for (; d.rem; xcb_depth_next(&d)) {
        xcb_visualtype_iterator_t v = xcb_depth_visuals_iterator(d.data);

        for (; v.rem; xcb_visualtype_next(&v))
            if (v.data->visual_id == screen->root_visual)
                return v.data;
    }
    return NULL;
}

static bool is_bgrx(const struct display *d)
{
    const xcb_setup_t *setup = xcb_get_setup(d->x);
    const xcb_visualtype_t *visual = root_visual(d->screen);
    xcb_format_iterator_t f = xcb_setup_pixmap_formats_iterator(setup);

    if (!visual || visual->red_mask != 0xff0000 ||
        visual->green_mask != 0xff00 || visual->blue_mask != 0xff ||
        setup->image_byte_order != XCB_IMAGE_ORDER_LSB_FIRST)
        return false;
    for (; f.rem; xcb_format_next(&f))
        if (f.data->depth == d->screen->root_depth)
            return f.data->bits_per_pixel == 32;
    return false;
}

static xcb_screen_t *screen_of(xcb_connection_t *x, int number)
{
    xcb_screen_iterator_t s = xcb_setup_roots_iterator(xcb_get_setup(x));

    for (; s.rem && number > 0; number--)
        xcb_screen_next(&s);
    return s.rem ? s.data : NULL;
}

static enum err name_missing(char *why)
{
    const char *wayland = getenv("WAYLAND_DISPLAY");

    snprintf(why, DISPLAY_WHY_BYTES, "%s",
             wayland && *wayland
                 ? "this is a Wayland session: capturing Wayland comes in a "
                   "later version; set `display` to an X server to capture "
                   "that one"
                 : "no display: set DISPLAY or the setting `display`");
    return WS_NOTFOUND;
}

enum err display_open(struct display **out, const char *name, char *why)
{
    OWN(display_close)
    struct display *d = calloc(1, sizeof *d);
    int number = 0;

    if (!d)
        return WS_NOMEM;
    if (!name || !*name)
        name = getenv("DISPLAY");
    if (!name || !*name)
        return name_missing(why);
    d->x = xcb_connect(name, &number);
    if (xcb_connection_has_error(d->x)) {
        snprintf(why, DISPLAY_WHY_BYTES, "the X server %s does not answer",
                 name);
        return WS_AGAIN;
    }
    d->screen = screen_of(d->x, number);
    if (!d->screen) {
        snprintf(why, DISPLAY_WHY_BYTES, "%s has no screen %d", name, number);
        return WS_INVALID;
    }
    d->root = d->screen->root;
    if (is_xwayland(d)) {
        snprintf(why, DISPLAY_WHY_BYTES,
                 "%s is Xwayland, whose pictures are black: capturing Wayland "
                 "comes in a later version",
                 name);
        return WS_DENIED;
    }
    if (!is_bgrx(d)) {
        snprintf(why, DISPLAY_WHY_BYTES,
                 "%s has depth %d: only 24 and 32 bits (BGRX) are captured",
                 name, d->screen->root_depth);
        return WS_INVALID;
    }
    intern_atoms(d);
    *out = TAKE(d);
    return WS_OK;
}
