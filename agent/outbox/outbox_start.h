/* outbox_start.h - what the outbox does before it serves: open, identify,
 * start or resume the session, acknowledge, enroll.
 *
 * Flow:    state folder, machine, settings -> [outbox_start] -> queue, board
 * Errors:  those of outbox_open()
 * Process: the outbox role, before its sandbox
 */
#ifndef AGENT_OUTBOX_OUTBOX_START_H
#define AGENT_OUTBOX_OUTBOX_START_H

#include "agent/outbox/outbox.h"
#include "agent/role.h"

/* Open the queue of the role's state folder and bring it to this run. */
enum err outbox_start(struct outbox **out,
                      const struct role *role) WS_MUST_CHECK;

#define OUTBOX_START_FILE "outbox.db" /* in STATE */

/* Open the queue of a state folder, and nothing more. */
enum err outbox_start_open(struct outbox **out, const struct settings *settings,
                           const struct env *env) WS_MUST_CHECK;

/* The numbers that cost nothing, for every turn. */
void outbox_start_totals(const struct outbox *o, struct board *board);

/* All of the queue's numbers on the board: looks at rows. */
enum err outbox_start_board(struct outbox *o,
                            struct board *board) WS_MUST_CHECK;

#endif
