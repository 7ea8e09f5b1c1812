/* dispatch.h - from a head to its route, and from a whole request to its
 * handler.
 *
 * Flow:    conn_read -> [dispatch] -> access, body; handler on the loop or on
 *          a reader
 * Errors:  answered: 404, 405, 401, 403, 413, 415, 503
 * Process: on the loop's thread
 */
#ifndef SERVER_HTTP_DISPATCH_H
#define SERVER_HTTP_DISPATCH_H

#include "server/http/conn.h"

/* The head is complete: find the route, ask for access. */
void dispatch_head(struct conn *c);
/* Access is granted: check the head against the route, then read the body. */
void dispatch_granted(struct conn *c);
/* The body is complete: run the handler. */
void dispatch_request(struct conn *c);

#endif
