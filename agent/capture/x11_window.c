/* x11_window.c - see x11_window.h. */
#include "agent/capture/x11_window.h"

#include <string.h>

#define MAX_CLASS_WORDS 64  /* 32-bit units of a property */
#define MAX_TITLE_WORDS 128 /* 512 bytes */
#define MAX_ANCESTORS 16

void x11_window_ask(struct display *d, xcb_window_t id,
                    struct x11_window_questions *q)
{
    xcb_connection_t *x = d->x;

    q->attributes = xcb_get_window_attributes(x, id);
    q->geometry = xcb_get_geometry(x, id);
    q->origin = xcb_translate_coordinates(x, id, d->root, 0, 0);
    q->class = xcb_get_property(x, 0, id, XCB_ATOM_WM_CLASS, XCB_ATOM_STRING, 0,
                                MAX_CLASS_WORDS);
    q->net_name =
        xcb_get_property(x, 0, id, d->atoms[DISPLAY_NET_WM_NAME],
                         d->atoms[DISPLAY_UTF8_STRING], 0, MAX_TITLE_WORDS);
    q->name = xcb_get_property(x, 0, id, XCB_ATOM_WM_NAME, XCB_ATOM_ANY, 0,
                               MAX_TITLE_WORDS);
}

/* Copy a text that need not end; never ends inside a UTF-8 character. */
static void copy_text(const char *from, size_t len, char *out, size_t out_bytes)
{
    size_t n = strnlen(from, len);

    if (n >= out_bytes)
        n = out_bytes - 1;
    while (n > 0 && n < len && ((unsigned char)from[n] & 0xc0) == 0x80)
        n--;
    memcpy(out, from, n);
    out[n] = 0;
}

static void copy_property(const xcb_get_property_reply_t *r, char *out,
                          size_t out_bytes)
{
    if (r && r->format == 8)
        copy_text(xcb_get_property_value(r),
                  (size_t)xcb_get_property_value_length(r), out, out_bytes);
}

/* WM_CLASS is two texts: the instance, then the class. */
static void read_class(const xcb_get_property_reply_t *r,
                       struct x11_window *out)
{
    const char *text;
    size_t len, first;

    if (!r || r->format != 8)
        return;
    text = xcb_get_property_value(r);
    len = (size_t)xcb_get_property_value_length(r);
    first = strnlen(text, len);
    copy_text(text, first, out->instance, sizeof out->instance);
    if (first + 1 < len)
        copy_text(text + first + 1, len - first - 1, out->app, sizeof out->app);
}

void x11_window_hear(struct display *d, const struct x11_window_questions *q,
                     struct x11_window *out)
{
    xcb_connection_t *x = d->x;
    OWN_FREE xcb_get_window_attributes_reply_t *a =
        xcb_get_window_attributes_reply(x, q->attributes, NULL);
    OWN_FREE xcb_get_geometry_reply_t *g =
        xcb_get_geometry_reply(x, q->geometry, NULL);
    OWN_FREE xcb_translate_coordinates_reply_t *o =
        xcb_translate_coordinates_reply(x, q->origin, NULL);
    OWN_FREE xcb_get_property_reply_t *class =
        xcb_get_property_reply(x, q->class, NULL);
    OWN_FREE xcb_get_property_reply_t *net_name =
        xcb_get_property_reply(x, q->net_name, NULL);
    OWN_FREE xcb_get_property_reply_t *name =
        xcb_get_property_reply(x, q->name, NULL);

    out->shown = a && a->map_state == XCB_MAP_STATE_VIEWABLE &&
                 a->_class == XCB_WINDOW_CLASS_INPUT_OUTPUT;
    if (g && o)
        out->place = (struct rect){o->dst_x - g->border_width,
                                   o->dst_y - g->border_width,
                                   o->dst_x + g->width + g->border_width,
                                   o->dst_y + g->height + g->border_width};
    read_class(class, out);
    copy_property(net_name, out->title, sizeof out->title);
    if (!out->title[0])
        copy_property(name, out->title, sizeof out->title);
    out->excluded = exclude_match(out->app, out->instance, out->title);
}

void x11_window_cover_frame(struct display *d, struct x11_window *out)
{
    xcb_window_t id = out->id;
    int steps;

    for (steps = 0; steps < MAX_ANCESTORS; steps++) {
        OWN_FREE xcb_query_tree_reply_t *tree =
            xcb_query_tree_reply(d->x, xcb_query_tree(d->x, id), NULL);

        if (!tree || tree->parent == XCB_NONE)
            return;
        if (tree->parent == d->root)
            break;
        id = tree->parent;
    }
    if (id != out->id) {
        OWN_FREE xcb_get_geometry_reply_t *g =
            xcb_get_geometry_reply(d->x, xcb_get_geometry(d->x, id), NULL);
        struct rect frame = {0};

        if (g)
            frame =
                (struct rect){g->x, g->y, g->x + g->width + 2 * g->border_width,
                              g->y + g->height + 2 * g->border_width};
        out->place = rect_union(&out->place, &frame);
    }
}
