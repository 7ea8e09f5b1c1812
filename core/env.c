#include "core/env.h"

#include "core/clock.h"

#include <sodium.h>

static int64_t system_wall_ns(void *ctx)
{
    (void)ctx;
    return clock_wall_ns();
}

static int64_t system_mono_ns(void *ctx)
{
    (void)ctx;
    return clock_mono_ns();
}

static int64_t system_boot_ns(void *ctx)
{
    (void)ctx;
    return clock_boot_ns();
}

static void system_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    randombytes_buf(out, len);
}

const struct env env_system = {
    .wall_ns = system_wall_ns,
    .mono_ns = system_mono_ns,
    .boot_ns = system_boot_ns,
    .random = system_random,
};

int64_t env_wall_ns(const struct env *env)
{
    return env->wall_ns(env->ctx);
}

int64_t env_mono_ns(const struct env *env)
{
    return env->mono_ns(env->ctx);
}

int64_t env_boot_ns(const struct env *env)
{
    return env->boot_ns(env->ctx);
}

void env_random(const struct env *env, void *out, size_t len)
{
    env->random(env->ctx, out, len);
}

uint64_t env_random_below(const struct env *env, uint64_t bound)
{
    /* Values under 2^64 mod bound would make small results likelier. */
    uint64_t skip = bound ? -bound % bound : 0, v;

    if (bound < 2)
        return 0;
    do
        env_random(env, &v, sizeof v);
    while (v < skip);
    return v % bound;
}
