/* register.h - bringing a session to the server, with what may open the door.
 *
 * Flow:    session item -> [register] -> POST /sessions/ -> registration
 * Shapes:  tried in this order: the enrollment code, the token of an earlier
 *          session of this agent, nothing (networks of enrollment_from)
 * Errors:  those of the transport; what the server said is in the answer
 * Process: upload
 * Source:  wire.md "Session" and "Enrollment"
 */
#ifndef AGENT_UPLOAD_REGISTER_H
#define AGENT_UPLOAD_REGISTER_H

#include "agent/outbox/client.h"
#include "agent/upload/answer.h"
#include "core/env.h"

struct register_scope {
    const struct env *env; /* with the network */
    const char *server;
    int64_t deadline_ms;
};

struct register_result {
    struct client_registration reg; /* when the answer is DONE */
    char features[256];
    char token[256];
};

/* Send the session item until a door opens or the last one stays shut; the
 * answer is the last one. */
enum err register_session(const struct register_scope *scope,
                          const struct client_session *s,
                          const struct buf *payload, struct answer *answer,
                          struct register_result *out) WS_MUST_CHECK;

#endif
