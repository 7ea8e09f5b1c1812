/* refusal.h - why a request is not taken, found while it is being read.
 *
 * Flow:    head, chunks, body -> [refusal] -> conn answers it as a problem
 * Source:  RFC 9110 section 15, RFC 9457
 */
#ifndef SERVER_HTTP_REFUSAL_H
#define SERVER_HTTP_REFUSAL_H

#include "core/err.h"

struct refusal {
    int status;       /* 0: none */
    const char *slug; /* of the problem's type */
    char detail[200]; /* what is wrong, with bounds and fix */
};

/* Fill it; returns WS_INVALID, so a parser can `return refusal_set(...)`. */
enum err refusal_set(struct refusal *why, int status, const char *slug,
                     const char *fmt, ...) WS_PRINTF(4, 5);

#endif
