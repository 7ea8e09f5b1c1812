/* badge_probe.c - shows a badge by hand, for flow tests.
 *
 * badge_probe [DISPLAY]; commands on stdin, a JSON line each on stdout:
 * "watching", "offline", "paused", "unasked" show that state; "check" looks
 * after the badge once.
 */
#include "agent/capture/display.h"
#include "agent/indicator/badge_x11.h"
#include "agent/indicator/look.h"
#include "core/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void set(struct board *b, const char *word, int64_t now)
{
    *b = (struct board){0};
    b->notice_acknowledged = strcmp(word, "unasked") != 0;
    b->tier = 2;
    b->capture_state = BOARD_CAPTURING;
    if (strcmp(word, "paused") == 0)
        b->paused_until_wall_ns = now + 900 * CLOCK_NS_PER_S;
    if (strcmp(word, "offline") == 0) {
        b->upload_lane = BOARD_LANE_BACKING_OFF;
        b->queue_pending = 37;
    }
}

int main(int argc, char **argv)
{
    OWN(display_close)
    struct display *d = NULL;
    OWN(badge_x11_close)
    struct badge_x11 *badge = NULL;
    char why[DISPLAY_WHY_BYTES], line[64];
    struct badge_x11_look look = {0};
    struct board board = {0};
    bool visible = false;

    tzset();
    if (display_open(&d, argc > 1 ? argv[1] : NULL, why) ||
        badge_x11_open(&badge, d))
        return 2;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (strcmp(line, "check") != 0)
            set(&board, line, clock_wall_ns());
        look_make(&board, clock_wall_ns(), &look);
        if (badge_x11_show(badge, &look) || badge_x11_check(badge, &visible))
            return 1;
        printf("{\"visible\":%s}\n", visible ? "true" : "false");
        fflush(stdout);
    }
    return 0;
}
