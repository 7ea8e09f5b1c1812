#include "core/supervise_state.h"

#include "core/clock.h"

#include <assert.h>

#define FREE_DEATHS 5
#define MAX_BACKOFF_S 60
#define ABSENT_RETRY_S 60
/* Five deaths a minute are free: each 12 s of life forgives one. */
#define FORGIVE_NS (12 * CLOCK_NS_PER_S)
#define FORGIVE_ALL_NS (60 * CLOCK_NS_PER_S)

#define WAITING SUPERVISE_STATE_WAITING
#define STARTING SUPERVISE_STATE_STARTING
#define READY SUPERVISE_STATE_READY
#define KILLED SUPERVISE_STATE_KILLED
#define STOPPING SUPERVISE_STATE_STOPPING
#define GONE SUPERVISE_STATE_GONE

struct row {
    enum supervise_state_is next;
    enum supervise_state_action action;
};

/* clang-format off */
#define STAY(state) {(state), SUPERVISE_STATE_NOTHING}
static const struct row table[SUPERVISE_STATE_COUNT][SUPERVISE_STATE_EVENTS] = {
    [WAITING] = {
        [SUPERVISE_STATE_DUE]        = {WAITING, SUPERVISE_STATE_DO_SPAWN},
        [SUPERVISE_STATE_SPAWNED]    = STAY(STARTING),
        [SUPERVISE_STATE_UNABLE]     = STAY(WAITING),
        [SUPERVISE_STATE_SAID_READY] = STAY(WAITING),
        [SUPERVISE_STATE_PROGRESS]   = STAY(WAITING),
        [SUPERVISE_STATE_SILENT]     = STAY(WAITING),
        [SUPERVISE_STATE_FROZEN]     = STAY(WAITING),
        [SUPERVISE_STATE_EXITED]     = STAY(WAITING),
        [SUPERVISE_STATE_STOP]       = {GONE, SUPERVISE_STATE_DO_ENDED},
        [SUPERVISE_STATE_TOO_LATE]   = {GONE, SUPERVISE_STATE_DO_ENDED},
    },
    [STARTING] = {
        [SUPERVISE_STATE_DUE]        = STAY(STARTING),
        [SUPERVISE_STATE_SPAWNED]    = STAY(STARTING),
        [SUPERVISE_STATE_UNABLE]     = STAY(STARTING),
        [SUPERVISE_STATE_SAID_READY] = {READY, SUPERVISE_STATE_DO_READY},
        [SUPERVISE_STATE_PROGRESS]   = STAY(STARTING),
        [SUPERVISE_STATE_SILENT]     = {KILLED, SUPERVISE_STATE_DO_KILL},
        [SUPERVISE_STATE_FROZEN]     = {KILLED, SUPERVISE_STATE_DO_KILL},
        [SUPERVISE_STATE_EXITED]     = {WAITING, SUPERVISE_STATE_DO_DIED},
        [SUPERVISE_STATE_STOP]       = {STOPPING, SUPERVISE_STATE_DO_TERM},
        [SUPERVISE_STATE_TOO_LATE]   = {STOPPING, SUPERVISE_STATE_DO_KILL},
    },
    [READY] = {
        [SUPERVISE_STATE_DUE]        = STAY(READY),
        [SUPERVISE_STATE_SPAWNED]    = STAY(READY),
        [SUPERVISE_STATE_UNABLE]     = STAY(READY),
        [SUPERVISE_STATE_SAID_READY] = STAY(READY),
        [SUPERVISE_STATE_PROGRESS]   = STAY(READY),
        [SUPERVISE_STATE_SILENT]     = {KILLED, SUPERVISE_STATE_DO_KILL},
        [SUPERVISE_STATE_FROZEN]     = {KILLED, SUPERVISE_STATE_DO_KILL},
        [SUPERVISE_STATE_EXITED]     = {WAITING, SUPERVISE_STATE_DO_DIED},
        [SUPERVISE_STATE_STOP]       = {STOPPING, SUPERVISE_STATE_DO_TERM},
        [SUPERVISE_STATE_TOO_LATE]   = {STOPPING, SUPERVISE_STATE_DO_KILL},
    },
    [KILLED] = {
        [SUPERVISE_STATE_DUE]        = STAY(KILLED),
        [SUPERVISE_STATE_SPAWNED]    = STAY(KILLED),
        [SUPERVISE_STATE_UNABLE]     = STAY(KILLED),
        [SUPERVISE_STATE_SAID_READY] = STAY(KILLED),
        [SUPERVISE_STATE_PROGRESS]   = STAY(KILLED),
        [SUPERVISE_STATE_SILENT]     = STAY(KILLED),
        [SUPERVISE_STATE_FROZEN]     = STAY(KILLED),
        [SUPERVISE_STATE_EXITED]     = {WAITING, SUPERVISE_STATE_DO_DIED},
        [SUPERVISE_STATE_STOP]       = STAY(STOPPING),
        [SUPERVISE_STATE_TOO_LATE]   = {STOPPING, SUPERVISE_STATE_DO_KILL},
    },
    [STOPPING] = {
        [SUPERVISE_STATE_DUE]        = STAY(STOPPING),
        [SUPERVISE_STATE_SPAWNED]    = STAY(STOPPING),
        [SUPERVISE_STATE_UNABLE]     = STAY(STOPPING),
        [SUPERVISE_STATE_SAID_READY] = STAY(STOPPING),
        [SUPERVISE_STATE_PROGRESS]   = STAY(STOPPING),
        [SUPERVISE_STATE_SILENT]     = {STOPPING, SUPERVISE_STATE_DO_KILL},
        [SUPERVISE_STATE_FROZEN]     = {STOPPING, SUPERVISE_STATE_DO_KILL},
        [SUPERVISE_STATE_EXITED]     = {GONE, SUPERVISE_STATE_DO_ENDED},
        [SUPERVISE_STATE_STOP]       = STAY(STOPPING),
        [SUPERVISE_STATE_TOO_LATE]   = {STOPPING, SUPERVISE_STATE_DO_KILL},
    },
    [GONE] = {
        [SUPERVISE_STATE_DUE]        = STAY(GONE),
        [SUPERVISE_STATE_SPAWNED]    = STAY(GONE),
        [SUPERVISE_STATE_UNABLE]     = STAY(GONE),
        [SUPERVISE_STATE_SAID_READY] = STAY(GONE),
        [SUPERVISE_STATE_PROGRESS]   = STAY(GONE),
        [SUPERVISE_STATE_SILENT]     = STAY(GONE),
        [SUPERVISE_STATE_FROZEN]     = STAY(GONE),
        [SUPERVISE_STATE_EXITED]     = STAY(GONE),
        [SUPERVISE_STATE_STOP]       = STAY(GONE),
        [SUPERVISE_STATE_TOO_LATE]   = STAY(GONE),
    },
};
/* clang-format on */

void supervise_state_init(struct supervise_state_child *c, bool optional,
                          int64_t now_ns)
{
    *c = (struct supervise_state_child){
        .is = WAITING, .optional = optional, .start_at_ns = now_ns};
}

/* The wait before the next start after this many unforgiven deaths. */
static int64_t backoff_ns(uint32_t deaths)
{
    int64_t seconds = 1;
    uint32_t i;

    if (deaths <= FREE_DEATHS)
        return 0;
    for (i = FREE_DEATHS + 1; i < deaths && seconds < MAX_BACKOFF_S; i++)
        seconds *= 2;
    if (seconds > MAX_BACKOFF_S)
        seconds = MAX_BACKOFF_S;
    return seconds * CLOCK_NS_PER_S;
}

static void count_death(struct supervise_state_child *c, int64_t now_ns)
{
    int64_t lived_ns = now_ns - c->started_ns;
    int64_t forgiven = lived_ns / FORGIVE_NS;

    if (c->progressed || lived_ns >= FORGIVE_ALL_NS || forgiven >= c->deaths)
        c->deaths = 0;
    else
        c->deaths -= (uint32_t)forgiven;
    c->deaths++;
    c->start_at_ns = now_ns + backoff_ns(c->deaths);
}

/* What the child could not start for is there or not: an absent program is
 * looked for again once a minute, anything else backs off like a death. */
static void count_unable(struct supervise_state_child *c, int64_t now_ns)
{
    c->started_ns = now_ns;
    c->progressed = false;
    if (c->optional)
        c->start_at_ns = now_ns + ABSENT_RETRY_S * CLOCK_NS_PER_S;
    else
        count_death(c, now_ns);
}

static void count_spawned(struct supervise_state_child *c, int64_t now_ns)
{
    if (c->spawned_before)
        c->restarts++;
    c->spawned_before = true;
    c->progressed = false;
    c->started_ns = now_ns;
}

enum supervise_state_action
supervise_state_step(struct supervise_state_child *c,
                     enum supervise_state_event event, int64_t now_ns)
{
    const struct row *row;

    assert(c->is < SUPERVISE_STATE_COUNT && event < SUPERVISE_STATE_EVENTS);
    if (event == SUPERVISE_STATE_DUE && now_ns < c->start_at_ns)
        return SUPERVISE_STATE_NOTHING;
    row = &table[c->is][event];
    c->is = row->next;
    if (event == SUPERVISE_STATE_SPAWNED)
        count_spawned(c, now_ns);
    else if (event == SUPERVISE_STATE_PROGRESS)
        c->progressed = true;
    else if (event == SUPERVISE_STATE_UNABLE)
        count_unable(c, now_ns);
    else if (row->action == SUPERVISE_STATE_DO_DIED)
        count_death(c, now_ns);
    return row->action;
}
