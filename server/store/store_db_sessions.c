#include "server/store/store_db.h"

#include <stdio.h>
#include <string.h>

static enum err put_row(struct db *db, const struct store_session *row)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(db,
                "INSERT INTO session (id, session_uid, agent_id, agent_name,"
                " agent_version, hostname, username, ip_address, features,"
                " peer, started_at, created_at, user_id, tier, payload)"
                " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                &q);

    if (e)
        return e;
    db_bind_int(q, row->id);
    db_bind_text(q, row->session_uid);
    db_bind_text(q, row->agent_id);
    db_bind_text(q, row->agent_name);
    db_bind_text(q, row->agent_version);
    db_bind_text(q, row->hostname);
    db_bind_text(q, row->username);
    db_bind_text(q, row->ip_address);
    db_bind_text(q, row->features);
    db_bind_text(q, row->peer);
    db_bind_int(q, row->started_ns);
    db_bind_int(q, row->created_ns);
    db_bind_int(q, row->user_id);
    db_bind_int(q, row->tier);
    db_bind_blob(q, row->payload, row->payload_len);
    return db_run(q);
}

static enum err put_token(struct db *db, int64_t session_id,
                          const uint8_t sha256[STORE_SHA256_BYTES],
                          int64_t now_ns)
{
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "INSERT INTO agent_token"
                         " (session_id, token_sha256, created_at)"
                         " VALUES (?, ?, ?)",
                         &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_blob(q, sha256, STORE_SHA256_BYTES);
    db_bind_int(q, now_ns);
    return db_run(q);
}

/* The rows that later writes only update. */
static enum err put_figures(struct db *db, int64_t session_id)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(db, "INSERT INTO session_stat (session_id) VALUES (?)", &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    e = db_run(q);
    if (!e)
        e = db_stmt(db, "INSERT INTO ledger (session_id) VALUES (?)", &q);
    if (e)
        return e;
    db_bind_int(q, session_id);
    return db_run(q);
}

static enum err put(struct store *s, const struct store_session *row,
                    const uint8_t token_sha256[STORE_SHA256_BYTES])
{
    struct db *db = store_db_conn(s);
    enum err e = put_row(db, row);

    if (!e)
        e = put_token(db, row->id, token_sha256, row->created_ns);
    if (!e)
        e = put_figures(db, row->id);
    if (!e && row->session_uid)
        e = store_ledger_deliver(s, row->id, &(struct store_run){1, 1}, 1);
    return e;
}

#define KEY_COLUMNS                                                            \
    "SELECT s.id, s.session_uid, s.agent_id, t.token_sha256,"                  \
    " t.revoked_at IS NOT NULL, s.user_id, s.tier"                             \
    " FROM session s JOIN agent_token t ON t.session_id = s.id "

static void copy_text(char out[STORE_UID_BYTES], const char *text)
{
    snprintf(out, STORE_UID_BYTES, "%s", text ? text : "");
}

static enum err read_key(struct db_stmt *q, struct store_session_key *out)
{
    const void *hash;
    size_t n;
    enum err e = db_step(q);

    if (e)
        return e;
    out->session_id = db_int(q, 0);
    copy_text(out->session_uid, db_text(q, 1));
    copy_text(out->agent_id, db_text(q, 2));
    hash = db_blob(q, 3, &n);
    if (n == STORE_SHA256_BYTES)
        memcpy(out->token_sha256, hash, n);
    out->revoked = db_int(q, 4) || n != STORE_SHA256_BYTES;
    out->user_id = db_int(q, 5);
    out->tier = db_int(q, 6);
    db_reset(q);
    return WS_OK;
}

static enum err by_uid(struct store *s, const char *session_uid,
                       struct store_session_key *out)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s), KEY_COLUMNS "WHERE s.session_uid = ?", &q);

    if (e)
        return e;
    db_bind_text(q, session_uid);
    return read_key(q, out);
}

static enum err by_id(struct store *s, int64_t session_id,
                      struct store_session_key *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), KEY_COLUMNS "WHERE s.id = ?", &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    return read_key(q, out);
}

static enum err by_token(struct store *s,
                         const uint8_t token_sha256[STORE_SHA256_BYTES],
                         struct store_session_key *out)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s), KEY_COLUMNS "WHERE t.token_sha256 = ?", &q);

    if (e)
        return e;
    db_bind_blob(q, token_sha256, STORE_SHA256_BYTES);
    return read_key(q, out);
}

#define EIGHT "?,?,?,?,?,?,?,?"
#define TOKENS_FEW 8
#define TOKENS_MOST 64 /* asked for at once */
#define TOKENS_OF                                                              \
    "SELECT session_id, token_sha256 FROM agent_token"                         \
    " WHERE revoked_at IS NULL AND session_id IN ("

static enum err read_tokens(struct db_stmt *q, struct store_token *rows,
                            size_t count)
{
    size_t at = 0, n;
    enum err e;

    while (!(e = db_step(q))) {
        int64_t session_id = db_int(q, 0);
        const void *hash = db_blob(q, 1, &n);

        while (at < count && rows[at].session_id < session_id)
            at++;
        if (at == count || rows[at].session_id != session_id ||
            n != STORE_SHA256_BYTES)
            continue;
        memcpy(rows[at].token_sha256, hash, n);
        rows[at].live = true;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* Three statements whatever the count: the list is filled up with its last. */
static enum err tokens(struct store *s, struct store_token *rows, size_t count)
{
    enum err e = WS_OK;

    for (size_t from = 0, n; !e && from < count; from += n) {
        struct db_stmt *q;
        size_t places;

        n = count - from < TOKENS_MOST ? count - from : TOKENS_MOST;
        places = n == 1 ? 1 : n <= TOKENS_FEW ? TOKENS_FEW : TOKENS_MOST;
        if (n == 1)
            e = db_stmt(store_db_conn(s), TOKENS_OF "?)", &q);
        else if (n <= TOKENS_FEW)
            e = db_stmt(store_db_conn(s),
                        TOKENS_OF EIGHT ") ORDER BY session_id", &q);
        else
            e = db_stmt(store_db_conn(s),
                        TOKENS_OF EIGHT "," EIGHT "," EIGHT "," EIGHT "," EIGHT
                                        "," EIGHT "," EIGHT "," EIGHT
                                        ") ORDER BY session_id",
                        &q);
        for (size_t i = 0; !e && i < places; i++)
            db_bind_int(q, rows[from + (i < n ? i : n - 1)].session_id);
        for (size_t i = 0; i < n; i++)
            rows[from + i].live = false;
        if (!e)
            e = read_tokens(q, rows + from, n);
    }
    return e;
}

static enum err tier_at(struct store *s, int64_t session_id, int64_t seq,
                        int64_t *tier)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT ifnull((SELECT tier FROM notice_ack"
                         " WHERE session_id = ?1 AND seq < ?2"
                         " ORDER BY seq DESC LIMIT 1),"
                         " (SELECT tier FROM session WHERE id = ?1))",
                         &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, seq);
    e = db_step(q);
    if (e)
        return e;
    e = db_is_null(q, 0) ? WS_NOTFOUND : WS_OK;
    *tier = db_int(q, 0);
    db_reset(q);
    return e;
}

static enum err replace_token(struct store *s, int64_t session_id,
                              const uint8_t token_sha256[STORE_SHA256_BYTES],
                              int64_t now_ns)
{
    struct db *db = store_db_conn(s);
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "UPDATE agent_token SET token_sha256 = ?,"
                         " created_at = ?, revoked_at = NULL"
                         " WHERE session_id = ?",
                         &q);

    if (e)
        return e;
    db_bind_blob(q, token_sha256, STORE_SHA256_BYTES);
    db_bind_int(q, now_ns);
    db_bind_int(q, session_id);
    e = db_run(q);
    if (e)
        return e;
    return db_changes(db) ? WS_OK : WS_NOTFOUND;
}

static enum err revoke_token(struct store *s, int64_t session_id,
                             int64_t now_ns)
{
    struct db *db = store_db_conn(s);
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "UPDATE agent_token SET revoked_at = ?"
                         " WHERE session_id = ? AND revoked_at IS NULL",
                         &q);

    if (e)
        return e;
    db_bind_int(q, now_ns);
    db_bind_int(q, session_id);
    e = db_run(q);
    if (e)
        return e;
    return db_changes(db) ? WS_OK : WS_NOTFOUND;
}

static enum err put_heartbeats(struct store *s,
                               const struct store_heartbeat *rows, size_t count)
{
    return ((const struct store_db *)s)->put_heartbeats(s, rows, count);
}

const struct store_sessions_ops store_db_sessions = {
    .put = put,
    .by_uid = by_uid,
    .by_id = by_id,
    .by_token = by_token,
    .tokens = tokens,
    .tier = tier_at,
    .replace_token = replace_token,
    .revoke_token = revoke_token,
    .put_heartbeats = put_heartbeats,
};
