/* retention.h - the thread of a worker that removes what is too old and brings
 * the figures of the fleet and the days of sessions up to date, hourly.
 *
 * Flow:    [retention] -> fleet, sweep, days -> the committer, or a connection
 *          of its own; a page a transaction
 * Errors:  a round that fails is logged and begun again an hour later
 * Owns:    retention_open() hands over a handle; retention_close() ends the
 *          thread between two pages; the committer is closed after it
 * Process: one of a machine's workers; several machines do not hurt each other
 */
#ifndef SERVER_RETENTION_RETENTION_H
#define SERVER_RETENTION_RETENTION_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stdint.h>

struct retention;
struct server;

/* When it is this worker's turn (server.keeper), the figures at once, the rest
 * soon after; then hourly. own_writer: the store takes several writers, so the
 * committer is left alone. The address outlives the handle. */
enum err retention_open(struct retention **out, struct server *server,
                        const char *store_address,
                        bool own_writer) WS_MUST_CHECK;
void retention_close(struct retention *r);
OWN_DEFINE(retention_close, struct retention *)

#endif
