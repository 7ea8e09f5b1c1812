/* beats.h - heartbeats, coalesced in memory, written about once a second.
 *
 * Flow:    heartbeat handler (loop) -> [beats] -> committer_every -> store
 * Shapes:  one entry a session; the last one counts
 * Errors:  WS_FULL  more than BEATS_MAX sessions within one period
 * Owns:    beats_open() hands over a handle; it must outlive the committer
 * Process: every function from any thread
 * Source:  wire.md "Heartbeat": 200 means heard, not durable
 */
#ifndef SERVER_INGEST_BEATS_H
#define SERVER_INGEST_BEATS_H

#include "core/err.h"
#include "core/own.h"
#include "server/store/store_sessions.h"

#include <stddef.h>

#define BEATS_MAX 1000000
#define BEATS_PERIOD_MS 1000

struct beats;
struct committer;

/* Make the map, and have the committer write it every BEATS_PERIOD_MS. */
enum err beats_open(struct beats **out, struct committer *c) WS_MUST_CHECK;
void beats_close(struct beats *b);
OWN_DEFINE(beats_close, struct beats *)

/* Have fn(ctx, session) called on the committer's thread for each session
 * whose heartbeat was written. Before the first one is heard. */
void beats_on_written(struct beats *b,
                      void (*fn)(void *ctx, int64_t session_id), void *ctx);

/* Hear one; its text is copied. */
enum err beats_hear(struct beats *b,
                    const struct store_heartbeat *beat) WS_MUST_CHECK;

/* Sessions heard and not yet written, for /metrics. */
size_t beats_waiting(struct beats *b);

#endif
