/* store_sessions.h - sessions of agents, their tokens, and their heartbeats.
 *
 * Flow:    ingest -> commit -> [store_sessions] <- tokens, views
 * Errors:  as store.h; WS_NOTFOUND no such session or token
 * Owns:    texts of a row given in belong to the caller
 * Source:  wire.md "Who", "Session", "Heartbeat"
 */
#ifndef SERVER_STORE_STORE_SESSIONS_H
#define SERVER_STORE_STORE_SESSIONS_H

#include "server/store/store.h"

#include <stdbool.h>

#define STORE_UID_BYTES 33 /* 128 bits in hex and the NUL */

struct store_session {
    int64_t id;
    const char *session_uid, *agent_id; /* hex; NULL: layer 1 */
    const char *agent_name, *agent_version, *hostname, *username, *ip_address;
    const char *features; /* JSON text of the list; NULL: layer 1 */
    const char *peer;     /* address it came from */
    int64_t started_ns;   /* as the agent says; layer 1: created_ns */
    int64_t created_ns;
    int64_t user_id;     /* the person, by the enrollment code; 0: none */
    int64_t tier;        /* acknowledged, as it declares; -1: layer 1 */
    const char *payload; /* the body as it came */
    size_t payload_len;
};

/* Insert a session and its token; WS_EXISTS when the uid or the token's hash
 * is taken. A session with a uid delivers its own seq 1. */
enum err store_sessions_put(struct store *s, const struct store_session *row,
                            const uint8_t token_sha256[STORE_SHA256_BYTES])
    WS_MUST_CHECK;

/* What registration and access ask about a session. */
struct store_session_key {
    int64_t session_id;
    char session_uid[STORE_UID_BYTES]; /* "" for layer 1 */
    char agent_id[STORE_UID_BYTES];
    uint8_t token_sha256[STORE_SHA256_BYTES];
    bool revoked;
    int64_t user_id;
    int64_t tier; /* acknowledged when opened; -1: not declared (layer 1) */
};

enum err store_sessions_by_uid(struct store *s, const char *session_uid,
                               struct store_session_key *out) WS_MUST_CHECK;
enum err store_sessions_by_id(struct store *s, int64_t session_id,
                              struct store_session_key *out) WS_MUST_CHECK;

/* The session a token is bound to, revoked or not. */
enum err store_sessions_by_token(struct store *s,
                                 const uint8_t token_sha256[STORE_SHA256_BYTES],
                                 struct store_session_key *out) WS_MUST_CHECK;

/* The token of one session. */
struct store_token {
    int64_t session_id;
    uint8_t token_sha256[STORE_SHA256_BYTES];
    bool live; /* the session is there and its token is not revoked */
};

/* Fill in the tokens of some sessions, sorted by session. */
enum err store_sessions_tokens(struct store *s, struct store_token *rows,
                               size_t count) WS_MUST_CHECK;

/* The tier that was acknowledged when the item with this seq was recorded: by
 * the last notice before it, or as the session was opened; -1: not declared. */
enum err store_sessions_tier(struct store *s, int64_t session_id, int64_t seq,
                             int64_t *tier) WS_MUST_CHECK;

/* Give a session another token; the old one is unknown from then on. */
enum err
store_sessions_replace_token(struct store *s, int64_t session_id,
                             const uint8_t token_sha256[STORE_SHA256_BYTES],
                             int64_t now_ns) WS_MUST_CHECK;

/* Revoke the token of a session; WS_NOTFOUND when there is none to revoke. */
enum err store_sessions_revoke_token(struct store *s, int64_t session_id,
                                     int64_t now_ns) WS_MUST_CHECK;

/* One heartbeat; a session has one row. */
struct store_heartbeat {
    int64_t session_id;
    int64_t last_seen_ns;
    int64_t head_seq;   /* 0: not said */
    int64_t pending;    /* queued and dead at head_seq; -1: not said */
    const char *health; /* the last body as JSON text; NULL: keep the old */
};

/* Write heartbeats, sorted by session; an older one never replaces a newer. */
enum err store_sessions_put_heartbeats(struct store *s,
                                       const struct store_heartbeat *rows,
                                       size_t count) WS_MUST_CHECK;

#endif
