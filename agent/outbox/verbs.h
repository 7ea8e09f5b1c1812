/* verbs.h - what each role may ask of the outbox, one table.
 *
 * Flow:    ai, upload, heartbeat -> message -> [verbs] -> outbox
 * Errors:  WS_DENIED  this verb is not for this role; goes back as the answer
 * Process: the outbox role alone; peers are not trusted: every number and
 *          text of a request is checked here or in the queue
 */
#ifndef AGENT_OUTBOX_VERBS_H
#define AGENT_OUTBOX_VERBS_H

#include "agent/outbox/message.h"
#include "agent/outbox/outbox.h"

enum verbs_peer { VERBS_AI, VERBS_UPLOAD, VERBS_HEARTBEAT, VERBS_PEERS };

/* Do one request and make its answer. Returns WS_OK when the request was
 * answered, good or bad; else the queue itself is in trouble. */
enum err verbs_answer(struct outbox *o, enum verbs_peer peer,
                      struct message *request,
                      struct message *answer) WS_MUST_CHECK;

/* True when a good answer must wait for the commit. */
bool verbs_writes(const struct message *request);

#endif
