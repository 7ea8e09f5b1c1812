/* pauses.h - a session's events, and when a pause was in force.
 *
 * Flow:    store_views_events, newest first -> [pauses] -> timeline
 * Shapes:  `pauses` and `events` of Timeline in api/openapi.yaml
 * Units:   ns UTC
 * Source:  ui.md section 5: a pause is a fact, never an absence
 */
#ifndef SERVER_VIEWS_PAUSES_H
#define SERVER_VIEWS_PAUSES_H

#include "core/jsonw.h"
#include "server/store/store_views.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAUSES_MAX_EVENTS 200
/* A pause that began up to so long before a stretch is known in it. */
#define PAUSES_LOOK_BACK_NS (INT64_C(86400) * 1000000000)

struct pauses_event {
    int64_t id, at_ns;
    int64_t until_ns; /* of a pause with an end; else 0 */
    int64_t end_ns;   /* of a pause, by pauses_settle(); else 0 */
    char type[65];
    char reason[256]; /* "": none given */
};

struct pauses {
    struct pauses_event events[PAUSES_MAX_EVENTS]; /* newest first */
    size_t count;
    bool more; /* older ones were left out */
};

/* Note an event, newest first; 0 when there is no more room. */
int pauses_note(struct pauses *p, const struct store_event_view *row);

/* Find when each pause ended: at its resume, at the end it was given, at the
 * next pause, or at end_ns. Pauses over before from_ns are forgotten. */
void pauses_settle(struct pauses *p, int64_t from_ns, int64_t end_ns);

/* How much of [from, to) was paused. */
int64_t pauses_overlap(const struct pauses *p, int64_t from_ns, int64_t to_ns);

/* Write "pauses", "events" and "events_left_out", oldest first; from from_ns
 * on. */
void pauses_write(const struct pauses *p, int64_t from_ns, struct jsonw *w);

#endif
