/* log_file.h - STATE/logs/agent.log, rotated by size.
 *
 * Flow:    supervisor (its own lines by stderr, the roles' by their pipes)
 *          -> [log_file] -> agent.log, agent.log.1 ... agent.log.3
 * Errors:  a line that cannot be written is dropped: logging never stops work
 * Process: the supervisor alone writes; its stderr is this file while open
 */
#ifndef AGENT_LOG_FILE_H
#define AGENT_LOG_FILE_H

#include "core/err.h"
#include "core/own.h"

#include <stddef.h>
#include <stdint.h>

#define LOG_FILE_OLD 3 /* older files kept */

struct log_file;

/* Make DIR/agent.log the stderr of this process. */
enum err log_file_open(struct log_file **out, const char *dir,
                       int64_t max_bytes) WS_MUST_CHECK;

/* Give stderr back. */
void log_file_close(struct log_file *f);
OWN_DEFINE(log_file_close, struct log_file *)

/* Append one line without its newline. */
void log_file_line(struct log_file *f, const char *line, size_t len);

/* Rotate when the file has grown past its size; called now and then. */
void log_file_rotate(struct log_file *f);

#endif
