/* supervise_log.h - what a child prints, cut into lines of JSON.
 *
 * Flow:    a child's stdout and stderr -> [supervise_log] -> on_log
 * Shapes:  a line that is not a JSON object (a library, a sanitizer) is wrapped
 *          in one; a line longer than SUPERVISE_LOG_LINE_BYTES is cut
 */
#ifndef CORE_SUPERVISE_LOG_H
#define CORE_SUPERVISE_LOG_H

#include "core/buf.h"

#include <stddef.h>
#include <sys/types.h>

#define SUPERVISE_LOG_LINE_BYTES ((size_t)16384)

struct supervise_log {
    const char *name; /* of the child */
    pid_t pid;
    struct buf part; /* a line that is not over yet */
    void (*on_line)(void *ctx, const char *line, size_t len);
    void *ctx;
};

/* Read what is there; false at the end of the pipe. */
bool supervise_log_read(struct supervise_log *l, int fd);

/* Give out a last line without its newline, and forget it. */
void supervise_log_end(struct supervise_log *l);

#endif
