/* beat.h - the body of a heartbeat, and what its answer tells.
 *
 * Flow:    board, counts -> [beat] -> POST heartbeat -> [beat] -> board
 * Shapes:  wire.md "Heartbeat"; a layer-1 server gets an empty body
 * Units:   seconds, ms and bytes as their names say
 */
#ifndef AGENT_HEARTBEAT_BEAT_H
#define AGENT_HEARTBEAT_BEAT_H

#include "agent/board.h"
#include "agent/outbox/client.h"
#include "core/env.h"

struct beat_scope {
    const struct board *board;
    const struct client_session *session;
    const struct client_counts *counts;
    int64_t wall_ns, boot_ns;
    int64_t disk_free_bytes; /* of the state folder; -1: not known */
};

/* Append the JSON body; nothing for a layer-1 server. */
enum err beat_body(const struct beat_scope *scope,
                   struct buf *out) WS_MUST_CHECK;

enum beat_result {
    BEAT_HEARD,
    BEAT_AWAY,         /* no answer, 5xx, a portal, anything unknown */
    BEAT_UNAUTHORIZED, /* 401, 403 of the server */
    BEAT_WRONG_SERVER, /* 404, 405, 426 of the server */
};

struct beat_news {
    enum beat_result result;
    bool layer_2;
    bool has_time;
    int64_t clock_offset_ms; /* the server's clock minus ours */
    int64_t policy_revision; /* 0: it has no policy */
};

/* Read an answer that was asked for between two times of ours. */
void beat_read(const struct transport_answer *answer, int64_t asked_wall_ns,
               int64_t answered_wall_ns, struct beat_news *out);

#endif
