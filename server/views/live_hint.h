/* live_hint.h - hints: gathered by session, written as events, found again by
 * their ids.
 *
 * Flow:    live_publish() -> [live_hint] -> live's streams
 * Shapes:  at most LIVE_HINT_MAX sessions at once; more become one hint about
 *          everything (session 0)
 * Errors:  WS_INVALID  an id that is not of this run
 * Process: no I/O, no clock
 * Source:  api/openapi.yaml, streamEvents
 */
#ifndef SERVER_VIEWS_LIVE_HINT_H
#define SERVER_VIEWS_LIVE_HINT_H

#include "core/err.h"
#include "server/views/live.h"

#include <stddef.h>
#include <stdint.h>

#define LIVE_HINT_MAX 256
#define LIVE_HINT_SLOTS 512 /* of the table: half of it stays empty */
#define LIVE_HINT_BYTES 256 /* of one event */

struct live_hint {
    uint64_t id;
    int64_t session_id; /* 0: all */
    int64_t at_ns;
    unsigned topics; /* bits of enum live_topic */
};

struct live_hints {
    struct live_hint list[LIVE_HINT_SLOTS]; /* by session, until packed */
    size_t count;
    unsigned everything; /* topics of a hint about all sessions; 0: none */
};

void live_hint_clear(struct live_hints *h);

/* Note topics of a session. */
void live_hint_add(struct live_hints *h, int64_t session_id, unsigned topics);

/* Bring what was noted to the front of the list, `count` of it. */
void live_hint_pack(struct live_hints *h);

/* Write one as an event; returns its length. */
size_t live_hint_write(const struct live_hint *h, const char *run,
                       char out[LIVE_HINT_BYTES]);

/* The number in "RUN-NUMBER". */
enum err live_hint_read_id(const char *text, const char *run,
                           uint64_t *id) WS_MUST_CHECK;

#endif
