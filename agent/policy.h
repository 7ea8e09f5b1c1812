/* policy.h - what the server allows at most, kept over restarts.
 *
 * Flow:    GET policy -> [policy] (heartbeat) -> board -> [policy] (supervisor)
 *          -> STATE/policy.json -> [policy] -> board of the next run
 * Shapes:  {"revision":1,"tier_max":4}; more members are of later servers, one
 *          that is missing narrows nothing
 * Errors:  WS_INVALID  no policy: leave what holds as it is
 * Source:  wire.md "Heartbeat"; privacy.md T4: a narrower policy holds at once,
 *          a wider one never takes an agent above what its person acknowledged
 */
#ifndef AGENT_POLICY_H
#define AGENT_POLICY_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

#define POLICY_TIER_ANY 4

struct policy {
    int64_t revision; /* 0: none was heard of */
    int64_t tier_max; /* 0..4 */
};

enum err policy_parse(const char *text, size_t len,
                      struct policy *out) WS_MUST_CHECK;

/* The one of the last run; WS_NOTFOUND: there was none. */
enum err policy_load(const char *state, struct policy *out) WS_MUST_CHECK;

/* Keep it for the next run. */
enum err policy_save(const char *state, const struct policy *p) WS_MUST_CHECK;

#endif
