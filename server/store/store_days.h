/* store_days.h - days of a session (UTC), summed from its quarters behind a
 * watermark, so that a year of it is some hundred rows and not 35,000.
 *
 * Flow:    retention's thread, hourly -> [store_days] -> store_db_rollups.c
 * Shapes:  session_stat counts a session's metrics, and how many of them came
 *          on time: before their day can have been summed. All others came
 *          late, or to an older server, which does not tell. How many those
 *          were is kept with the days, and was read before the quarters were:
 *          while it is the same nothing was added to the days since. Else they
 *          are left aside until they are summed again, and the quarters read
 * Units:   times in ns UTC; a day goes by the number of its first quarter
 * Errors:  as store.h
 * Process: any number of servers may do it at once; their clocks are less than
 *          a day apart
 * Source:  design.md section 2: "every page costs what it shows"
 */
#ifndef SERVER_STORE_STORE_DAYS_H
#define SERVER_STORE_STORE_DAYS_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_DAY_QUARTERS 96
#define STORE_DAYS_PAGE 512

struct store;

/* May a metric still come on time for its day? From then on it may be. */
bool store_days_on_time(int64_t at_ns, int64_t received_ns);
/* The days before this one can be summed: a day longer past than that. */
int64_t store_days_past(int64_t now_ns);

/* What is known of a session. */
struct store_days {
    int64_t session_id;
    int64_t metrics;        /* ever */
    int64_t late;           /* of them, by now */
    int64_t last_metric_ns; /* the agent's clock */
    int64_t upto;           /* the days before are summed; 0: none is */
    int64_t late_then;      /* when they were */
};

/* The next sessions after one, at most STORE_DAYS_PAGE, in order. */
enum err store_days_read(struct store *s, int64_t after_session,
                         struct store_days *out, size_t *count) WS_MUST_CHECK;

/* In a transaction: sum the days of a session before one; those that were and
 * have not changed since are left as they are. WS_EXISTS: another server is
 * doing it. */
enum err store_days_sum(struct store *s, int64_t session_id,
                        int64_t upto) WS_MUST_CHECK;

/* The days of a session before this one may be read in place of quarters; 0:
 * none may. */
enum err store_days_upto(struct store *s, int64_t session_id,
                         int64_t *upto) WS_MUST_CHECK;

#endif
