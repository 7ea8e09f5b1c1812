/* fleet.h - the figures of all sessions, brought up to a watermark.
 *
 * Flow:    retention, hourly -> [fleet] -> store_fleet
 * Errors:  as store.h; what was done before stays done
 * Process: any one thread; several servers may do it at once
 * Source:  store_fleet.h
 */
#ifndef SERVER_RETENTION_FLEET_H
#define SERVER_RETENTION_FLEET_H

#include "server/retention/sweep.h"

/* Count the sessions up to a moment, and fold the quarters that are past, by
 * the reader, `write` and `go_on` of a sweep. WS_AGAIN: go_on said no. */
enum err fleet_run(const struct sweep *w) WS_MUST_CHECK;

#endif
