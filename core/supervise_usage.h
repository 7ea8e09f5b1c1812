/* supervise_usage.h - what a process used: processor time and memory.
 *
 * Flow:    a child's own /proc/self -> [supervise_usage] -> control socket ->
 *          [supervise_usage] -> supervise_states()
 * Shapes:  one message of its own size beside the words of one byte; a child
 *          says it itself, because nobody else may read the memory of a
 *          process that leaves no core dump (prctl(2), PR_SET_DUMPABLE)
 * Units:   cpu in ns since the process began; memory as PSS, in bytes
 * Source:  proc(5), smaps_rollup: pages shared by n processes count 1/n
 */
#ifndef CORE_SUPERVISE_USAGE_H
#define CORE_SUPERVISE_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUPERVISE_USAGE_UNKNOWN (-1)

struct supervise_usage {
    int64_t cpu_ns;
    int64_t pss_bytes; /* SUPERVISE_USAGE_UNKNOWN when it is not known */
};

/* Before the sandbox: what supervise_usage_read() reads; -1 without /proc. */
int supervise_usage_open(void);

/* What this process used until now. */
void supervise_usage_read(int fd, struct supervise_usage *out);

/* Say it on a control socket, without waiting. */
void supervise_usage_say(int control_fd, const struct supervise_usage *u);

/* True when a message of the control socket is one of these. */
bool supervise_usage_heard(const void *message, size_t len,
                           struct supervise_usage *out);

#endif
