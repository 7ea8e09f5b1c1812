#include "agent/upload/backoff.h"

#include "core/clock.h"

#define BACKOFF_MAX_SHIFT 20

int64_t backoff_ms(const struct env *env, int64_t attempts, int64_t cap_ms,
                   int64_t retry_after_s)
{
    int64_t shift = attempts < 1 ? 0 : attempts - 1;
    int64_t most, wait;

    if (shift > BACKOFF_MAX_SHIFT)
        shift = BACKOFF_MAX_SHIFT;
    most = (int64_t)BACKOFF_BASE_MS << shift;
    if (most > cap_ms)
        most = cap_ms;
    wait = (int64_t)env_random_below(env, (uint64_t)most + 1);
    if (retry_after_s > cap_ms / 1000)
        retry_after_s = cap_ms / 1000;
    if (retry_after_s >= 0 && wait < retry_after_s * 1000)
        wait = retry_after_s * 1000;
    return wait;
}

int64_t backoff_left_ms(int64_t until_wall_ns, int64_t now_wall_ns)
{
    int64_t left = (until_wall_ns - now_wall_ns) / CLOCK_NS_PER_MS;

    if (until_wall_ns <= now_wall_ns || left > BACKOFF_CAP_MS)
        return 0;
    return left;
}
