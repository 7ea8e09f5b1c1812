/* permit.c - see permit.h. */
#include "agent/capture/permit.h"

#include "core/clock.h"

/* The badge says so four times a second; capture looks five times a second: so
 * capture ends within a second of the badge's last word. */
#define BADGE_FRESH_NS (800 * CLOCK_NS_PER_MS)

static bool badge_is_up(const struct board *b)
{
    return board_badge_up(b) &&
           clock_boot_ns() - b->badge_shown_boot_ns <= BADGE_FRESH_NS;
}

enum board_capture_state permit_state(const struct board *b, bool shows_display,
                                      int64_t wall_ns)
{
    if (!b->notice_acknowledged)
        return BOARD_NO_NOTICE;
    if (b->paused_until_wall_ns > wall_ns)
        return BOARD_PAUSED;
    if (b->tier <= 0)
        return BOARD_TIER_0;
    if (shows_display && !badge_is_up(b))
        return BOARD_NO_BADGE;
    return BOARD_CAPTURING;
}
