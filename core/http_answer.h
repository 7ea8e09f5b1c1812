/* http_answer.h - the header lines of an answer that the agent acts on.
 *
 * Flow:    http_client (libcurl's header lines) -> [http_answer] -> answer
 * Units:   Retry-After in seconds, dates in ns of wall time
 * Errors:  none: a value that is not as RFC 9110 has it counts as absent
 * Source:  RFC 9110 sections 5.6.7, 10.2.3; N-05 of faults.md
 */
#ifndef CORE_HTTP_ANSWER_H
#define CORE_HTTP_ANSWER_H

#include "core/env.h"

#include <stdbool.h>

struct http_answer {
    struct transport_answer *to;
    bool begun;            /* a status line was seen */
    int64_t retry_wall_ns; /* Retry-After was a date; 0: it was not */
};

/* Take one header line, with or without its line end; a status line starts
 * over (an interim answer came before). */
void http_answer_line(struct http_answer *a, const char *data, size_t len);

/* All lines are in: a date of Retry-After becomes seconds from the answer's
 * own Date, or from now_wall_ns without one. */
void http_answer_end(struct http_answer *a, int64_t now_wall_ns);

#endif
