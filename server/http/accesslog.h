/* accesslog.h - one line a request.
 *
 * Shapes:  event "request" with method, route (the pattern: paths and queries
 *          may hold secrets), status, ms, in, out, peer, id, who
 */
#ifndef SERVER_HTTP_ACCESSLOG_H
#define SERVER_HTTP_ACCESSLOG_H

#include "server/http/exchange_private.h"

#include <stdint.h>

/* status 499: the client left before its answer. */
void accesslog_write(const struct exchange *x, int status, uint64_t sent_bytes);

#endif
