/* store_db_ledger.c - runs of seqs that arrived, and that never will.
 *
 * Both tables hold disjoint runs, one row each; a run is joined with its
 * neighbours (of buried ones: with one before it of the same reason), so a
 * session delivered in order is one row whatever its length:
 *
 *   delivered  [1 ....... 40]      [43 . 50]     [52 ...
 *   buried                   [41 42]        [51]
 *
 * Delivering takes runs that are in no delivered row, joins them with the rows
 * that end before and start after them (store_db_arrive.c), and cuts them out
 * of what is buried. Burying fills only the gaps (store_db_bury.c): what is in
 * either table stays.
 */
#include "server/store/store_db_ledger.h"

#include <stdio.h>

/* Run a statement with three numbers. */
static enum err run3(struct db *db, const char *sql, int64_t a, int64_t b,
                     int64_t c)
{
    struct db_stmt *q;
    enum err e = db_stmt(db, sql, &q);

    if (e)
        return e;
    db_bind_int(q, a);
    db_bind_int(q, b);
    db_bind_int(q, c);
    return db_run(q);
}

/* --- what arrived --- */

/* The runs that a statement finds. */
static enum err read_runs(struct db_stmt *q, struct store_run *out,
                          size_t *count)
{
    size_t n = 0;
    enum err e;

    while (!(e = db_step(q)))
        out[n++] = (struct store_run){db_int(q, 0), db_int(q, 1)};
    if (e != WS_NOTFOUND)
        return e;
    *count = n;
    return WS_OK;
}

static enum err delivered(struct store *s, int64_t session_id, int64_t first,
                          int64_t last, struct store_run *out, size_t max,
                          size_t *count)
{
    struct db_stmt *q;
    enum err e = db_stmt(
        store_db_conn(s),
        "SELECT first_seq, last_seq" STORE_DB_TOUCHED(
            "delivered") " AND last_seq >= ?2 ORDER BY first_seq LIMIT ?4",
        &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, first);
    db_bind_int(q, last);
    db_bind_int(q, (int64_t)max);
    return read_runs(q, out, count);
}

/* --- tombstones --- */

#define REASON                                                                 \
    "INSERT INTO ledger_reason (session_id, reason, seqs, replaced, count)"    \
    " VALUES (?,?,?,?,?)"

static enum err count_reason(struct store *s, int64_t session_id,
                             const char *reason, int64_t seqs, int64_t replaced,
                             int64_t count)
{
    static const char *const sql[STORE_DIALECTS] = {
        [STORE_SQLITE] = REASON
        " ON CONFLICT (session_id, reason) DO UPDATE SET"
        " seqs = seqs + excluded.seqs, replaced = replaced + excluded.replaced,"
        " count = count + excluded.count",
        [STORE_MYSQL] =
            REASON " ON DUPLICATE KEY UPDATE seqs = seqs + VALUES(seqs),"
                   " replaced = replaced + VALUES(replaced),"
                   " count = count + VALUES(count)",
    };
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), store_db_sql(s, sql), &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_text(q, reason);
    db_bind_int(q, seqs);
    db_bind_int(q, replaced);
    db_bind_int(q, count);
    return db_run(q);
}

static enum err insert_buried(struct db *db, int64_t session_id,
                              struct store_run run, const char *reason)
{
    struct db_stmt *q;
    enum err e;

    if (run.first > run.last)
        return WS_OK;
    e = db_stmt(db,
                "INSERT INTO buried (session_id, first_seq, last_seq, reason)"
                " VALUES (?,?,?,?)",
                &q);
    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, run.first);
    db_bind_int(q, run.last);
    db_bind_text(q, reason);
    return db_run(q);
}

/* The first buried row that overlaps a run. */
static enum err find_buried(struct db *db, int64_t session_id,
                            struct store_run run, struct store_run *out,
                            char reason[256])
{
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "SELECT first_seq, last_seq, reason FROM buried"
                         " WHERE session_id = ?1 AND first_seq <= ?3"
                         " AND last_seq >= ?2 AND first_seq >= ifnull("
                         "(SELECT max(first_seq) FROM buried WHERE"
                         " session_id = ?1 AND first_seq <= ?2), 0)"
                         " ORDER BY first_seq LIMIT 1",
                         &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, run.first);
    db_bind_int(q, run.last);
    e = db_step(q);
    if (e)
        return e;
    *out = (struct store_run){db_int(q, 0), db_int(q, 1)};
    snprintf(reason, 256, "%s", db_text(q, 2));
    db_reset(q);
    return WS_OK;
}

enum err store_db_ledger_unbury(struct store *s, int64_t session_id,
                                struct store_run run, int64_t *replaced)
{
    struct db *db = store_db_conn(s);
    char reason[256];
    struct store_run old;
    enum err e;

    while (!(e = find_buried(db, session_id, run, &old, reason))) {
        int64_t from = old.first > run.first ? old.first : run.first;
        int64_t to = old.last < run.last ? old.last : run.last;

        e = run3(db,
                 "DELETE FROM buried WHERE session_id = ? AND first_seq = ?"
                 " AND last_seq = ?",
                 session_id, old.first, old.last);
        if (!e)
            e = insert_buried(db, session_id,
                              (struct store_run){old.first, from - 1}, reason);
        if (!e)
            e = insert_buried(db, session_id,
                              (struct store_run){to + 1, old.last}, reason);
        if (!e)
            e = count_reason(s, session_id, reason, -(to - from + 1),
                             to - from + 1, 0);
        if (e)
            return e;
        *replaced += to - from + 1;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err bury(struct store *s, int64_t session_id, const char *reason,
                     const struct store_run *runs, size_t run_count,
                     int64_t count)
{
    int64_t seqs = 0;
    enum err e = store_db_ledger_turn(s, session_id);

    if (!e)
        e = store_db_bury(s, session_id, reason, runs, run_count, &seqs);
    if (!e && seqs)
        e = run3(store_db_conn(s),
                 "UPDATE ledger SET tombstoned = tombstoned + ?2 + ?3"
                 " WHERE session_id = ?1",
                 session_id, seqs, 0);
    if (e)
        return e;
    return count_reason(s, session_id, reason, seqs, 0, count);
}

/* --- reading --- */

static enum err buried(struct store *s, int64_t session_id, int64_t after,
                       struct store_run *out, size_t max, size_t *count)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT first_seq, last_seq FROM buried"
                         " WHERE session_id = ? AND first_seq > ?"
                         " ORDER BY first_seq LIMIT ?",
                         &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, after);
    db_bind_int(q, (int64_t)max);
    return read_runs(q, out, count);
}

const struct store_ledger_ops store_db_ledger = {
    .delivered = delivered,
    .known = store_db_ledger_known,
    .arrivals_open = store_db_arrivals_open,
    .arrivals_close = store_db_arrivals_close,
    .arrivals_rows = store_db_arrivals_rows,
    .arrivals_put = store_db_arrivals_put,
    .bury = bury,
    .span = store_db_bury_span,
    .read = store_db_ledger_read,
    .buried = buried,
};
