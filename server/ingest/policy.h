/* policy.h - the policy that agents of this server are asked to keep.
 *
 * Shapes:  {"revision","tier_max","heartbeat_s"}; a member that is missing
 *          leaves the agent's own setting; an agent takes a narrower policy at
 *          once, a wider one only after its person acknowledged it
 * Source:  wire.md "Heartbeat"; privacy.md T4
 */
#ifndef SERVER_INGEST_POLICY_H
#define SERVER_INGEST_POLICY_H

#include <stdint.h>

struct settings;

/* Of the policy that these settings make: equal ones have equal revisions on
 * every worker of every machine. */
int64_t policy_revision(const struct settings *s);

#endif
