/* capture_x11.c - an X display: all monitors as one picture, and its facts.
 *
 * One grab: ask what lies where, fetch the pixels, ask again if anything moved
 * meanwhile. Only when both answers name the same excluded windows is the
 * picture given; else it is made again, and after ATTEMPTS none is given.
 */
#include "agent/capture/capture.h"
#include "agent/capture/display.h"
#include "agent/capture/x11_input.h"
#include "agent/capture/x11_screen.h"
#include "agent/capture/x11_windows.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTEMPTS 3
#define EVENT_BYTES 32

struct capture {
    struct display *d;
    struct x11_screen *screen;
    struct x11_windows *windows;
    struct x11_input input;
};

static void x11_close(struct capture *c)
{
    if (!c)
        return;
    x11_windows_close(c->windows);
    x11_screen_close(c->screen);
    display_close(c->d);
    free(c);
}
OWN_DEFINE(x11_close, struct capture *)

/* Say why there is no display, once for each reason. */
static void say_once(const char *why)
{
    static char said[DISPLAY_WHY_BYTES];

    if (strcmp(said, why) == 0)
        return;
    snprintf(said, sizeof said, "%s", why);
    log_warn("display_not_available", "%s", why);
}

static enum err x11_open(struct capture **out, const struct capture_options *o)
{
    OWN(x11_close)
    struct capture *c = calloc(1, sizeof *c);
    char why[DISPLAY_WHY_BYTES] = "no memory";
    enum err e;

    if (!c)
        return WS_NOMEM;
    e = display_open(&c->d, o->display, why);
    if (e)
        say_once(why);
    if (e)
        return e;
    e = x11_screen_open(&c->screen, c->d);
    if (e)
        return e;
    e = x11_windows_open(&c->windows, c->d);
    if (e)
        return e;
    x11_input_init(&c->input, c->d, o->input_counts);
    if (display_lost(c->d))
        return WS_AGAIN;
    *out = TAKE(c);
    return WS_OK;
}

/* Take in all events that have arrived. Their bytes are wiped: an input event
 * carries a key that nobody here has looked at. */
static enum err drain(struct capture *c)
{
    xcb_generic_event_t *event;

    while ((event = xcb_poll_for_event(c->d->x)) != NULL) {
        if (!x11_input_event(&c->input, event) &&
            !x11_screen_event(c->screen, event))
            x11_windows_event(c->windows, event);
        explicit_bzero(event, EVENT_BYTES);
        free(event);
    }
    return display_lost(c->d) ? WS_IO : WS_OK;
}

struct look { /* what one look at the display found */
    struct x11_input_idle idle;
    struct x11_windows_facts windows;
    bool may_show;
};

static void withhold(struct ring_frame *f, uint32_t flag)
{
    f->flags |= flag | RING_NO_INPUT_COUNTS;
    f->app[0] = f->title[0] = 0;
    f->window_x_px = f->window_y_px = 0;
    f->window_width_px = f->window_height_px = 0;
}

static enum err look_around(struct capture *c, struct capture_frame *out,
                            struct look *look)
{
    enum err e;

    *out = (struct capture_frame){0};
    snprintf(out->facts.source, sizeof out->facts.source, "x11");
    look->idle = x11_input_idle(&c->input);
    e = drain(c);
    if (e)
        return e;
    x11_screen_mark(c->screen);
    e = x11_screen_facts(c->screen, &out->facts);
    if (e)
        return e;
    e = x11_windows_read(c->windows, &out->facts, &look->windows);
    if (e && e != WS_FULL)
        return e;
    out->facts.idle_ms = look->idle.idle_ms;
    look->may_show = false;
    if (look->idle.saver_is_on || look->windows.locked)
        withhold(&out->facts, RING_LOCKED);
    else if (e == WS_FULL || look->windows.active_excluded != EXCLUDE_NOTHING)
        withhold(&out->facts, RING_EXCLUDED);
    else
        look->may_show = true;
    return WS_OK;
}

static bool same_windows(const struct x11_windows_facts *a,
                         const struct x11_windows_facts *b)
{
    return a->locked == b->locked && a->active_excluded == b->active_excluded &&
           a->masks.count == b->masks.count &&
           memcmp(a->masks.list, b->masks.list,
                  a->masks.count * sizeof a->masks.list[0]) == 0;
}

/* Nothing that must not be seen came or moved while the pixels were fetched. */
static enum err look_again(struct capture *c, const struct look *look,
                           bool *same)
{
    struct ring_frame unused = {0};
    struct x11_windows_facts now;
    enum err e;

    *same = true;
    e = drain(c);
    if (e || !x11_windows_stale(c->windows))
        return e;
    *same = false;
    e = x11_windows_read(c->windows, &unused, &now);
    if (e)
        return e == WS_IO ? e : WS_OK;
    *same = same_windows(&look->windows, &now);
    return WS_OK;
}

static void take_counts(struct capture *c, struct ring_frame *f)
{
    if (!c->input.counts)
        f->flags |= RING_NO_INPUT_COUNTS;
    if (!(f->flags & RING_NO_INPUT_COUNTS)) {
        f->key_events = c->input.key_events;
        f->button_events = c->input.button_events;
    }
    x11_input_forget(&c->input);
    x11_windows_forget(c->windows);
}

static enum err x11_grab(struct capture *c, enum capture_want want,
                         struct capture_frame *out)
{
    struct look look;
    bool same = false;
    enum err e = WS_AGAIN;
    int attempt;

    for (attempt = 0; attempt < ATTEMPTS && !same; attempt++) {
        e = look_around(c, out, &look);
        if (e == WS_AGAIN)
            continue;
        if (e)
            return e;
        if (!look.may_show || want == CAPTURE_FACTS)
            break;
        e = x11_screen_grab(c->screen, &look.windows.masks, out);
        if (e == WS_AGAIN)
            continue;
        if (e)
            return e;
        e = look_again(c, &look, &same);
        if (e)
            return e;
        if (!same)
            out->pixels = out->before = NULL;
    }
    take_counts(c, &out->facts);
    if (e == WS_AGAIN)
        log_info("x11_moving", "the screen kept changing its size: no picture "
                               "this time");
    return WS_OK;
}

static enum err x11_tick(struct capture *c, enum capture_keep keep)
{
    enum err e = drain(c);

    if (e)
        return e;
    x11_windows_tick(c->windows);
    if (keep == CAPTURE_FORGET) {
        x11_input_forget(&c->input);
        x11_windows_forget(c->windows);
    }
    return display_lost(c->d) ? WS_IO : WS_OK;
}

const struct capture_ops capture_x11 = {
    .name = "x11",
    .shows_display = true,
    .open = x11_open,
    .grab = x11_grab,
    .tick = x11_tick,
    .close = x11_close,
};
