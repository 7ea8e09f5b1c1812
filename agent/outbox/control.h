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

struct control_scope {
    struct outbox *outbox;
    struct board *board;
    const struct env *env;
};

/* Answer one request line; the answer ends with a newline. */
enum err control_answer(const struct control_scope *scope, const char *line,
                        size_t len, struct buf *answer) WS_MUST_CHECK;

/* Put the pause of an earlier run on the board, or end it when it is over. */
enum err control_restore_pause(const struct control_scope *scope) WS_MUST_CHECK;

#endif
