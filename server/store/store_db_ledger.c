/* store_db_ledger.c - runs of seqs that arrived, and that never will.
 *
 * Both tables hold disjoint runs, one row each; a run is joined with its
 * neighbours (of buried ones: with one before it of the same reason), so a
 * session delivered in order is one row whatever its length:
 *
 *   delivered  [1 ....... 40]      [43 . 50]     [52 ...
 *   buried                   [41 42]        [51]
 *
 * deliver() takes a run that is in no delivered row, joins it with the row
 * that ends before it and the one that starts after it, and cuts it out of
 * what is buried. bury() fills only the gaps (store_db_bury.c): what is in
 * either table stays.
 */
#include "server/store/store_db_ledger.h"

#include <stdio.h>

/* The last row of a table that starts at or before `at`: WS_NOTFOUND. */
static enum err row_at(struct db *db, const char *sql, int64_t session_id,
                       int64_t at, struct store_run *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(db, sql, &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, at);
    e = db_step(q);
    if (e)
        return e;
    *out = (struct store_run){db_int(q, 0), db_int(q, 1)};
    db_reset(q);
    return WS_OK;
}

static const char delivered_before[] =
    "SELECT first_seq, last_seq FROM delivered WHERE session_id = ?"
    " AND first_seq <= ? ORDER BY first_seq DESC LIMIT 1";
static const char delivered_after[] =
    "SELECT first_seq, last_seq FROM delivered WHERE session_id = ?"
    " AND first_seq > ? ORDER BY first_seq LIMIT 1";
static const char buried_after[] =
    "SELECT first_seq, last_seq FROM buried WHERE session_id = ?"
    " AND first_seq > ? ORDER BY first_seq LIMIT 1";

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

/* Writers of several processes take turns at a session's runs: each joins rows
 * that another might be joining. SQLite has one writer. */
static enum err take_turn(struct store *s, int64_t session_id)
{
    const struct store_db *own = (const struct store_db *)s;
    struct db_stmt *q;
    enum err e;

    if (own->dialect == STORE_SQLITE || own->read_only)
        return WS_OK;
    e = db_stmt(own->db,
                "SELECT session_id FROM ledger WHERE session_id = ? FOR UPDATE",
                &q);
    if (e)
        return e;
    db_bind_int(q, session_id);
    e = db_step(q);
    db_reset(q);
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* --- what arrived --- */

static enum err delivered(struct store *s, int64_t session_id, int64_t first,
                          int64_t last, struct store_run *out, size_t max,
                          size_t *count)
{
    struct db *db = store_db_conn(s);
    struct store_run run;
    int64_t at = first;
    size_t n = 0;
    enum err e = take_turn(s, session_id);

    if (!e)
        e = row_at(db, delivered_before, session_id, first, &run);

    if (!e && run.last < first)
        e = WS_NOTFOUND;
    while (n < max) {
        if (e == WS_NOTFOUND)
            e = row_at(db, delivered_after, session_id, at, &run);
        if (e || run.first > last)
            break;
        out[n++] = run;
        at = run.last;
        e = WS_NOTFOUND;
    }
    if (e && e != WS_NOTFOUND)
        return e;
    *count = n;
    return WS_OK;
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

/* Cut a run out of what is buried: those items arrived after all. */
static enum err unbury(struct store *s, int64_t session_id,
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

static enum err put_delivered(struct store *s, int64_t session_id,
                              struct store_run run)
{
    static const char *const sql[STORE_DIALECTS] = {
        [STORE_SQLITE] =
            "INSERT INTO delivered (session_id, first_seq, last_seq)"
            " VALUES (?,?,?) ON CONFLICT (session_id, first_seq)"
            " DO UPDATE SET last_seq = excluded.last_seq",
        [STORE_MYSQL] =
            "INSERT INTO delivered (session_id, first_seq, last_seq)"
            " VALUES (?,?,?) ON DUPLICATE KEY UPDATE"
            " last_seq = VALUES(last_seq)",
    };

    return run3(store_db_conn(s), store_db_sql(s, sql), session_id, run.first,
                run.last);
}

static enum err deliver(struct store *s, int64_t session_id,
                        struct store_run run)
{
    struct db *db = store_db_conn(s);
    struct store_run whole = run, near;
    int64_t replaced = 0;
    enum err e = take_turn(s, session_id);

    if (!e)
        e = row_at(db, delivered_before, session_id, run.last, &near);

    if (!e && near.last >= run.first)
        return WS_INVALID;
    if (!e && near.last == run.first - 1)
        whole.first = near.first;
    if (!e || e == WS_NOTFOUND)
        e = row_at(db, delivered_after, session_id, run.last, &near);
    if (!e && near.first == run.last + 1) {
        whole.last = near.last;
        e = run3(db,
                 "DELETE FROM delivered WHERE session_id = ? AND first_seq = ?"
                 " AND last_seq = ?",
                 session_id, near.first, near.last);
    }
    if (e && e != WS_NOTFOUND)
        return e;
    e = put_delivered(s, session_id, whole);
    if (!e)
        e = unbury(s, session_id, run, &replaced);
    if (!e)
        e = run3(db,
                 "UPDATE ledger SET accepted = accepted + ?2,"
                 " replaced = replaced + ?3 WHERE session_id = ?1",
                 session_id, run.last - run.first + 1, replaced);
    return e;
}

static enum err bury(struct store *s, int64_t session_id, const char *reason,
                     const struct store_run *runs, size_t run_count,
                     int64_t count)
{
    int64_t seqs = 0;
    enum err e = take_turn(s, session_id);

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
    struct db *db = store_db_conn(s);
    size_t n = 0;
    enum err e = WS_OK;

    while (n < max &&
           !(e = row_at(db, buried_after, session_id, after, &out[n])))
        after = out[n++].last;
    if (e && e != WS_NOTFOUND)
        return e;
    *count = n;
    return WS_OK;
}

const struct store_ledger_ops store_db_ledger = {
    .delivered = delivered,
    .known = store_db_ledger_known,
    .deliver = deliver,
    .bury = bury,
    .span = store_db_bury_span,
    .read = store_db_ledger_read,
    .buried = buried,
};
