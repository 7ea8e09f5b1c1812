/* pausing.h - a person's pause: in force at once, and in every later run.
 *
 * Flow:    pause and resume of control -> [pausing] -> board (capture obeys
 *          it, the badge shows it), STATE/pause; an event item
 *          STATE/pause -> [pausing] (supervisor) -> board of the next run
 * Shapes:  STATE/pause is one number in decimal, always as long, the end in ns;
 *          it is written over where it lies, which needs no room on the disk.
 *          The event is owed until there is room for it
 * Errors:  of the file and the queue; a pause itself cannot fail
 * Process: the outbox role; before any role runs, the supervisor
 * Source:  privacy.md M3
 */
#ifndef AGENT_OUTBOX_PAUSING_H
#define AGENT_OUTBOX_PAUSING_H

#include "agent/board.h"
#include "agent/outbox/outbox.h"

#define PAUSING_MAX_MS INT64_C(86400000)
#define PAUSING_REASON_BYTES (200 * 4 + 1) /* 200 characters */

struct pausing {
    struct outbox *outbox;
    struct board *board;
    const struct env *env;
    int fd;                               /* of STATE/pause */
    bool kept;                            /* what is in force is in the file */
    bool owed;                            /* its event is not recorded yet */
    int64_t asked_wall_ns, until_wall_ns; /* of that event */
    char reason[PAUSING_REASON_BYTES];    /* "": none */
};

/* Until when an earlier run was paused; 0: it was not, or that is over. Any
 * error means that nobody knows, so nothing may be captured. */
enum err pausing_load(const char *state, int64_t now_wall_ns,
                      int64_t *until_wall_ns) WS_MUST_CHECK;

/* The outbox role begins: what the board says is in force, of an earlier run
 * or of a role that died; an event that nobody recorded is owed. */
enum err pausing_open(struct pausing *p, const char *state) WS_MUST_CHECK;
void pausing_close(struct pausing *p);

/* Pause until a time, or resume with 0: true when this changed what was in
 * force. The event is owed then. */
bool pausing_set(struct pausing *p, int64_t until_wall_ns, const char *reason);

/* Until when it is paused; 0: it is not. */
int64_t pausing_until(const struct pausing *p);

/* End a pause whose time has come: true when one ended. */
bool pausing_end(struct pausing *p);

/* Something is still to be written. */
bool pausing_owes(const struct pausing *p);

/* Write it, the event in a transaction of its own. */
enum err pausing_write(struct pausing *p) WS_MUST_CHECK;

#endif
