#include "server/store/store_retention.h"

#include "server/store/store_db.h"

#include <stdio.h>
#include <string.h>

#define ROWS(table, bytes, blob, thumbnail)                                    \
    "SELECT id, session_id, received_at, " bytes                               \
    ", CASE WHEN seq IS NULL THEN 0 ELSE 1 END, " blob ", " thumbnail          \
    " FROM " table " WHERE id > ? ORDER BY id" STORE_DB_LIMIT
#define DROP(table) "DELETE FROM " table " WHERE id = ?"

_Static_assert(STORE_RETENTION_PAGE == STORE_DB_PAGE, "one page, one limit");

static const struct {
    const char *rows, *drop;
} tables[STORE_RETENTION_TABLES] = {
    [STORE_RETENTION_SCREENSHOT] = {ROWS("screenshot", "bytes", "\"blob\"",
                                         "thumbnail"),
                                    DROP("screenshot")},
    [STORE_RETENTION_RECORDING] = {ROWS("recording", "0", "''", "''"),
                                   DROP("recording")},
    [STORE_RETENTION_RECORDING_STATUS] = {ROWS("recording_status", "0", "''",
                                               "''"),
                                          DROP("recording_status")},
    [STORE_RETENTION_METRIC] = {ROWS("metric", "length(payload)", "''", "''"),
                                DROP("metric")},
    [STORE_RETENTION_EVENT] = {ROWS("event", "length(payload)", "''", "''"),
                               DROP("event")},
    [STORE_RETENTION_TOMBSTONE] = {ROWS("tombstone", "length(payload)", "''",
                                        "''"),
                                   DROP("tombstone")},
};

static void copy_name(char to[STORE_RETENTION_NAME_BYTES], const char *from)
{
    snprintf(to, STORE_RETENTION_NAME_BYTES, "%s", from ? from : "");
}

enum err store_retention_rows(struct store *s, enum store_retention_table table,
                              int64_t after_id, struct store_retention_row *out,
                              size_t *count)
{
    struct db_stmt *q;
    size_t n = 0;
    enum err e = db_stmt(store_db_conn(s), tables[table].rows, &q);

    if (e)
        return e;
    db_bind_int(q, after_id);
    while (!(e = db_step(q)) && n < STORE_RETENTION_PAGE) {
        struct store_retention_row *row = &out[n++];

        row->id = db_int(q, 0);
        row->session_id = db_int(q, 1);
        row->received_ns = db_int(q, 2);
        row->bytes = db_int(q, 3);
        row->has_seq = db_int(q, 4) != 0;
        copy_name(row->blob, db_text(q, 5));
        copy_name(row->thumbnail, db_text(q, 6));
    }
    db_reset(q);
    if (e && e != WS_NOTFOUND)
        return e;
    *count = n;
    return WS_OK;
}

static enum err count_expired(struct db *db, int64_t session_id, int64_t seqs)
{
    struct db_stmt *q;
    enum err e = db_stmt(
        db, "UPDATE ledger SET expired = expired + ? WHERE session_id = ?", &q);

    if (e)
        return e;
    db_bind_int(q, seqs);
    db_bind_int(q, session_id);
    return db_run(q);
}

enum err store_retention_drop(struct store *s, enum store_retention_table table,
                              const struct store_retention_row *rows,
                              size_t count, size_t *dropped)
{
    struct db *db = store_db_conn(s);
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        struct db_stmt *q;
        enum err e = db_stmt(db, tables[table].drop, &q);

        if (e)
            return e;
        db_bind_int(q, rows[i].id);
        e = db_run(q);
        if (e)
            return e;
        if (db_changes(db) == 0)
            continue;
        n++;
        if (rows[i].has_seq)
            e = count_expired(db, rows[i].session_id, 1);
        if (e)
            return e;
    }
    *dropped = n;
    return WS_OK;
}

enum err store_retention_rollups(struct store *s, int64_t session_id,
                                 int64_t before_quarter, int64_t *count)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT count(*) FROM rollup WHERE session_id = ? "
                         "AND quarter < ?",
                         &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, before_quarter);
    e = db_step(q);
    if (e)
        return e;
    *count = db_int(q, 0);
    db_reset(q);
    return WS_OK;
}

enum err store_retention_drop_rollups(struct store *s, int64_t session_id,
                                      int64_t before_quarter, int64_t *dropped)
{
    struct db *db = store_db_conn(s);
    struct db_stmt *q;
    enum err e = db_stmt(
        db, "DELETE FROM rollup WHERE session_id = ? AND quarter < ?", &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, before_quarter);
    e = db_run(q);
    if (!e)
        *dropped = db_changes(db);
    return e;
}

enum err store_retention_next_session(struct store *s, int64_t after_id,
                                      int64_t *id)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s),
                "SELECT id FROM session WHERE id > ? ORDER BY id LIMIT 1", &q);

    if (e)
        return e;
    db_bind_int(q, after_id);
    e = db_step(q);
    if (e)
        return e;
    *id = db_int(q, 0);
    db_reset(q);
    return WS_OK;
}
