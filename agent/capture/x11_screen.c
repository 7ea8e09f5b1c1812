/* x11_screen.c - see x11_screen.h.
 *
 * Two pictures lie in one segment and take turns, so comparing needs no copy.
 * DAMAGE tells the box that was drawn on in each period. The picture that is
 * overwritten is two grabs old, so the rows of the last two boxes are fetched
 * into it; the rest of it is equal already. DAMAGE is believed for VERIFY_NS at
 * most: then one grab fetches everything, whatever was said.
 */
#include "agent/capture/x11_screen.h"

#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xcb/damage.h>
#include <xcb/randr.h>
#include <xcb/shm.h>

#define VERIFY_NS (60 * CLOCK_NS_PER_S)
#define HALF_BYTES RING_SLOT_PIXEL_BYTES /* room of one picture; sparse */
#define MASK_GRAY UINT32_C(0x808080)

struct x11_screen {
    struct display *d;
    uint8_t *pictures; /* the segment: two halves */
    int segment_fd;
    xcb_shm_seg_t segment;
    bool shm, has_damage, has_randr;
    uint8_t damage_event, randr_event;
    xcb_damage_damage_t damage;
    int32_t width_px, height_px;
    bool stale; /* sizes and monitors must be read again */
    struct ring_monitor monitors[RING_MAX_MONITORS];
    uint32_t monitor_count;
    unsigned now;             /* the half with the newest picture */
    unsigned whole_grabs_due; /* halves whose rest is not to be trusted */
    bool has_picture;
    struct rect drawn;      /* since the last grab */
    struct rect drawn_last; /* in the period before that */
    struct x11_screen_masks masks;
    int64_t verified_mono_ns;
};

static enum err make_segment(struct x11_screen *s)
{
    void *map;

    s->segment_fd = memfd_create("worksight-screen", MFD_CLOEXEC);
    if (s->segment_fd < 0)
        return err_sys("x11_screen: memfd");
    if (ftruncate(s->segment_fd, 2 * (off_t)HALF_BYTES) < 0)
        return err_sys("x11_screen: size the segment");
    map = mmap(NULL, 2 * HALF_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
               s->segment_fd, 0);
    if (map == MAP_FAILED)
        return err_sys("x11_screen: map the segment");
    s->pictures = map;
    return WS_OK;
}

/* Share the segment with the server; without it, rows come over the wire. */
static void attach_segment(struct x11_screen *s)
{
    const xcb_query_extension_reply_t *found =
        xcb_get_extension_data(s->d->x, &xcb_shm_id);
    OWN_FREE xcb_shm_query_version_reply_t *version = NULL;
    OWN_FREE xcb_generic_error_t *error = NULL;
    int fd;

    if (!found || !found->present || !display_is_local(s->d))
        return;
    version = xcb_shm_query_version_reply(s->d->x,
                                          xcb_shm_query_version(s->d->x), NULL);
    if (!version || (version->major_version == 1 && version->minor_version < 2))
        return;
    fd = dup(s->segment_fd); /* xcb closes what it sends */
    if (fd < 0)
        return;
    s->segment = xcb_generate_id(s->d->x);
    error = xcb_request_check(
        s->d->x, xcb_shm_attach_fd_checked(s->d->x, s->segment, fd, 0));
    s->shm = !error && !display_lost(s->d);
}

static void watch_damage(struct x11_screen *s)
{
    const xcb_query_extension_reply_t *found =
        xcb_get_extension_data(s->d->x, &xcb_damage_id);
    OWN_FREE xcb_damage_query_version_reply_t *version = NULL;

    if (!found || !found->present)
        return;
    version = xcb_damage_query_version_reply(
        s->d->x, xcb_damage_query_version(s->d->x, 1, 1), NULL);
    if (!version)
        return;
    s->damage = xcb_generate_id(s->d->x);
    xcb_damage_create(s->d->x, s->damage, s->d->root,
                      XCB_DAMAGE_REPORT_LEVEL_BOUNDING_BOX);
    s->damage_event = (uint8_t)(found->first_event + XCB_DAMAGE_NOTIFY);
    s->has_damage = true;
}

static void watch_monitors(struct x11_screen *s)
{
    const xcb_query_extension_reply_t *found =
        xcb_get_extension_data(s->d->x, &xcb_randr_id);
    OWN_FREE xcb_randr_query_version_reply_t *version = NULL;

    if (!found || !found->present)
        return;
    version = xcb_randr_query_version_reply(
        s->d->x, xcb_randr_query_version(s->d->x, 1, 5), NULL);
    if (!version || (version->major_version == 1 && version->minor_version < 5))
        return;
    xcb_randr_select_input(s->d->x, s->d->root,
                           XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE |
                               XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE |
                               XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE);
    s->randr_event = found->first_event;
    s->has_randr = true;
}

void x11_screen_close(struct x11_screen *s)
{
    if (!s)
        return;
    if (s->pictures)
        munmap(s->pictures, 2 * HALF_BYTES);
    own_fd(&s->segment_fd);
    free(s);
}

enum err x11_screen_open(struct x11_screen **out, struct display *d)
{
    OWN(x11_screen_close)
    struct x11_screen *s = calloc(1, sizeof *s);
    enum err e;

    if (!s)
        return WS_NOMEM;
    s->d = d;
    s->segment_fd = -1;
    e = make_segment(s);
    if (e)
        return e;
    attach_segment(s);
    watch_damage(s);
    watch_monitors(s);
    s->stale = true;
    s->whole_grabs_due = 2;
    if (display_lost(d))
        return WS_IO;
    log_info("x11_screen_open", "pixels by %s, changes by %s",
             s->shm ? "shared memory"
                    : "the connection (no MIT-SHM, or not of this machine)",
             s->has_damage ? "DAMAGE and comparison" : "comparison alone");
    *out = TAKE(s);
    return WS_OK;
}

static struct rect whole(const struct x11_screen *s)
{
    return (struct rect){0, 0, s->width_px, s->height_px};
}

bool x11_screen_event(struct x11_screen *s, const xcb_generic_event_t *event)
{
    uint8_t type = event->response_type & 0x7f;

    if (s->has_damage && type == s->damage_event) {
        const xcb_damage_notify_event_t *n =
            (const xcb_damage_notify_event_t *)(const void *)event;
        struct rect box = {n->area.x, n->area.y, n->area.x + n->area.width,
                           n->area.y + n->area.height};

        s->drawn = rect_union(&s->drawn, &box);
        return true;
    }
    if (s->has_randr &&
        (type == s->randr_event + XCB_RANDR_NOTIFY ||
         type == s->randr_event + XCB_RANDR_SCREEN_CHANGE_NOTIFY)) {
        s->stale = true;
        return true;
    }
    if (type == XCB_CONFIGURE_NOTIFY &&
        ((const xcb_configure_notify_event_t *)(const void *)event)->window ==
            s->d->root) {
        s->stale = true;
        return true;
    }
    return false;
}

void x11_screen_mark(struct x11_screen *s)
{
    if (s->has_damage)
        xcb_damage_subtract(s->d->x, s->damage, XCB_NONE, XCB_NONE);
}

static void name_monitor(struct x11_screen *s, xcb_atom_t atom, char *out,
                         size_t out_bytes)
{
    OWN_FREE xcb_get_atom_name_reply_t *name = xcb_get_atom_name_reply(
        s->d->x, xcb_get_atom_name(s->d->x, atom), NULL);

    if (name)
        snprintf(out, out_bytes, "%.*s", xcb_get_atom_name_name_length(name),
                 xcb_get_atom_name_name(name));
}

static void read_monitors(struct x11_screen *s)
{
    OWN_FREE xcb_randr_get_monitors_reply_t *r = NULL;
    xcb_randr_monitor_info_iterator_t i;
    uint32_t n = 0;

    if (s->has_randr)
        r = xcb_randr_get_monitors_reply(
            s->d->x, xcb_randr_get_monitors(s->d->x, s->d->root, 1), NULL);
    if (r) {
        i = xcb_randr_get_monitors_monitors_iterator(r);
        for (; i.rem && n < RING_MAX_MONITORS;
             xcb_randr_monitor_info_next(&i)) {
            s->monitors[n] = (struct ring_monitor){
                "", i.data->x, i.data->y, i.data->width, i.data->height};
            name_monitor(s, i.data->name, s->monitors[n].name,
                         sizeof s->monitors[n].name);
            n++;
        }
    }
    if (n == 0)
        s->monitors[n++] =
            (struct ring_monitor){"screen", 0, 0, s->width_px, s->height_px};
    s->monitor_count = n;
}

static enum err read_sizes(struct x11_screen *s)
{
    OWN_FREE xcb_get_geometry_reply_t *g = xcb_get_geometry_reply(
        s->d->x, xcb_get_geometry(s->d->x, s->d->root), NULL);

    if (!g)
        return display_lost(s->d) ? WS_IO : WS_AGAIN;
    s->stale = false;
    if (g->width != s->width_px || g->height != s->height_px) {
        s->width_px = g->width;
        s->height_px = g->height;
        s->has_picture = false;
        s->whole_grabs_due = 2;
    }
    read_monitors(s);
    log_info("x11_screen_size", "%d x %d px on %u monitor(s)", s->width_px,
             s->height_px, s->monitor_count);
    return display_lost(s->d) ? WS_IO : WS_OK;
}

enum err x11_screen_facts(struct x11_screen *s, struct ring_frame *out)
{
    enum err e;

    if (s->stale) {
        e = read_sizes(s);
        if (e)
            return e;
    }
    out->width_px = (uint32_t)s->width_px;
    out->height_px = (uint32_t)s->height_px;
    out->stride_bytes = out->width_px * 4;
    out->monitor_count = s->monitor_count;
    memcpy(out->monitors, s->monitors, sizeof out->monitors);
    return WS_OK;
}

static enum err fetch_by_segment(struct x11_screen *s, size_t at,
                                 const struct rect *rows)
{
    OWN_FREE xcb_shm_get_image_reply_t *r = xcb_shm_get_image_reply(
        s->d->x,
        xcb_shm_get_image(s->d->x, s->d->root, 0, (int16_t)rows->y0,
                          (uint16_t)s->width_px,
                          (uint16_t)(rows->y1 - rows->y0), ~0u,
                          XCB_IMAGE_FORMAT_Z_PIXMAP, s->segment, (uint32_t)at),
        NULL);

    if (r)
        return WS_OK;
    return display_lost(s->d) ? WS_IO : WS_AGAIN;
}

static enum err fetch_by_wire(struct x11_screen *s, size_t at,
                              const struct rect *rows)
{
    OWN_FREE xcb_get_image_reply_t *r = xcb_get_image_reply(
        s->d->x,
        xcb_get_image(s->d->x, XCB_IMAGE_FORMAT_Z_PIXMAP, s->d->root, 0,
                      (int16_t)rows->y0, (uint16_t)s->width_px,
                      (uint16_t)(rows->y1 - rows->y0), ~0u),
        NULL);
    size_t want = (size_t)s->width_px * 4 * (size_t)(rows->y1 - rows->y0);

    if (!r)
        return display_lost(s->d) ? WS_IO : WS_AGAIN;
    if ((size_t)xcb_get_image_data_length(r) < want)
        return WS_AGAIN;
    memcpy(s->pictures + at, xcb_get_image_data(r), want);
    return WS_OK;
}

static void fill_masks(struct x11_screen *s, uint8_t *picture,
                       const struct x11_screen_masks *masks)
{
    size_t i;
    int32_t x, y;

    for (i = 0; i < masks->count; i++) {
        struct rect m = rect_clip(&masks->list[i], s->width_px, s->height_px);

        for (y = m.y0; y < m.y1; y++) {
            uint32_t *line =
                (uint32_t *)(void *)picture + (size_t)y * (size_t)s->width_px;

            for (x = m.x0; x < m.x1; x++)
                line[x] = MASK_GRAY;
        }
    }
}

static bool same_masks(const struct x11_screen_masks *a,
                       const struct x11_screen_masks *b)
{
    size_t i;

    if (a->count != b->count)
        return false;
    for (i = 0; i < a->count; i++)
        if (!rect_equal(&a->list[i], &b->list[i]))
            return false;
    return true;
}

/* The rows that the older half lacks, and what is known to be drawn since. */
static void plan(struct x11_screen *s, const struct x11_screen_masks *masks,
                 struct rect *rows, struct rect *dirty)
{
    int64_t now = clock_mono_ns();
    struct rect all = whole(s);

    if (!same_masks(masks, &s->masks))
        s->whole_grabs_due = 2;
    if (!s->has_damage || now - s->verified_mono_ns >= VERIFY_NS) {
        s->whole_grabs_due = 2; /* both halves */
        s->verified_mono_ns = now;
    }
    *rows = *dirty = all;
    if (s->whole_grabs_due)
        return;
    *dirty = rect_clip(&s->drawn, s->width_px, s->height_px);
    *rows = rect_union(&s->drawn, &s->drawn_last);
    *rows = rect_clip(rows, s->width_px, s->height_px);
}

static void point_at(const struct x11_screen *s, const struct rect *dirty,
                     struct capture_frame *out, unsigned before)
{
    out->pixels = s->pictures + s->now * HALF_BYTES;
    out->before = s->has_picture ? s->pictures + before * HALF_BYTES : NULL;
    out->dirty = *dirty;
}

enum err x11_screen_grab(struct x11_screen *s,
                         const struct x11_screen_masks *masks,
                         struct capture_frame *out)
{
    struct rect rows, dirty;
    unsigned into = !s->now;
    enum err e = WS_OK;
    size_t at;

    if ((size_t)s->width_px * (size_t)s->height_px * 4 > HALF_BYTES) {
        log_error("x11_screen_large",
                  "%d x %d px is more than a slot of the "
                  "ring holds",
                  s->width_px, s->height_px);
        return WS_INVALID;
    }
    plan(s, masks, &rows, &dirty);
    if (s->has_picture && !s->whole_grabs_due && rect_empty(&dirty)) {
        point_at(s, &dirty, out, s->now); /* nothing was drawn */
        return WS_OK;
    }
    /* Whole lines are fetched, after the drawing was told of: what was drawn
     * since, beside the dirty part, is in the picture too. */
    dirty = (struct rect){0, rows.y0, s->width_px, rows.y1};
    at = into * HALF_BYTES + (size_t)rows.y0 * (size_t)s->width_px * 4;
    e = s->shm ? fetch_by_segment(s, at, &rows) : fetch_by_wire(s, at, &rows);
    if (e) {
        s->whole_grabs_due = 2;
        s->stale = true;
        return e;
    }
    fill_masks(s, s->pictures + into * HALF_BYTES, masks);
    s->masks = *masks;
    s->drawn_last = s->drawn;
    s->drawn = (struct rect){0};
    s->now = into;
    point_at(s, &dirty, out, !into);
    s->has_picture = true;
    if (s->whole_grabs_due)
        s->whole_grabs_due--;
    return WS_OK;
}
