/* pausing.h - a person's pause: in force at once, on disk when there is room.
 *
 * Flow:    pause and resume of control -> [pausing] -> board (capture obeys
 *          it, the badge shows it); notes of the queue file, an event item
 * Shapes:  what the board says is in force; what is not written yet is owed
 * Errors:  of writing only: a pause itself cannot fail
 * Process: the outbox role alone
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
    bool owed;                            /* not written yet */
    int64_t asked_wall_ns, until_wall_ns; /* what is owed */
    char reason[PAUSING_REASON_BYTES];    /* "": none */
};

/* Pause until a time, or resume with 0: true when this changed what was in
 * force. Nothing is written yet. */
bool pausing_set(struct pausing *p, int64_t until_wall_ns, const char *reason);

/* Until when it is paused; 0: it is not. */
int64_t pausing_until(const struct pausing *p);

/* Write what is owed, in a transaction of its own. */
enum err pausing_write(struct pausing *p) WS_MUST_CHECK;

/* At the start: a pause that the board still has from a role that died stays
 * in force and is owed again; else the one of the queue file, if it lasts. */
enum err pausing_restore(struct pausing *p) WS_MUST_CHECK;

#endif
