/* days.h - the days of long sessions, brought up to a watermark.
 *
 * Flow:    retention, hourly -> [days] -> store_days
 * Shapes:  a session at a time; one with few metrics has few quarters, and
 *          those are read as they are
 * Errors:  as store.h; what was done before stays done
 * Process: any one thread; several servers may do it at once
 * Source:  store_days.h
 */
#ifndef SERVER_RETENTION_DAYS_H
#define SERVER_RETENTION_DAYS_H

#include "server/retention/sweep.h"

#define DAYS_LEAST_METRICS 10000

/* Sum the days that are past, and those to which something was added since, by
 * the reader, `write` and `go_on` of a sweep. WS_AGAIN: go_on said no. */
enum err days_run(const struct sweep *w) WS_MUST_CHECK;

#endif
