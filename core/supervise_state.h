/* supervise_state.h - what a supervisor decides about one child, without I/O.
 *
 * Flow:    supervise (processes, pipes, clock) -> event -> [supervise_state]
 *          -> action -> supervise
 * Shapes:  one [state][event] table; the clock comes in as a number
 * Units:   _ns of CLOCK_MONOTONIC
 * Source:  house-style.md section 7; supervise.h "Errors" for the backoff
 */
#ifndef CORE_SUPERVISE_STATE_H
#define CORE_SUPERVISE_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum supervise_state_is {
    SUPERVISE_STATE_WAITING,  /* no process: one is due at start_at_ns */
    SUPERVISE_STATE_STARTING, /* runs, has not said that it is ready */
    SUPERVISE_STATE_READY,
    SUPERVISE_STATE_KILLED,   /* SIGKILL sent, not yet reaped, comes back */
    SUPERVISE_STATE_STOPPING, /* SIGTERM sent, does not come back */
    SUPERVISE_STATE_GONE,     /* stopped for good */
    SUPERVISE_STATE_COUNT,
};

enum supervise_state_event {
    SUPERVISE_STATE_DUE,     /* start_at_ns has come */
    SUPERVISE_STATE_SPAWNED, /* a process runs */
    SUPERVISE_STATE_UNABLE,  /* no process could be made */
    SUPERVISE_STATE_SAID_READY,
    SUPERVISE_STATE_PROGRESS, /* durable progress */
    SUPERVISE_STATE_SILENT,   /* nothing said for liveness_ms */
    SUPERVISE_STATE_FROZEN,   /* somebody stopped it (SIGSTOP) */
    SUPERVISE_STATE_EXITED,   /* reaped */
    SUPERVISE_STATE_STOP,     /* end it for good */
    SUPERVISE_STATE_TOO_LATE, /* the grace of the stop is over */
    SUPERVISE_STATE_EVENTS,
};

enum supervise_state_action {
    SUPERVISE_STATE_NOTHING,
    SUPERVISE_STATE_DO_SPAWN, /* then SPAWNED or UNABLE */
    SUPERVISE_STATE_DO_READY, /* tell that it is ready */
    SUPERVISE_STATE_DO_KILL,  /* SIGKILL */
    SUPERVISE_STATE_DO_TERM,  /* SIGTERM */
    SUPERVISE_STATE_DO_DIED,  /* tell that it died; it comes back */
    SUPERVISE_STATE_DO_ENDED, /* tell that it ended for good */
};

struct supervise_state_child {
    enum supervise_state_is is;
    bool optional;
    int64_t start_at_ns; /* WAITING: when to try */
    int64_t started_ns;  /* of the present or last process */
    uint32_t deaths;     /* without progress, less what time forgave */
    uint32_t restarts;   /* processes made after the first */
    bool spawned_before, progressed;
};

void supervise_state_init(struct supervise_state_child *c, bool optional,
                          int64_t now_ns);

/* One thing happened: the caller does what is answered. */
enum supervise_state_action
supervise_state_step(struct supervise_state_child *c,
                     enum supervise_state_event event, int64_t now_ns);

#endif
