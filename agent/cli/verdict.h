/* verdict.h - what an agent's status answer means: one word and warnings.
 *
 * Flow:    answer of the verb `status` -> [verdict] -> status, its exit status
 * Shapes:  pure: the time comes in
 * Source:  design.md promise 6: "recording" means that a frame became durable
 *          within two intervals, not that a process is alive
 */
#ifndef AGENT_CLI_VERDICT_H
#define AGENT_CLI_VERDICT_H

#include "agent/settings.h"
#include "core/json.h"

#define VERDICT_MAX_WARNINGS 12
#define VERDICT_WARNING_BYTES 256

struct verdict {
    const char *word; /* "RECORDING", "PAUSED", "DEGRADED" ... */
    int exit;         /* enum of commands.h */
    char warnings[VERDICT_MAX_WARNINGS][VERDICT_WARNING_BYTES];
    size_t warning_count;
};

/* Judge an answer; the agent's settings are those of its own board where it
 * has them, else of s. */
void verdict_judge(const struct json *answer, const struct settings *s,
                   int64_t now_wall_ms, struct verdict *out);

#endif
