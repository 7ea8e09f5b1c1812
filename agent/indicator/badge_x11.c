/* badge_x11.c - see badge_x11.h.
 *
 * "Visible" is asked of the server each time, never remembered: mapped and
 * viewable, in its place on the screen, and not under another window. Without
 * a compositor the server tells that by VisibilityNotify; with one it does not,
 * so the stacking order counts as well. Whoever keeps covering the badge (a
 * lock screen) is given way to, and the badge is then not up.
 */
#include "agent/indicator/badge_x11.h"

#include "agent/capture/glyphs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/randr.h>
#include <xcb/xfixes.h>

#define HEIGHT_PX 30
#define MARGIN_PX 14 /* to the edges of the monitor */
#define PADDING_PX 12
#define RADIUS_PX 8
#define GAP_PX 8 /* between the sign and the text */
#define MAX_WIDTH_PX 900
#define GIVE_WAY_AFTER 5   /* checks on which raising did not help */
#define TRY_AGAIN_AFTER 15 /* checks to wait then */

#define BACK 0x1d2126
#define EDGE 0x3a424b
#define INK 0xf3f5f7

struct badge_x11 {
    struct display *d;
    xcb_window_t window;
    xcb_gcontext_t gc;
    bool has_fixes;
    uint8_t randr_event; /* 0: no RandR */
    bool covered, misplaced, redraw;
    unsigned fruitless; /* raises in a row that did not help */
    struct badge_x11_look look;
    int32_t x, y, width;
    uint8_t *pixels; /* room for MAX_WIDTH_PX */
};

void badge_x11_close(struct badge_x11 *b)
{
    if (!b)
        return;
    if (b->window && !display_lost(b->d)) {
        xcb_destroy_window(b->d->x, b->window);
        xcb_flush(b->d->x);
    }
    free(b->pixels);
    free(b);
}

static void name_window(struct badge_x11 *b)
{
    static const char name[] = "WorkSight";
    static const char class[] = "worksight-badge\0WorkSight";
    xcb_connection_t *x = b->d->x;
    xcb_atom_t type = b->d->atoms[DISPLAY_TYPE_NOTIFICATION];
    xcb_atom_t above = b->d->atoms[DISPLAY_STATE_ABOVE];

    xcb_change_property(x, XCB_PROP_MODE_REPLACE, b->window, XCB_ATOM_WM_NAME,
                        XCB_ATOM_STRING, 8, sizeof name - 1, name);
    xcb_change_property(x, XCB_PROP_MODE_REPLACE, b->window, XCB_ATOM_WM_CLASS,
                        XCB_ATOM_STRING, 8, sizeof class, class);
    xcb_change_property(x, XCB_PROP_MODE_REPLACE, b->window,
                        b->d->atoms[DISPLAY_WINDOW_TYPE], XCB_ATOM_ATOM, 32, 1,
                        &type);
    xcb_change_property(x, XCB_PROP_MODE_REPLACE, b->window,
                        b->d->atoms[DISPLAY_NET_WM_STATE], XCB_ATOM_ATOM, 32, 1,
                        &above);
}

static void make_window(struct badge_x11 *b)
{
    const uint32_t values[] = {
        BACK,
        1, /* override-redirect */
        XCB_EVENT_MASK_EXPOSURE | XCB_EVENT_MASK_VISIBILITY_CHANGE |
            XCB_EVENT_MASK_STRUCTURE_NOTIFY,
    };
    const uint32_t root_events =
        XCB_EVENT_MASK_STRUCTURE_NOTIFY | XCB_EVENT_MASK_PROPERTY_CHANGE;
    xcb_connection_t *x = b->d->x;

    b->window = xcb_generate_id(x);
    xcb_create_window(
        x, XCB_COPY_FROM_PARENT, b->window, b->d->root, 0, 0, 8, HEIGHT_PX, 0,
        XCB_WINDOW_CLASS_INPUT_OUTPUT, b->d->screen->root_visual,
        XCB_CW_BACK_PIXEL | XCB_CW_OVERRIDE_REDIRECT | XCB_CW_EVENT_MASK,
        values);
    b->gc = xcb_generate_id(x);
    xcb_create_gc(x, b->gc, b->window, 0, NULL);
    xcb_change_window_attributes(x, b->d->root, XCB_CW_EVENT_MASK,
                                 &root_events);
    name_window(b);
}

static void ask_extensions(struct badge_x11 *b)
{
    xcb_connection_t *x = b->d->x;
    const xcb_query_extension_reply_t *fixes =
        xcb_get_extension_data(x, &xcb_xfixes_id);
    const xcb_query_extension_reply_t *randr =
        xcb_get_extension_data(x, &xcb_randr_id);
    OWN_FREE xcb_xfixes_query_version_reply_t *version = NULL;

    if (fixes && fixes->present)
        version = xcb_xfixes_query_version_reply(
            x, xcb_xfixes_query_version(x, 2, 0), NULL);
    b->has_fixes = version && version->major_version >= 2;
    if (randr && randr->present) {
        b->randr_event = randr->first_event;
        xcb_randr_select_input(x, b->d->root,
                               XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE);
    }
}

enum err badge_x11_open(struct badge_x11 **out, struct display *d)
{
    OWN(badge_x11_close)
    struct badge_x11 *b = calloc(1, sizeof *b);

    if (!b)
        return WS_NOMEM;
    b->d = d;
    b->pixels = malloc((size_t)MAX_WIDTH_PX * HEIGHT_PX * 4);
    if (!b->pixels)
        return WS_NOMEM;
    ask_extensions(b);
    make_window(b);
    if (display_lost(d))
        return WS_IO;
    *out = TAKE(b);
    return WS_OK;
}

/* How many columns are cut off at each end of a row by the round corners. */
static int32_t corner_inset(int32_t row)
{
    int32_t from_edge = row < HEIGHT_PX / 2 ? row : HEIGHT_PX - 1 - row;
    int32_t dy = 2 * (RADIUS_PX - from_edge) - 1; /* half pixels */
    int32_t inset = 0;

    if (from_edge >= RADIUS_PX)
        return 0;
    while (inset < RADIUS_PX) {
        int32_t dx = 2 * (RADIUS_PX - inset) - 1;

        if (dx * dx + dy * dy <= 4 * RADIUS_PX * RADIUS_PX)
            break;
        inset++;
    }
    return inset;
}

/* Round corners, and no input at all: clicks reach what lies below. */
static void shape_window(struct badge_x11 *b)
{
    xcb_rectangle_t rows[HEIGHT_PX];
    xcb_xfixes_region_t region;
    xcb_connection_t *x = b->d->x;
    int32_t row;

    if (!b->has_fixes)
        return;
    for (row = 0; row < HEIGHT_PX; row++) {
        int32_t inset = corner_inset(row);

        rows[row] = (xcb_rectangle_t){(int16_t)inset, (int16_t)row,
                                      (uint16_t)(b->width - 2 * inset), 1};
    }
    region = xcb_generate_id(x);
    xcb_xfixes_create_region(x, region, HEIGHT_PX, rows);
    xcb_xfixes_set_window_shape_region(x, b->window, XCB_SHAPE_SK_BOUNDING, 0,
                                       0, region);
    xcb_xfixes_set_region(x, region, 0, NULL);
    xcb_xfixes_set_window_shape_region(x, b->window, XCB_SHAPE_SK_INPUT, 0, 0,
                                       region);
    xcb_xfixes_destroy_region(x, region);
}

static bool inside(int32_t x, int32_t y, int32_t width)
{
    return y >= 0 && y < HEIGHT_PX && x >= corner_inset(y) &&
           x < width - corner_inset(y);
}

/* One pixel of edge, wherever a neighbour is outside of the shape. */
static void draw_edge(const struct glyphs_canvas *c)
{
    int32_t x, y, w = c->width_px;

    for (y = 0; y < HEIGHT_PX; y++)
        for (x = 0; x < w; x++)
            if (inside(x, y, w) &&
                (!inside(x - 1, y, w) || !inside(x + 1, y, w) ||
                 !inside(x, y - 1, w) || !inside(x, y + 1, w)))
                glyphs_fill(c, x, y, 1, 1, EDGE);
}

static void draw(struct badge_x11 *b)
{
    struct glyphs_canvas c = {b->pixels, b->width, HEIGHT_PX,
                              (uint32_t)b->width * 4};
    int32_t y = (HEIGHT_PX - GLYPHS_HEIGHT_PX) / 2;
    int32_t x;

    glyphs_fill(&c, 0, 0, b->width, HEIGHT_PX, BACK);
    draw_edge(&c);
    x = glyphs_draw(&c, PADDING_PX, y - 1, b->look.sign, b->look.sign_rgb);
    glyphs_draw(&c, x + GAP_PX, y, b->look.text, INK);
    xcb_put_image(b->d->x, XCB_IMAGE_FORMAT_Z_PIXMAP, b->window, b->gc,
                  (uint16_t)b->width, HEIGHT_PX, 0, 0, 0,
                  b->d->screen->root_depth, (uint32_t)b->width * HEIGHT_PX * 4,
                  b->pixels);
    b->redraw = false;
}

struct area {
    int32_t x, y, width, height;
};

static struct area primary_monitor(struct badge_x11 *b)
{
    xcb_connection_t *x = b->d->x;
    struct area out = {0, 0, b->d->screen->width_in_pixels,
                       b->d->screen->height_in_pixels};
    OWN_FREE xcb_get_geometry_reply_t *root =
        xcb_get_geometry_reply(x, xcb_get_geometry(x, b->d->root), NULL);
    OWN_FREE xcb_randr_get_monitors_reply_t *r = NULL;
    xcb_randr_monitor_info_iterator_t i;

    if (root)
        out = (struct area){0, 0, root->width, root->height};
    if (b->randr_event)
        r = xcb_randr_get_monitors_reply(
            x, xcb_randr_get_monitors(x, b->d->root, 1), NULL);
    if (!r || xcb_randr_get_monitors_monitors_length(r) == 0)
        return out;
    i = xcb_randr_get_monitors_monitors_iterator(r);
    out = (struct area){i.data->x, i.data->y, i.data->width, i.data->height};
    for (; i.rem; xcb_randr_monitor_info_next(&i))
        if (i.data->primary)
            out = (struct area){i.data->x, i.data->y, i.data->width,
                                i.data->height};
    return out;
}

static void place(struct badge_x11 *b)
{
    struct area m = primary_monitor(b);
    uint32_t values[4];

    b->x = m.x + m.width - MARGIN_PX - b->width;
    b->y = m.y + m.height - MARGIN_PX - HEIGHT_PX;
    b->x = b->x < m.x ? m.x : b->x;
    values[0] = (uint32_t)b->x;
    values[1] = (uint32_t)b->y;
    values[2] = (uint32_t)b->width;
    values[3] = HEIGHT_PX;
    xcb_configure_window(b->d->x, b->window,
                         XCB_CONFIG_WINDOW_X | XCB_CONFIG_WINDOW_Y |
                             XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
                         values);
    b->misplaced = false;
}

enum err badge_x11_show(struct badge_x11 *b, const struct badge_x11_look *look)
{
    bool first = b->width == 0;

    if (!first && look->sign == b->look.sign &&
        strcmp(look->text, b->look.text) == 0)
        return WS_OK;
    b->look = *look;
    b->width = 2 * PADDING_PX + glyphs_width(look->sign) + GAP_PX +
               glyphs_width(look->text);
    b->width = b->width > MAX_WIDTH_PX ? MAX_WIDTH_PX : b->width;
    place(b);
    shape_window(b);
    if (first)
        xcb_map_window(b->d->x, b->window);
    draw(b);
    xcb_flush(b->d->x);
    return display_lost(b->d) ? WS_IO : WS_OK;
}

static void take_event(struct badge_x11 *b, const xcb_generic_event_t *event)
{
    uint8_t type = event->response_type & 0x7f;

    if (type == XCB_EXPOSE)
        b->redraw = true;
    else if (type == XCB_VISIBILITY_NOTIFY)
        b->covered =
            ((const xcb_visibility_notify_event_t *)(const void *)event)
                ->state != XCB_VISIBILITY_UNOBSCURED;
    else if (type == XCB_CONFIGURE_NOTIFY ||
             (b->randr_event &&
              type == b->randr_event + XCB_RANDR_SCREEN_CHANGE_NOTIFY))
        b->misplaced =
            b->misplaced || type != XCB_CONFIGURE_NOTIFY ||
            ((const xcb_configure_notify_event_t *)(const void *)event)
                    ->window == b->d->root;
}

enum stacking { NOT_THERE, BELOW_OTHERS, TOPMOST };

/* Where the badge stands among the root's children; a window that somebody put
 * into another one is not there. */
static enum stacking stacking_of(const struct badge_x11 *b,
                                 const xcb_query_tree_reply_t *tree)
{
    const xcb_window_t *children = xcb_query_tree_children(tree);
    int n = xcb_query_tree_children_length(tree), i;

    for (i = n - 1; i >= 0; i--)
        if (children[i] == b->window)
            return i == n - 1 ? TOPMOST : BELOW_OTHERS;
    return NOT_THERE;
}

static void raise_window(struct badge_x11 *b)
{
    const uint32_t above = XCB_STACK_MODE_ABOVE;

    b->fruitless++;
    if (b->fruitless > GIVE_WAY_AFTER && b->fruitless % TRY_AGAIN_AFTER)
        return;
    xcb_configure_window(b->d->x, b->window, XCB_CONFIG_WINDOW_STACK_MODE,
                         &above);
}

static void drain(struct badge_x11 *b)
{
    xcb_generic_event_t *event;

    while ((event = xcb_poll_for_event(b->d->x)) != NULL) {
        take_event(b, event);
        free(event);
    }
}

/* Undo what others did to the window. */
static void put_back(struct badge_x11 *b, bool mapped, bool placed,
                     enum stacking stacking)
{
    xcb_connection_t *x = b->d->x;

    if (stacking == NOT_THERE)
        xcb_reparent_window(x, b->window, b->d->root, (int16_t)b->x,
                            (int16_t)b->y);
    if (!mapped)
        xcb_map_window(x, b->window);
    if (!placed || b->misplaced)
        place(b);
    if (b->covered || stacking != TOPMOST)
        raise_window(b);
    else
        b->fruitless = 0;
    if (b->redraw)
        draw(b);
    xcb_flush(x);
}

enum err badge_x11_check(struct badge_x11 *b, bool *visible)
{
    xcb_connection_t *x = b->d->x;
    xcb_get_window_attributes_cookie_t attributes_cookie =
        xcb_get_window_attributes(x, b->window);
    xcb_get_geometry_cookie_t geometry_cookie = xcb_get_geometry(x, b->window);
    xcb_query_tree_cookie_t tree_cookie = xcb_query_tree(x, b->d->root);
    OWN_FREE xcb_get_window_attributes_reply_t *attributes =
        xcb_get_window_attributes_reply(x, attributes_cookie, NULL);
    OWN_FREE xcb_get_geometry_reply_t *geometry =
        xcb_get_geometry_reply(x, geometry_cookie, NULL);
    OWN_FREE xcb_query_tree_reply_t *tree =
        xcb_query_tree_reply(x, tree_cookie, NULL);
    enum stacking stacking;
    bool mapped, placed;

    drain(b);
    if (!attributes || !geometry || !tree) /* or the window was destroyed */
        return WS_IO;
    stacking = stacking_of(b, tree);
    mapped = attributes->map_state == XCB_MAP_STATE_VIEWABLE;
    placed = geometry->x == b->x && geometry->y == b->y &&
             geometry->width == b->width && geometry->height == HEIGHT_PX;
    put_back(b, mapped, placed, stacking);
    *visible = mapped && placed && !b->covered && stacking != NOT_THERE &&
               (stacking == TOPMOST || b->fruitless <= GIVE_WAY_AFTER);
    return display_lost(b->d) ? WS_IO : WS_OK;
}
