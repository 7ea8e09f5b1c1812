/* backoff.h - how long to wait before the next try: full jitter.
 *
 * Units:   ms
 * Source:  wire.md: base 1 s, cap 5 min, Retry-After honoured and clamped;
 *          N-04, N-05 of faults.md
 */
#ifndef AGENT_UPLOAD_BACKOFF_H
#define AGENT_UPLOAD_BACKOFF_H

#include "core/env.h"

#define BACKOFF_BASE_MS 1000
#define BACKOFF_CAP_MS (5 * 60 * 1000)
#define BACKOFF_REGISTER_CAP_MS 10000 /* no heartbeat can end this wait */

/* A random time in [0, min(cap, base * 2^attempts)], at least Retry-After,
 * which is clamped to [0, cap]. attempts counts failures, from 1. */
int64_t backoff_ms(const struct env *env, int64_t attempts, int64_t cap_ms,
                   int64_t retry_after_s);

/* What is left of a stored deadline: one that is further away than the cap
 * was written under another clock. */
int64_t backoff_left_ms(int64_t until_wall_ns, int64_t now_wall_ns);

#endif
