#include "server/store/store_retention.h"

#include "server/store/store_db_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table, received, bytes, blob, thumbnail)                          \
    "SELECT id, t.session_id, " received ", " bytes                            \
    ", CASE WHEN seq IS NULL THEN 0 ELSE 1 END, " blob ", " thumbnail          \
    " FROM " table " WHERE id > ? ORDER BY id LIMIT 512"
#define RANGE "WHERE id >= ? AND id <= ? AND received_at <= ?"
#define COUNT(name) "SELECT count(*) FROM " name " " RANGE
#define TABLE(name, from, received, bytes, blob, thumbnail)                    \
    {                                                                          \
        .rows = ROWS(from, received, bytes, blob, thumbnail),                  \
        .hold = {[STORE_SQLITE] = COUNT(name),                                 \
                 [STORE_MYSQL] = COUNT(name) " FOR UPDATE"},                   \
        .drop = "DELETE FROM " name " " RANGE,                                 \
        .drop_one = "DELETE FROM " name " WHERE id = ?",                       \
    }
#define PLAIN(name, bytes)                                                     \
    TABLE(name, name " t", "received_at", bytes, "''", "''")

_Static_assert(STORE_RETENTION_PAGE == 512, "the limit of ROWS");

static const struct {
    const char *rows, *hold[STORE_DIALECTS], *drop, *drop_one;
} tables[STORE_RETENTION_TABLES] = {
    [STORE_RETENTION_SCREENSHOT] =
        TABLE("screenshot", "screenshot t", "received_at", "bytes", "\"blob\"",
              "thumbnail"),
    [STORE_RETENTION_RECORDING] = PLAIN("recording", "0"),
    [STORE_RETENTION_RECORDING_STATUS] = PLAIN("recording_status", "0"),
    [STORE_RETENTION_METRIC] = PLAIN("metric", "length(payload)"),
    [STORE_RETENTION_EVENT] = PLAIN("event", "length(payload)"),
    [STORE_RETENTION_TOMBSTONE] = PLAIN("tombstone", "length(payload)"),
    [STORE_RETENTION_NOTICE_ACK] =
        TABLE("notice_ack",
              "notice_ack t LEFT JOIN heartbeat h ON h.session_id=t.session_id",
              "CASE WHEN h.last_seen > received_at THEN h.last_seen ELSE "
              "received_at END",
              "length(payload)", "''", "''"),
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

static void bind_range(struct db_stmt *q,
                       const struct store_retention_row *rows, size_t count)
{
    int64_t received_ns = INT64_MIN;

    for (size_t i = 0; i < count; i++)
        if (received_ns < rows[i].received_ns)
            received_ns = rows[i].received_ns;
    db_bind_int(q, rows[0].id);
    db_bind_int(q, rows[count - 1].id);
    db_bind_int(q, received_ns);
}

/* Are the rows all that stands between the first and the last of them? Held
 * from here on, so that nobody counts them as well. */
static enum err hold_range(struct store *s, enum store_retention_table table,
                           const struct store_retention_row *rows, size_t count,
                           bool *all)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s), store_db_sql(s, tables[table].hold), &q);

    if (e)
        return e;
    bind_range(q, rows, count);
    e = db_step(q);
    if (e)
        return e;
    *all = db_int(q, 0) == (int64_t)count;
    db_reset(q);
    return WS_OK;
}

static enum err drop_range(struct store *s, enum store_retention_table table,
                           const struct store_retention_row *rows, size_t count)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), tables[table].drop, &q);

    if (e)
        return e;
    bind_range(q, rows, count);
    return db_run(q);
}

/* One by one: gone[i] says whether the row was still there. */
static enum err drop_each(struct store *s, enum store_retention_table table,
                          const struct store_retention_row *rows, size_t count,
                          bool *gone)
{
    struct db *db = store_db_conn(s);

    for (size_t i = 0; i < count; i++) {
        struct db_stmt *q;
        enum err e = db_stmt(db, tables[table].drop_one, &q);

        if (e)
            return e;
        db_bind_int(q, rows[i].id);
        e = db_run(q);
        if (e)
            return e;
        gone[i] = db_changes(db) > 0;
    }
    return WS_OK;
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Each session's ledger once, in the order in which writers take them. */
static enum err count_all(struct db *db, const struct store_retention_row *rows,
                          size_t count, const bool *gone)
{
    int64_t sessions[STORE_RETENTION_PAGE];
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        if (gone[i] && rows[i].has_seq)
            sessions[n++] = rows[i].session_id;
    qsort(sessions, n, sizeof *sessions, compare);
    for (size_t i = 0, end; i < n; i = end) {
        enum err e;

        for (end = i + 1; end < n && sessions[end] == sessions[i]; end++)
            continue;
        e = count_expired(db, sessions[i], (int64_t)(end - i));
        if (e)
            return e;
    }
    return WS_OK;
}

enum err store_retention_drop(struct store *s, enum store_retention_table table,
                              const struct store_retention_row *rows,
                              size_t count, size_t *dropped)
{
    bool gone[STORE_RETENTION_PAGE], all;
    enum err e;

    *dropped = 0;
    if (count == 0 || count > STORE_RETENTION_PAGE)
        return count ? WS_INVALID : WS_OK;
    memset(gone, true, sizeof gone);
    e = hold_range(s, table, rows, count, &all);
    if (!e)
        e = all ? drop_range(s, table, rows, count)
                : drop_each(s, table, rows, count, gone);
    for (size_t i = 0; i < count; i++)
        *dropped += gone[i];
    return e ? e : count_all(store_db_conn(s), rows, count, gone);
}

/* The first row of an index each: min() would read all of them. */
#define FIRST(table)                                                           \
    "(SELECT r.quarter FROM " table " r WHERE r.session_id=t.session_id "      \
    "ORDER BY r.session_id, r.quarter LIMIT 1)"
#define OLDEST                                                                 \
    "SELECT t.session_id, " FIRST("rollup") ", " FIRST(                        \
        "rollup_day") " FROM session_stat t "

static void read_oldest(struct db_stmt *q, void *row)
{
    struct store_retention_oldest *out = row;

    *out = (struct store_retention_oldest){db_int(q, 0), INT64_MAX};
    for (int column = 1; column <= 2; column++)
        if (!db_is_null(q, column) && db_int(q, column) < out->quarter)
            out->quarter = db_int(q, column);
}

enum err store_retention_oldest(struct store *s, int64_t after_session,
                                struct store_retention_oldest *out,
                                size_t *count)
{
    const struct store_db_rows rows = {.read = read_oldest,
                                       .list = out,
                                       .row_bytes = sizeof *out,
                                       .max = STORE_RETENTION_PAGE,
                                       .count = count};

    return store_db_run_list(s,
                             OLDEST "WHERE t.session_id > ? "
                                    "ORDER BY t.session_id LIMIT 512",
                             STORE_DB_VALUES(INT(after_session)), &rows);
}

enum err store_retention_oldest_of(struct store *s, int64_t session_id,
                                   int64_t *quarter)
{
    struct store_retention_oldest row;
    struct db_stmt *q;
    enum err e = store_db_run_first(s, OLDEST "WHERE t.session_id = ?",
                                    STORE_DB_VALUES(INT(session_id)), &q);

    if (e)
        return e;
    read_oldest(q, &row);
    db_reset(q);
    *quarter = row.quarter;
    return WS_OK;
}

#define BEFORE "session_id = ?1 AND quarter < ?2"

enum err store_retention_rollups(struct store *s, int64_t session_id,
                                 int64_t before_quarter, int64_t *count)
{
    struct db_stmt *q;
    enum err e = store_db_run_first(
        s,
        "SELECT (SELECT count(*) FROM rollup WHERE " BEFORE
        ") + (SELECT count(*) FROM rollup_day WHERE " BEFORE ")",
        STORE_DB_VALUES(INT(session_id), INT(before_quarter)), &q);

    if (e)
        return e;
    *count = db_int(q, 0);
    db_reset(q);
    return WS_OK;
}

enum err store_retention_drop_rollups(struct store *s, int64_t session_id,
                                      int64_t before_quarter, int64_t *dropped)
{
    static const char *const sql[] = {"DELETE FROM rollup WHERE " BEFORE,
                                      "DELETE FROM rollup_day WHERE " BEFORE};
    int64_t rows = 0;

    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        enum err e = store_db_run(
            s, sql[i], STORE_DB_VALUES(INT(session_id), INT(before_quarter)));

        if (e)
            return e;
        rows += db_changes(store_db_conn(s));
    }
    *dropped = rows;
    return WS_OK;
}
