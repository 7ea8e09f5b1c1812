#include "server/store/store_sqlite_parts.h"

static void bind_optional_int(struct db_stmt *q, int64_t v, int64_t none)
{
    if (v == none)
        db_bind_null(q);
    else
        db_bind_int(q, v);
}

static enum err put_heartbeat(struct db *db, const struct store_heartbeat *row)
{
    struct db_stmt *q;
    enum err e = db_stmt(
        db,
        "INSERT INTO heartbeat (session_id, last_seen, head_seq, head_at,"
        " pending, health)"
        " VALUES (?1, ?2, ifnull(?3, 0), iif(?3 IS NULL, 0, ?2), ?4, ?5)"
        " ON CONFLICT (session_id) DO UPDATE SET last_seen = ?2,"
        " head_seq = ifnull(?3, head_seq),"
        " head_at = iif(?3 IS NULL, head_at, ?2),"
        " pending = iif(?3 IS NULL, pending, ?4),"
        " health = ifnull(?5, health) WHERE ?2 >= last_seen",
        &q);

    if (e)
        return e;
    db_bind_int(q, row->session_id);
    db_bind_int(q, row->last_seen_ns);
    bind_optional_int(q, row->head_seq, 0);
    db_bind_int(q, row->pending);
    db_bind_text(q, row->health);
    return db_run(q);
}

enum err store_sqlite_heartbeats_put(struct store *s,
                                     const struct store_heartbeat *rows,
                                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum err e = put_heartbeat(store_db_conn(s), &rows[i]);

        if (e)
            return e;
    }
    return WS_OK;
}
