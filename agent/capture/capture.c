/* capture.c - capture_run() of role.h: the capture role's schedule.
 *
 * The loop keeps an absolute schedule: observation k is due at start + k times
 * the interval, however long one takes. Between them it looks up every TICK_NS:
 * is it paused, is the badge up, is the display still there.
 */
#include "agent/board.h"
#include "agent/capture/gate.h"
#include "agent/capture/permit.h"
#include "agent/capture/schedule.h"
#include "agent/capture/source.h"
#include "agent/role.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/supervise.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#define TICK_NS (200 * CLOCK_NS_PER_MS)
#define OPEN_AGAIN_NS (500 * CLOCK_NS_PER_MS)
/* The badge redraws itself within 200 ms: it says that the screen is watched
 * before the first look after a pause. */
#define BADGE_FIRST_NS (500 * CLOCK_NS_PER_MS)
#define TIER_WITH_PIXELS 2 /* below it, no pixel is fetched (privacy.md) */
#define EXIT_LOST 1

struct loop {
    struct role *role;
    struct ring *ring;
    struct source source;
    enum board_capture_state state;
    int64_t every_ns, due_mono_ns;
    int64_t from_mono_ns;   /* no look before: see BADGE_FIRST_NS */
    int64_t period_mono_ns; /* since when the counts count */
    uint64_t number, dropped;
    int64_t readers; /* restarts and wishes of the readers, last time */
    bool resend;     /* the reader has no pixels to call "unchanged" */
};

/* Wait until mono_ns or until the role is to stop. */
static void wait_until(const struct loop *l, int64_t mono_ns)
{
    struct pollfd p = {.fd = supervise_child_stop_fd(), .events = POLLIN};
    int64_t ns = mono_ns - env_mono_ns(l->role->env);
    struct timespec t = {.tv_sec = ns / CLOCK_NS_PER_S,
                         .tv_nsec = ns % CLOCK_NS_PER_S};

    if (ns > 0)
        ppoll(&p, 1, &t, NULL);
}

static void tell_state(struct loop *l, enum board_capture_state state)
{
    l->role->board->capture_state = (int64_t)state;
    if (l->state != state)
        log_info("capture_state", "%s", board_capture_word(state));
    l->state = state;
}

static enum board_capture_state permit(const struct loop *l)
{
    return permit_state(l->role->board, l->source.ops->shows_display,
                        env_wall_ns(l->role->env));
}

static void alive(const struct loop *l, int64_t since_mono_ns)
{
    board_alive(l->role->board, l->role->row,
                env_mono_ns(l->role->env) - since_mono_ns);
    supervise_child_alive();
}

/* Grows when a reader has to be given the pixels again. */
static int64_t reader_needs(const struct board *b)
{
    return b->role[BOARD_AI].restarts + b->role[BOARD_OCR].restarts +
           b->pixels_wanted;
}

static void measure(struct capture_frame *f)
{
    struct gate_result r;

    if (!f->pixels)
        return;
    r = gate_compare(&(struct gate_picture){
        f->pixels, f->before, f->facts.width_px, f->facts.height_px,
        f->facts.stride_bytes, f->dirty});
    f->facts.changed_share = r.changed_share;
    if (f->before && r.changed == 0)
        f->facts.flags |= RING_UNCHANGED;
}

/* Decide whether the reader gets the pixels: it can use them (ocr), and they
 * are new to it. */
static void choose_pixels(struct loop *l, struct capture_frame *f)
{
    int64_t readers = reader_needs(l->role->board);

    if (!f->pixels || l->role->settings->ocr != OCR_ON)
        return;
    if ((f->facts.flags & RING_UNCHANGED) && !l->resend &&
        readers == l->readers)
        return;
    f->facts.flags &= ~(uint32_t)RING_UNCHANGED;
    f->facts.flags |= RING_HAS_PIXELS;
    l->readers = readers;
}

static void publish(struct loop *l, const struct capture_frame *f)
{
    struct board *b = l->role->board;
    const uint32_t content = RING_HAS_PIXELS | RING_UNCHANGED;
    struct ring_slot slot;
    enum err e = ring_claim(l->ring, &slot);

    if (e) {
        log_warn("capture_ring", "no slot of the ring is free: %s",
                 err_name(e));
        l->resend = true;
        return;
    }
    *slot.frame = f->facts;
    if (f->facts.flags & RING_HAS_PIXELS)
        memcpy(slot.pixels, f->pixels,
               (size_t)f->facts.stride_bytes * f->facts.height_px);
    ring_publish(l->ring, &slot);
    l->resend = (f->facts.flags & content) == 0 ||
                slot.frame->dropped_total > l->dropped;
    l->dropped = slot.frame->dropped_total;
    b->frames_dropped = (int64_t)l->dropped;
    b->frames_captured++;
    if (f->facts.flags & RING_UNCHANGED)
        b->frames_unchanged++;
    b->last_frame_wall_ns = f->facts.wall_ns;
    supervise_child_progress();
}

static enum err observe(struct loop *l)
{
    const struct env *env = l->role->env;
    enum capture_want want = l->role->board->tier >= TIER_WITH_PIXELS
                                 ? CAPTURE_PIXELS
                                 : CAPTURE_FACTS;
    int64_t wall_ns = env_wall_ns(env), mono_ns = env_mono_ns(env);
    int64_t boot_ns = env_boot_ns(env);
    struct capture_frame f;
    enum err e = source_grab(&l->source, want, &f);

    if (e)
        return e;
    if (permit(l) != BOARD_CAPTURING) /* paused while it was made */
        return WS_OK;
    f.facts.number = ++l->number;
    f.facts.wall_ns = wall_ns;
    f.facts.mono_ns = mono_ns;
    f.facts.boot_ns = boot_ns;
    f.facts.interval_ms = (mono_ns - l->period_mono_ns) / CLOCK_NS_PER_MS;
    l->period_mono_ns = mono_ns;
    measure(&f);
    choose_pixels(l, &f);
    publish(l, &f);
    tell_state(l, f.facts.flags & RING_LOCKED ? BOARD_LOCKED : BOARD_CAPTURING);
    return WS_OK;
}

static enum err step(struct loop *l)
{
    enum board_capture_state state = permit(l);
    int64_t now = env_mono_ns(l->role->env);
    enum err e = WS_OK;

    if (state != BOARD_CAPTURING) {
        tell_state(l, state);
        l->from_mono_ns = l->due_mono_ns = now + BADGE_FIRST_NS;
    }
    if (now < l->from_mono_ns) {
        l->period_mono_ns = now;
        l->resend = true;
        e = source_tick(&l->source, CAPTURE_FORGET);
    } else if (now < l->due_mono_ns) {
        if (l->state != BOARD_LOCKED)
            tell_state(l, state);
        e = source_tick(&l->source, CAPTURE_KEEP);
    } else {
        e = observe(l);
        l->due_mono_ns = schedule_after(l->due_mono_ns,
                                        env_mono_ns(l->role->env), l->every_ns);
    }
    return e;
}

static int run(struct loop *l)
{
    const struct env *env = l->role->env;

    l->due_mono_ns = l->period_mono_ns = env_mono_ns(env);
    l->resend = true;
    while (!supervise_child_stopping()) {
        int64_t began = env_mono_ns(env), next = began + TICK_NS;
        enum err e = step(l);

        alive(l, began);
        if (e) {
            tell_state(l, BOARD_NO_DISPLAY);
            log_error("capture_lost",
                      "the source %s is lost (%s): the role "
                      "starts again",
                      l->source.ops->name, err_name(e));
            return EXIT_LOST;
        }
        if (l->state == BOARD_CAPTURING || l->state == BOARD_LOCKED)
            next = next < l->due_mono_ns ? next : l->due_mono_ns;
        wait_until(l, next);
    }
    return 0;
}

/* Try until the source is there: displays come later and come back. */
static enum err acquire(struct loop *l, const struct capture_ops *ops,
                        const struct capture_options *o)
{
    enum err e = WS_AGAIN, said = WS_OK;

    while (!supervise_child_stopping()) {
        e = source_open(&l->source, ops, o);
        if (!e)
            return WS_OK;
        tell_state(l, BOARD_NO_DISPLAY);
        if (e != said)
            log_warn("capture_waits",
                     "the source %s cannot be opened (%s): "
                     "tried again until it can",
                     ops->name, err_name(e));
        said = e;
        alive(l, env_mono_ns(l->role->env));
        wait_until(l, env_mono_ns(l->role->env) + OPEN_AGAIN_NS);
    }
    return e;
}

int capture_run(struct role *role)
{
    const struct settings *s = role->settings;
    OWN(ring_close)
    struct ring *ring = NULL;
    struct loop l = {.role = role,
                     .every_ns = s->every_ms * CLOCK_NS_PER_MS,
                     .state = BOARD_STARTING};
    struct capture_options o = {.display = s->display,
                                .input_counts = s->input_counts};
    const struct capture_ops *ops;
    int status;

    if (source_find(s->source, &ops, &o.arg) ||
        ring_attach(&ring, role->fds[ROLE_FD_RING], RING_WRITER))
        return EXIT_LOST;
    l.ring = ring;
    tell_state(&l, BOARD_STARTING);
    if (acquire(&l, ops, &o))
        return supervise_child_stopping() ? 0 : EXIT_LOST;
    if (role_enter_sandbox(role)) {
        source_close(&l.source);
        return EXIT_LOST;
    }
    supervise_child_ready();
    status = run(&l);
    source_close(&l.source);
    return status;
}
