/* log.h - one JSON object a line, an event each.
 *
 * Flow:    everybody -> [log] -> stderr (roles: the supervisor's pipe)
 * Shapes:  {"ts","level","role","pid","event","msg"} plus the fields given;
 *          before log_init(), as in a command at a prompt: the sentence alone
 * Errors:  none; a line that cannot be written is dropped and counted in the
 *          next one ("lost_lines")
 * Process: safe for threads: one write(2) a line; never logs content of the
 *          screen, tokens or passwords (callers' duty)
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR
};

struct log_field {
    const char *key;
    const char *text; /* NULL: the number counts */
    int64_t number;
};

#define LOG_TEXT(k, v) ((struct log_field){.key = (k), .text = (v)})
#define LOG_INT(k, v) ((struct log_field){.key = (k), .number = (v)})

/* Name this process in every line and set the least level that is written. */
void log_init(const char *role, enum log_level least);

/* Write one event: event is a snake_case name, fmt a sentence for people. */
void log_debug(const char *event, const char *fmt, ...) WS_PRINTF(2, 3);
void log_info(const char *event, const char *fmt, ...) WS_PRINTF(2, 3);
void log_warn(const char *event, const char *fmt, ...) WS_PRINTF(2, 3);
void log_error(const char *event, const char *fmt, ...) WS_PRINTF(2, 3);

/* Write one event with fields instead of a sentence. */
void log_fields(enum log_level level, const char *event,
                const struct log_field *fields, size_t count);

#endif
