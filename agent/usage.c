#include "agent/usage.h"

#include "core/supervise_usage.h"

#include <stdatomic.h>
#include <unistd.h>

#define PPM 1000000

void usage_init(struct usage *u)
{
    *u = (struct usage){.fd = supervise_usage_open()};
}

void usage_fini(struct usage *u)
{
    own_fd(&u->fd);
    u->fd = -1;
}

/* The supervisor's own and every role's. */
static struct supervise_usage
sum(const struct usage *u, const struct supervise_state *states, size_t count)
{
    struct supervise_usage all;

    supervise_usage_read(u->fd, &all);
    for (size_t i = 0; i < count; i++) {
        all.cpu_ns += states[i].cpu_ns;
        if (all.pss_bytes < 0 || states[i].pss_bytes < 0 ||
            (states[i].pid != 0 && states[i].pss_bytes == 0))
            all.pss_bytes = SUPERVISE_USAGE_UNKNOWN;
        else
            all.pss_bytes += states[i].pss_bytes;
    }
    return all;
}

void usage_note(struct usage *u, const struct supervise_state *states,
                size_t count, struct board *board)
{
    int64_t now_ns = clock_mono_ns(), past_ns = now_ns - u->since_mono_ns;
    struct supervise_usage all;

    if (u->begun && past_ns < USAGE_EVERY_NS)
        return;
    all = sum(u, states, count);
    if (u->begun) {
        atomic_store(&board->pss_bytes, all.pss_bytes);
        atomic_store(&board->cpu_ppm,
                     (all.cpu_ns - u->since_cpu_ns) / (past_ns / PPM));
    }
    u->since_mono_ns = now_ns;
    u->since_cpu_ns = all.cpu_ns;
    u->begun = true;
}
