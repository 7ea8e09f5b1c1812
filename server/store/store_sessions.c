#include "server/store/store_sessions.h"

#include "server/store/store_backend.h"

enum err store_sessions_put(struct store *s, const struct store_session *row,
                            const uint8_t token_sha256[STORE_SHA256_BYTES])
{
    return s->ops->sessions->put(s, row, token_sha256);
}

enum err store_sessions_by_uid(struct store *s, const char *session_uid,
                               struct store_session_key *out)
{
    return s->ops->sessions->by_uid(s, session_uid, out);
}

enum err store_sessions_by_id(struct store *s, int64_t session_id,
                              struct store_session_key *out)
{
    return s->ops->sessions->by_id(s, session_id, out);
}

enum err store_sessions_by_token(struct store *s,
                                 const uint8_t token_sha256[STORE_SHA256_BYTES],
                                 struct store_session_key *out)
{
    return s->ops->sessions->by_token(s, token_sha256, out);
}

enum err store_sessions_tokens(struct store *s, struct store_token *rows,
                               size_t count)
{
    return s->ops->sessions->tokens(s, rows, count);
}

enum err store_sessions_tier(struct store *s, int64_t session_id, int64_t seq,
                             int64_t *tier)
{
    return s->ops->sessions->tier(s, session_id, seq, tier);
}

enum err
store_sessions_replace_token(struct store *s, int64_t session_id,
                             const uint8_t token_sha256[STORE_SHA256_BYTES],
                             int64_t now_ns)
{
    return s->ops->sessions->replace_token(s, session_id, token_sha256, now_ns);
}

enum err store_sessions_revoke_token(struct store *s, int64_t session_id,
                                     int64_t now_ns)
{
    return s->ops->sessions->revoke_token(s, session_id, now_ns);
}

enum err store_sessions_put_heartbeats(struct store *s,
                                       const struct store_heartbeat *rows,
                                       size_t count)
{
    return s->ops->sessions->put_heartbeats(s, rows, count);
}
