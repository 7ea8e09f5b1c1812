/* x11_windows.c - see x11_windows.h.
 *
 * All questions about all windows are sent before the first answer is awaited,
 * so a refresh costs a few round trips, however many windows there are. Windows
 * are watched for changes of place and name; the list is read again only then.
 */
#include "agent/capture/x11_windows.h"

#include "agent/capture/x11_window.h"
#include "core/log.h"

#include <stdlib.h>
#include <string.h>

#define MAX_WINDOWS 512
#define MAX_ANCESTORS 16

struct x11_windows {
    struct display *d;
    struct x11_window *list; /* room for MAX_WINDOWS */
    size_t count;
    xcb_window_t watched[MAX_WINDOWS]; /* of the list before, sorted */
    size_t watched_count;
    xcb_window_t active, active_before;
    uint32_t switches;
    bool stale, active_stale, has_ewmh;
};

static void watch_root(struct x11_windows *w)
{
    const uint32_t mask = XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY |
                          XCB_EVENT_MASK_STRUCTURE_NOTIFY |
                          XCB_EVENT_MASK_PROPERTY_CHANGE;

    xcb_change_window_attributes(w->d->x, w->d->root, XCB_CW_EVENT_MASK, &mask);
}

void x11_windows_close(struct x11_windows *w)
{
    if (!w)
        return;
    free(w->list);
    free(w);
}

enum err x11_windows_open(struct x11_windows **out, struct display *d)
{
    OWN(x11_windows_close)
    struct x11_windows *w = calloc(1, sizeof *w);

    if (!w)
        return WS_NOMEM;
    w->list = calloc(MAX_WINDOWS, sizeof *w->list);
    if (!w->list)
        return WS_NOMEM;
    w->d = d;
    w->stale = w->active_stale = true;
    watch_root(w);
    *out = TAKE(w);
    return WS_OK;
}

static bool property_event(struct x11_windows *w,
                           const xcb_property_notify_event_t *p)
{
    const xcb_atom_t *a = w->d->atoms;

    if (p->window == w->d->root) {
        if (p->atom == a[DISPLAY_ACTIVE_WINDOW])
            w->active_stale = true;
        else if (p->atom == a[DISPLAY_CLIENT_LIST])
            w->stale = true;
        return true;
    }
    if (p->atom == XCB_ATOM_WM_NAME || p->atom == XCB_ATOM_WM_CLASS ||
        p->atom == a[DISPLAY_NET_WM_NAME])
        w->stale = true;
    else if (p->atom == a[DISPLAY_NET_WM_STATE])
        w->active_stale = true;
    return true;
}

bool x11_windows_event(struct x11_windows *w, const xcb_generic_event_t *event)
{
    switch (event->response_type & 0x7f) {
    case XCB_PROPERTY_NOTIFY:
        return property_event(
            w, (const xcb_property_notify_event_t *)(const void *)event);
    case XCB_MAP_NOTIFY:
    case XCB_UNMAP_NOTIFY:
    case XCB_CONFIGURE_NOTIFY:
    case XCB_REPARENT_NOTIFY:
    case XCB_DESTROY_NOTIFY:
    case XCB_GRAVITY_NOTIFY:
    case XCB_CIRCULATE_NOTIFY:
        w->stale = true;
        return true;
    case XCB_CREATE_NOTIFY: /* matters once it is mapped */
        return true;
    default:
        return false;
    }
}

bool x11_windows_stale(const struct x11_windows *w)
{
    return w->stale || w->active_stale;
}

static int compare_ids(const void *a, const void *b)
{
    xcb_window_t x = *(const xcb_window_t *)a, y = *(const xcb_window_t *)b;

    return (x > y) - (x < y);
}

static enum err add_window(struct x11_windows *w, xcb_window_t id)
{
    size_t i;

    for (i = 0; i < w->count; i++)
        if (w->list[i].id == id)
            return WS_OK;
    if (w->count == MAX_WINDOWS)
        return WS_FULL;
    memset(&w->list[w->count], 0, sizeof w->list[0]);
    w->list[w->count++].id = id;
    return WS_OK;
}

/* The ids of all windows that may show something: EWMH's, then the root's. */
static enum err list_windows(struct x11_windows *w)
{
    xcb_get_property_cookie_t list_cookie = xcb_get_property(
        w->d->x, 0, w->d->root, w->d->atoms[DISPLAY_CLIENT_LIST],
        XCB_ATOM_WINDOW, 0, MAX_WINDOWS);
    xcb_query_tree_cookie_t tree_cookie = xcb_query_tree(w->d->x, w->d->root);
    OWN_FREE xcb_get_property_reply_t *clients =
        xcb_get_property_reply(w->d->x, list_cookie, NULL);
    OWN_FREE xcb_query_tree_reply_t *tree =
        xcb_query_tree_reply(w->d->x, tree_cookie, NULL);
    const xcb_window_t *ids;
    enum err e = WS_OK;
    int i, n;

    w->count = 0;
    if (!tree)
        return display_lost(w->d) ? WS_IO : WS_AGAIN;
    if (clients && clients->format == 32) {
        if (clients->bytes_after > 0)
            return WS_FULL;
        ids = xcb_get_property_value(clients);
        n = xcb_get_property_value_length(clients) / 4;
        for (i = 0; i < n && !e; i++)
            e = add_window(w, ids[i]);
    }
    ids = xcb_query_tree_children(tree);
    n = xcb_query_tree_children_length(tree);
    for (i = 0; i < n && !e; i++)
        e = add_window(w, ids[i]);
    return e;
}

/* Ask for events of windows that are new to the list. */
static void watch_windows(struct x11_windows *w)
{
    const uint32_t mask =
        XCB_EVENT_MASK_PROPERTY_CHANGE | XCB_EVENT_MASK_STRUCTURE_NOTIFY;
    size_t i;

    for (i = 0; i < w->count; i++)
        if (!bsearch(&w->list[i].id, w->watched, w->watched_count,
                     sizeof w->watched[0], compare_ids))
            xcb_change_window_attributes(w->d->x, w->list[i].id,
                                         XCB_CW_EVENT_MASK, &mask);
    for (i = 0; i < w->count; i++)
        w->watched[i] = w->list[i].id;
    w->watched_count = w->count;
    qsort(w->watched, w->watched_count, sizeof w->watched[0], compare_ids);
}

static enum err refresh(struct x11_windows *w)
{
    OWN_FREE struct x11_window_questions *q = NULL;
    enum err e;
    size_t i;

    w->stale = false;
    e = list_windows(w);
    if (e == WS_FULL)
        log_warn("x11_windows_many",
                 "more than %d windows: no pixels are "
                 "captured meanwhile",
                 MAX_WINDOWS);
    if (e)
        w->stale = true;
    if (e)
        return e;
    watch_windows(w);
    q = calloc(w->count + 1, sizeof *q);
    if (!q)
        return WS_NOMEM;
    for (i = 0; i < w->count; i++)
        x11_window_ask(w->d, w->list[i].id, &q[i]);
    for (i = 0; i < w->count; i++)
        x11_window_hear(w->d, &q[i], &w->list[i]);
    for (i = 0; i < w->count; i++)
        if (w->list[i].shown && w->list[i].excluded != EXCLUDE_NOTHING)
            x11_window_cover_frame(w->d, &w->list[i]);
    return display_lost(w->d) ? WS_IO : WS_OK;
}

static struct x11_window *find(struct x11_windows *w, xcb_window_t id)
{
    size_t i;

    for (i = 0; i < w->count; i++)
        if (w->list[i].id == id)
            return &w->list[i];
    return NULL;
}

/* Walk up from a focused window until one is in the list with a name. */
static xcb_window_t named_ancestor(struct x11_windows *w, xcb_window_t id)
{
    int steps;

    for (steps = 0; steps < MAX_ANCESTORS && id && id != w->d->root; steps++) {
        const struct x11_window *known = find(w, id);
        OWN_FREE xcb_query_tree_reply_t *tree = NULL;

        if (known && known->shown && (known->app[0] || known->title[0]))
            return id;
        tree = xcb_query_tree_reply(w->d->x, xcb_query_tree(w->d->x, id), NULL);
        id = tree ? tree->parent : XCB_NONE;
    }
    return XCB_NONE;
}

/* Without a window manager: the focus, and where that follows the pointer, the
 * window under the pointer. */
static xcb_window_t active_by_focus(struct x11_windows *w)
{
    xcb_get_input_focus_cookie_t f = xcb_get_input_focus(w->d->x);
    xcb_query_pointer_cookie_t p = xcb_query_pointer(w->d->x, w->d->root);
    OWN_FREE xcb_get_input_focus_reply_t *focus =
        xcb_get_input_focus_reply(w->d->x, f, NULL);
    OWN_FREE xcb_query_pointer_reply_t *pointer =
        xcb_query_pointer_reply(w->d->x, p, NULL);

    if (focus && focus->focus != XCB_INPUT_FOCUS_NONE &&
        focus->focus != XCB_INPUT_FOCUS_POINTER_ROOT &&
        focus->focus != w->d->root)
        return named_ancestor(w, focus->focus);
    return pointer ? named_ancestor(w, pointer->child) : XCB_NONE;
}

static void read_active(struct x11_windows *w)
{
    OWN_FREE xcb_get_property_reply_t *r = xcb_get_property_reply(
        w->d->x,
        xcb_get_property(w->d->x, 0, w->d->root,
                         w->d->atoms[DISPLAY_ACTIVE_WINDOW], XCB_ATOM_WINDOW, 0,
                         1),
        NULL);

    w->active_stale = false;
    w->has_ewmh = r && r->format == 32 && xcb_get_property_value_length(r) == 4;
    w->active = w->has_ewmh ? *(xcb_window_t *)xcb_get_property_value(r)
                            : active_by_focus(w);
    if (w->active == XCB_NONE || w->active == w->active_before)
        return;
    if (w->active_before != XCB_NONE)
        w->switches++;
    w->active_before = w->active;
}

static bool fills_a_monitor(const struct rect *place,
                            const struct ring_frame *frame)
{
    uint32_t i;

    for (i = 0; i < frame->monitor_count; i++) {
        const struct ring_monitor *m = &frame->monitors[i];

        if (place->x0 <= m->x_px && place->y0 <= m->y_px &&
            place->x1 >= m->x_px + m->width_px &&
            place->y1 >= m->y_px + m->height_px)
            return true;
    }
    return false;
}

static void tell_active(struct x11_windows *w, struct ring_frame *frame,
                        struct x11_windows_facts *facts)
{
    const struct x11_window *active = find(w, w->active);

    frame->window_switches = w->switches;
    if (!active) {
        frame->flags |= RING_NO_WINDOW_FACTS;
        return;
    }
    facts->active_excluded = active->excluded;
    if (active->excluded != EXCLUDE_NOTHING)
        return;
    memcpy(frame->app, active->app[0] ? active->app : active->instance,
           sizeof frame->app);
    memcpy(frame->title, active->title, sizeof frame->title);
    frame->window_x_px = active->place.x0;
    frame->window_y_px = active->place.y0;
    frame->window_width_px = active->place.x1 - active->place.x0;
    frame->window_height_px = active->place.y1 - active->place.y0;
    if (fills_a_monitor(&active->place, frame))
        frame->flags |= RING_FULLSCREEN;
}

static enum err collect_masks(const struct x11_windows *w,
                              struct x11_windows_facts *facts)
{
    size_t i;

    for (i = 0; i < w->count; i++) {
        const struct x11_window *one = &w->list[i];

        if (!one->shown || one->excluded == EXCLUDE_NOTHING)
            continue;
        if (one->excluded == EXCLUDE_LOCK)
            facts->locked = true;
        if (facts->masks.count == X11_SCREEN_MAX_MASKS)
            return WS_FULL;
        facts->masks.list[facts->masks.count++] = one->place;
    }
    return WS_OK;
}

enum err x11_windows_read(struct x11_windows *w, struct ring_frame *frame,
                          struct x11_windows_facts *facts)
{
    enum err e;

    *facts = (struct x11_windows_facts){0};
    if (w->stale) {
        e = refresh(w);
        if (e)
            return e;
        w->active_stale = true;
    }
    if (w->active_stale || !w->has_ewmh)
        read_active(w);
    if (display_lost(w->d))
        return WS_IO;
    tell_active(w, frame, facts);
    return collect_masks(w, facts);
}

void x11_windows_forget(struct x11_windows *w)
{
    w->switches = 0;
}

void x11_windows_tick(struct x11_windows *w)
{
    if (w->active_stale && w->has_ewmh)
        read_active(w);
}
