/* live.h - hints for pages: "something of this topic changed, fetch again".
 *
 * Flow:    commit, heartbeats -> [live] -> the event streams of /api/v1/events
 * Shapes:  event "changed", data {"topics":[..],"session_id":12,"at":..}; the
 *          hints of a session within LIVE_GATHER_MS become one; ids are
 *          RUN-NUMBER, RUN being this process's
 * Errors:  a stream that cannot keep up is closed; the page opens it again
 *          with Last-Event-ID, or with event "reset" fetches everything
 * Owns:    live_open() hands over a handle; it must outlive the listener
 * Process: live_publish() from any thread, cheap; everything else on the loop
 * Source:  ui.md section 4 "Live"; the HTML standard, server-sent events
 */
#ifndef SERVER_VIEWS_LIVE_H
#define SERVER_VIEWS_LIVE_H

#include "core/err.h"
#include "core/own.h"

#include <stddef.h>
#include <stdint.h>

#define LIVE_GATHER_MS 250
#define LIVE_PING_MS 15000
#define LIVE_MAX_STREAMS_PER_USER 6
#define LIVE_MAX_STREAMS 1000
#define LIVE_KEPT 512 /* past hints, for Last-Event-ID */

enum live_topic {
    LIVE_SESSIONS,    /* a session began, ended, or changed its state */
    LIVE_METRICS,     /* observations arrived */
    LIVE_SCREENSHOTS, /* pictures arrived */
    LIVE_HEALTH,      /* a heartbeat arrived */
    LIVE_LEDGER,      /* tombstones, events, recordings arrived */
    LIVE_TOPICS,
};

struct live;
struct server;
struct exchange;
struct commit_item;

enum err live_open(struct live **out, struct server *server) WS_MUST_CHECK;
void live_close(struct live *l);
OWN_DEFINE(live_close, struct live *)

/* Say that something of a session changed; after its commit. A NULL live is
 * allowed: nobody listens. */
void live_publish(struct live *l, enum live_topic topic, int64_t session_id);

/* The same for an item that was just committed; server is struct server. For
 * committer_options.accepted. */
void live_accepted(void *server, const struct commit_item *item);
/* The same for a heartbeat that was just written. For beats_on_written(). */
void live_beat(void *server, int64_t session_id);

/* Handler of /api/v1/events, on the loop. */
void live_stream(struct exchange *x);

/* Streams that are open now, for /metrics; from any thread. */
size_t live_streams(const struct live *l);

/* The topic of "sessions", "metrics" ...; WS_NOTFOUND. */
enum err live_topic_of(const char *name, enum live_topic *out) WS_MUST_CHECK;

#endif
