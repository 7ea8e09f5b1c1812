/* offline.h - a command's verb on the queue while no agent runs.
 *
 * Flow:    command line -> [offline] -> control_answer() in this process
 * Shapes:  request and answer as in agent/cli/control.h; the session is the
 *          last one. Only what reads or mends the queue is done: queue-list,
 *          queue-retry, queue-purge, sent, explain
 * Errors:  WS_NOTFOUND  nothing was ever recorded there
 *          WS_DENIED    the verb needs an agent that runs
 * Process: the caller holds the instance lock of the state folder
 */
#ifndef AGENT_OUTBOX_OFFLINE_H
#define AGENT_OUTBOX_OFFLINE_H

#include "agent/settings.h"
#include "core/buf.h"

enum err offline_answer(const struct settings *settings, const char *verb,
                        const char *request, struct buf *answer) WS_MUST_CHECK;

#endif
