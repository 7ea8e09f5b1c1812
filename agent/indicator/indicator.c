/* indicator.c - indicator_run() of role.h: what is watched is seen.
 *
 * Flow:    board -> [indicator] -> badge -> board (badge_shown_boot_ns)
 * Shapes:  CHECK_NS between two looks at the badge; the board's time is only
 *          written right after the server said that the badge can be seen
 * Source:  privacy.md T1: the indicator is part of the capture path
 */
#include "agent/board.h"
#include "agent/indicator/badge_x11.h"
#include "agent/indicator/look.h"
#include "agent/role.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/supervise.h"

#include <poll.h>
#include <time.h>

#define CHECK_NS (200 * CLOCK_NS_PER_MS)
#define OPEN_AGAIN_NS (500 * CLOCK_NS_PER_MS)
#define UNSEEN_CHECKS 5 /* in a row, before it is said */
#define EXIT_LOST 1

struct seen {
    bool said;       /* the log's last word: shown */
    unsigned unseen; /* checks in a row */
};

static void wait_until(const struct role *role, int64_t mono_ns)
{
    struct pollfd p = {.fd = supervise_child_stop_fd(), .events = POLLIN};
    int64_t ns = mono_ns - env_mono_ns(role->env);
    struct timespec t = {.tv_sec = ns / CLOCK_NS_PER_S,
                         .tv_nsec = ns % CLOCK_NS_PER_S};

    if (ns > 0)
        ppoll(&p, 1, &t, NULL);
}

static void alive(struct role *role, int64_t since_mono_ns)
{
    board_alive(role->board, role->row, env_mono_ns(role->env) - since_mono_ns);
    supervise_child_alive();
}

static enum err acquire(struct role *role, struct display **d,
                        struct badge_x11 **b)
{
    char why[DISPLAY_WHY_BYTES];
    enum err e = WS_AGAIN;

    while (!supervise_child_stopping()) {
        e = display_open(d, role->settings->display, why);
        if (!e)
            return badge_x11_open(b, *d);
        alive(role, env_mono_ns(role->env));
        wait_until(role, env_mono_ns(role->env) + OPEN_AGAIN_NS);
    }
    return e;
}

/* Say when the badge comes and when it stays away, not each flicker. */
static void say_change(struct seen *seen, bool visible)
{
    seen->unseen = visible ? 0 : seen->unseen + 1;
    if (visible && !seen->said) {
        seen->said = true;
        log_info("badge", "shown");
    } else if (seen->said && seen->unseen == UNSEEN_CHECKS) {
        seen->said = false;
        log_warn("badge", "not to be seen: nothing is captured");
    }
}

static enum err look_after(struct role *role, struct badge_x11 *b,
                           struct seen *seen)
{
    struct badge_x11_look look;
    bool visible = false;
    enum err e;

    look_make(role->board, env_wall_ns(role->env), &look);
    e = badge_x11_show(b, &look);
    if (e)
        return e;
    e = badge_x11_check(b, &visible);
    if (e)
        return e;
    if (visible)
        role->board->badge_shown_boot_ns = env_boot_ns(role->env);
    say_change(seen, visible);
    return WS_OK;
}

static int run(struct role *role, struct badge_x11 *b)
{
    struct seen seen = {0};

    while (!supervise_child_stopping()) {
        int64_t began = env_mono_ns(role->env);
        enum err e = b ? look_after(role, b, &seen) : WS_OK;

        alive(role, began);
        if (e) {
            log_error("badge_lost",
                      "the display of the badge is lost (%s): "
                      "the role starts again",
                      err_name(e));
            return EXIT_LOST;
        }
        wait_until(role, began + CHECK_NS);
    }
    return 0;
}

int indicator_run(struct role *role)
{
    OWN(display_close)
    struct display *d = NULL;
    OWN(badge_x11_close)
    struct badge_x11 *b = NULL; /* goes before d */

    tzset(); /* reads /etc, which the sandbox takes away */
    if (settings_needs_notice(role->settings) && acquire(role, &d, &b))
        return supervise_child_stopping() ? 0 : EXIT_LOST;
    if (role_enter_sandbox(role))
        return EXIT_LOST;
    supervise_child_ready();
    return run(role, b);
}
