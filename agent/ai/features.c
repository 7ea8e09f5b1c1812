#include "agent/ai/features.h"

#include "core/clock.h"

#include <string.h>
#include <time.h>

/* clang-format off */
const struct features_row features_registry[FEATURE_COUNT] = {
    [FEATURE_INPUT]      = {"input_level", "level", 3, "time of the last minute in intervals with key or button events: 0 none, 1 below 12.5 s, 2 below 37.5 s, 3 more; not how many events"},
    [FEATURE_CHANGE]     = {"change_level", "level", 3, "share of the screen that changed: 0 none, 1 below 5 %, 2 below 30 %, 3 more; no more than 1 within a minute of input"},
    [FEATURE_SWITCHES]   = {"switch_level", "level", 3, "changes of the active window in the last minute: 0 up to 2, 1 up to 6, 2 up to 12, 3 more"},
    [FEATURE_IDLE]       = {"idle_level", "level", 3, "time since the last input: 0 below 1 min, 1 below 5 min, 2 below 15 min, 3 longer"},
    [FEATURE_PRESENT]    = {"present", "0/1", 1, "input within 5 min, or full screen, or an inhibited screen saver"},
    [FEATURE_FULLSCREEN] = {"fullscreen", "0/1", 1, "the active window fills its monitor"},
    [FEATURE_INHIBITED]  = {"inhibited", "0/1", 1, "a program holds the screen saver off"},
    [FEATURE_TEXT_SEEN]  = {"text_seen", "0/1", 1, "the screen shows text that can be read, or there was input within a minute"},
};
/* clang-format on */

#define PRESENT_MS (5 * 60 * 1000)
#define MINUTE_MS (60 * 1000)

/* How much a score leans on each kind of fact; together 1. */
#define COVERS_TEXT 0.375
#define COVERS_WINDOW 0.375
#define COVERS_INPUT 0.125
#define COVERS_IDLE 0.125

/* Levels count how many of three bounds a value reaches. */
static int level_of(double value, const double bounds[3])
{
    int level = 0;

    while (level < 3 && value >= bounds[level])
        level++;
    return level;
}

/* The time of a frame's interval, if it had input. How many events there were
 * is not looked at: a capital letter is two. */
static int64_t input_ms(const struct ring_frame *f)
{
    if (f->key_events == 0 && f->button_events == 0)
        return 0;
    if (f->interval_ms < 1)
        return 1;
    return f->interval_ms < MINUTE_MS ? f->interval_ms : MINUTE_MS;
}

/* Add the counts of a frame; return the sums of the last minute. */
static void add_counts(struct features_history *h, const struct ring_frame *f,
                       int64_t *input_sum_ms, uint64_t *switches)
{
    int64_t now = f->mono_ns / (FEATURES_STEP_MS * CLOCK_NS_PER_MS) + 1;
    size_t at = (size_t)(now % FEATURES_STEPS);

    if (h->step[at] != now) {
        h->step[at] = now;
        h->input_ms[at] = h->switches[at] = 0;
    }
    h->input_ms[at] += (uint32_t)input_ms(f);
    h->switches[at] += f->window_switches;
    *input_sum_ms = 0;
    *switches = 0;
    for (size_t i = 0; i < FEATURES_STEPS; i++) {
        if (h->step[i] <= now - FEATURES_STEPS || h->step[i] > now)
            continue;
        *input_sum_ms += h->input_ms[i];
        *switches += h->switches[i];
    }
}

static int idle_level(int64_t idle_ms)
{
    static const double bounds[3] = {60e3, 5 * 60e3, 15 * 60e3};

    return idle_ms < 0 ? FEATURES_UNKNOWN : level_of((double)idle_ms, bounds);
}

static int is_present(const struct ring_frame *f)
{
    if (f->flags & (RING_FULLSCREEN | RING_INHIBITED))
        return 1;
    if (f->idle_ms < 0)
        return FEATURES_UNKNOWN;
    return f->idle_ms < PRESENT_MS;
}

static int change_level(const struct ring_frame *f)
{
    static const double bounds[3] = {1e-9, 0.05, 0.30};

    if (f->flags & (RING_LOCKED | RING_EXCLUDED))
        return FEATURES_UNKNOWN;
    if (f->flags & RING_UNCHANGED)
        return 0;
    return level_of(f->changed_share, bounds);
}

/* Somebody may be writing: then what changes on the screen is what is written,
 * and neither how much of it nor whether it can be read is kept. So two texts
 * of one length leave the same levels, whatever letters they are of. */
static void forget_writing(const struct features_input *in, int *v)
{
    if (v[FEATURE_INPUT] == 0 ||
        (v[FEATURE_INPUT] == FEATURES_UNKNOWN && v[FEATURE_IDLE] != 0))
        return;
    if (v[FEATURE_CHANGE] > 1)
        v[FEATURE_CHANGE] = 1;
    if (in->reading != READING_NONE)
        v[FEATURE_TEXT_SEEN] = 1;
}

static double coverage_of(const struct features *f, const struct ring_frame *in)
{
    double covered = 0;

    if (f->reading != READING_NONE)
        covered += COVERS_TEXT;
    if (!(in->flags & RING_NO_WINDOW_FACTS) &&
        f->class.category != CATEGORY_UNKNOWN)
        covered += COVERS_WINDOW;
    if (f->value[FEATURE_INPUT] != FEATURES_UNKNOWN)
        covered += COVERS_INPUT;
    if (f->value[FEATURE_IDLE] != FEATURES_UNKNOWN)
        covered += COVERS_IDLE;
    return covered;
}

static int hour_of(int64_t wall_ns)
{
    time_t s = (time_t)(wall_ns / CLOCK_NS_PER_S);
    struct tm local;

    return localtime_r(&s, &local) ? local.tm_hour : 0;
}

void features_make(struct features_history *history,
                   const struct features_input *in, struct features *out)
{
    static const double input_bounds[3] = {1, 12500, 37500};
    static const double switch_bounds[3] = {3, 7, 13};
    const struct ring_frame *f = in->frame;
    int64_t input_sum_ms;
    uint64_t switches;
    int *v = out->value;

    memset(out, 0, sizeof(*out));
    add_counts(history, f, &input_sum_ms, &switches);
    out->class = *in->class;
    out->reading = in->reading;
    out->wall_ns = f->wall_ns;
    out->hour = hour_of(f->wall_ns);
    v[FEATURE_INPUT] = f->flags & RING_NO_INPUT_COUNTS
                           ? FEATURES_UNKNOWN
                           : level_of((double)input_sum_ms, input_bounds);
    v[FEATURE_CHANGE] = change_level(f);
    v[FEATURE_SWITCHES] = f->flags & RING_NO_WINDOW_FACTS
                              ? FEATURES_UNKNOWN
                              : level_of((double)switches, switch_bounds);
    v[FEATURE_IDLE] = idle_level(f->idle_ms);
    v[FEATURE_PRESENT] = is_present(f);
    v[FEATURE_FULLSCREEN] = f->flags & RING_NO_WINDOW_FACTS
                                ? FEATURES_UNKNOWN
                                : (f->flags & RING_FULLSCREEN) != 0;
    /* No source can tell yet that there is none. */
    v[FEATURE_INHIBITED] = f->flags & RING_INHIBITED ? 1 : FEATURES_UNKNOWN;
    v[FEATURE_TEXT_SEEN] =
        in->reading == READING_NONE ? FEATURES_UNKNOWN : in->text_seen;
    forget_writing(in, v);
    out->coverage = coverage_of(out, f);
    out->activity =
        v[FEATURE_INPUT] == FEATURES_UNKNOWN ? 0 : v[FEATURE_INPUT] / 4.0;
}
