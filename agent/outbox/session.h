/* session.h - who this agent is, and the start of a run.
 *
 * Flow:    machine, settings -> [session] -> outbox (item 1 of the session)
 * Shapes:  agent_id is 128 random bits made once; it is made again when the
 *          machine id beside it is another one (a cloned disk)
 * Process: the outbox role, before its sandbox (reads /etc, asks for addresses)
 * Source:  wire.md "Who"; layer 1: agent_name, hostname, username, ip_address
 */
#ifndef AGENT_OUTBOX_SESSION_H
#define AGENT_OUTBOX_SESSION_H

#include "agent/outbox/outbox.h"
#include "agent/settings.h"
#include "core/buf.h"

struct session_machine { /* what the machine says of itself */
    char machine_id[65]; /* SHA-256 of it; "": it has none */
    char hostname[256];
    char username[256];
    char ip_address[46]; /* or UNKNOWN */
};

/* Ask the machine. Never fails: what is not known is said so. */
void session_ask_machine(struct session_machine *out);

/* Make the agent_id, or make it again on another machine. */
enum err session_identify(struct outbox *o, const struct env *env,
                          const struct session_machine *m) WS_MUST_CHECK;

/* The facts of a session's item 1, without identity. */
enum err session_facts(const struct session_machine *m,
                       const struct settings *settings,
                       struct buf *out) WS_MUST_CHECK;

#endif
