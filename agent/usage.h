/* usage.h - what the whole agent uses: processor time and memory, on the board.
 *
 * Flow:    supervise_states(), the supervisor itself -> [usage] -> board ->
 *          heartbeat, status
 * Units:   share of one core in 1e-6, over USAGE_EVERY_NS; PSS in bytes
 * Process: the supervisor alone
 */
#ifndef AGENT_USAGE_H
#define AGENT_USAGE_H

#include "agent/board.h"
#include "core/clock.h"
#include "core/supervise.h"

#define USAGE_EVERY_NS (15 * CLOCK_NS_PER_S)

struct usage {
    int fd; /* of the supervisor's own numbers; -1: not known */
    int64_t since_mono_ns, since_cpu_ns;
    bool begun;
};

void usage_init(struct usage *u);
void usage_fini(struct usage *u);

/* Put the sums on the board when it is time; memory is not known as long as
 * one process has not said its own. */
void usage_note(struct usage *u, const struct supervise_state *states,
                size_t count, struct board *board);

#endif
