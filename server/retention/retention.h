/* retention.h - the thread of a worker that removes what is too old, hourly.
 *
 * Flow:    [retention] -> sweep -> committer, a page a transaction
 * Errors:  a round that fails is logged and begun again an hour later
 * Owns:    retention_open() hands over a handle; retention_close() ends the
 *          thread between two pages; the committer is closed after it
 * Process: one of a worker; several workers do not hurt each other
 */
#ifndef SERVER_RETENTION_RETENTION_H
#define SERVER_RETENTION_RETENTION_H

#include "core/err.h"
#include "core/own.h"

#include <stdint.h>

struct retention;
struct server;

/* Begin first_ms from now, then hourly; store_address is copied. */
enum err retention_open(struct retention **out, struct server *server,
                        const char *store_address) WS_MUST_CHECK;
void retention_close(struct retention *r);
OWN_DEFINE(retention_close, struct retention *)

#endif
