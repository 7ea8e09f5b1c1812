/* look.c - see look.h. */
#include "agent/indicator/look.h"

#include "agent/capture/glyphs.h"
#include "core/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define GREEN 0x4fd08a
#define AMBER 0xf2b94b
#define ORANGE 0xf08a5d
#define GRAY 0x9aa4ae
#define DAY_NS (24 * 3600 * CLOCK_NS_PER_S)

#define SAY(out, ...) snprintf((out)->text, sizeof(out)->text, __VA_ARGS__)

/* What a tier keeps, in a word (privacy.md). */
static const char *const tier_words[] = {
    "L0: nothing",          "L1: apps",     "L2: scores",
    "L3: reduced pictures", "L4: pictures",
};

static const char *tier_word(int64_t tier)
{
    const int64_t last = sizeof tier_words / sizeof tier_words[0] - 1;

    return tier_words[tier < 0 ? 0 : tier > last ? last : tier];
}

static bool is_down(int64_t lane)
{
    return lane == BOARD_LANE_BACKING_OFF || lane == BOARD_LANE_UNAUTHORIZED ||
           lane == BOARD_LANE_WRONG_SERVER;
}

static int64_t coarse(int64_t count)
{
    int64_t step = 1;

    while (count >= step * 10)
        step *= 10;
    return step;
}

static void say_watching(const struct board *b, struct badge_x11_look *out)
{
    int64_t queued = b->queue_pending;

    out->sign = GLYPHS_DOT;
    out->sign_rgb = GREEN;
    if (!is_down(b->upload_lane) && !is_down(b->heartbeat_lane)) {
        SAY(out, "WorkSight is watching (%s)", tier_word(b->tier));
        return;
    }
    out->sign = GLYPHS_TRIANGLE;
    out->sign_rgb = ORANGE;
    if (queued > 0)
        SAY(out,
            "WorkSight is watching (%s)  " GLYPHS_MIDDLE
            "  offline, %lld+ queued",
            tier_word(b->tier), (long long)coarse(queued));
    else
        SAY(out, "WorkSight is watching (%s)  " GLYPHS_MIDDLE "  offline",
            tier_word(b->tier));
}

static void say_paused(int64_t until_ns, int64_t wall_ns,
                       struct badge_x11_look *out)
{
    time_t until = (time_t)(until_ns / CLOCK_NS_PER_S);
    struct tm local;
    char clock[32];

    out->sign = GLYPHS_BAR GLYPHS_BAR;
    out->sign_rgb = AMBER;
    localtime_r(&until, &local);
    strftime(clock, sizeof clock,
             until_ns - wall_ns < DAY_NS ? "%H:%M" : "%Y-%m-%d %H:%M", &local);
    SAY(out, "WorkSight is paused until %s", clock);
}

static void say_not(const char *why, struct badge_x11_look *out)
{
    out->sign = GLYPHS_DOT;
    out->sign_rgb = GRAY;
    SAY(out, "WorkSight is not watching: %s", why);
}

void look_make(const struct board *b, int64_t wall_ns,
               struct badge_x11_look *out)
{
    if (!b->notice_acknowledged)
        say_not("the notice is not acknowledged", out);
    else if (b->paused_until_wall_ns > wall_ns)
        say_paused(b->paused_until_wall_ns, wall_ns, out);
    else if (b->tier <= 0)
        say_not(b->off_hours ? "outside of the hours" : "tier L0", out);
    else if (b->capture_state == BOARD_NO_DISPLAY)
        say_not("the display is lost", out);
    else if (b->capture_state == BOARD_LOCKED)
        say_not("the screen is locked", out);
    else
        say_watching(b, out);
}
