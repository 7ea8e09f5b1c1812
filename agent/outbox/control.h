/* control.h - the outbox's side of STATE/control.sock.
 *
 * Flow:    command line -> agent/cli/control.h -> [control] -> queue
 * Shapes:  one JSON line in, one JSON line out, then the end
 * Errors:  said in the answer; WS_IO and WS_CORRUPT of the queue go up
 * Process: the outbox role alone; the socket's mode 0600 is the door
 */
#ifndef AGENT_OUTBOX_CONTROL_H
#define AGENT_OUTBOX_CONTROL_H

#include "agent/board.h"
#include "agent/outbox/outbox.h"
#include "agent/outbox/pausing.h"

struct control_scope {
    struct outbox *outbox;
    struct board *board;
    const struct env *env;
    struct pausing *pausing; /* NULL: nobody to pause */
};

/* Answer one request line; the answer ends with a newline. A pause is in force
 * then, and its event owed: pausing_write(). */
enum err control_answer(const struct control_scope *scope, const char *line,
                        size_t len, struct buf *answer) WS_MUST_CHECK;

#endif
