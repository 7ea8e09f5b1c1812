/* store_db_deliver.c - seqs that arrived, as many runs at once as came.
 *
 * The two lanes of an agent take turns at its seqs, so what comes together is
 * seldom without gaps. The rows that the runs touch are read at once, and what
 * becomes of them is worked out here:
 *
 *   rows   [1 .. 4]   [7 8]      [12 13]        [20 ...
 *   runs         [5]        [10]        [14 .. 19]
 *   then   [1 .... 5] [7 8] [10] [12 ...............
 *
 * A row that a run lengthens keeps its key; those that it reaches on its right
 * are gone.
 */
#include "server/store/store_db_ledger.h"

#include <stdlib.h>

#define ROWS_A_RUN 4 /* read, before the runs are tried in halves */
#define INSERT_ROWS 16

struct arrival {
    struct store *s;
    struct db *db;
    int64_t session_id;
    struct store_run *rows;
    size_t row_count;
    bool more;               /* rows than were asked for: nothing was written */
    struct store_run *whole; /* what there is to write */
    bool *swallows;          /* rows on its right */
    size_t whole_count;
};

static enum err read_rows(struct arrival *a, struct store_run span, size_t most)
{
    struct db_stmt *q;
    enum err e = db_stmt(a->db,
                         "SELECT first_seq, last_seq" STORE_DB_TOUCHED(
                             "delivered") " ORDER BY first_seq LIMIT ?4",
                         &q);

    if (e)
        return e;
    db_bind_int(q, a->session_id);
    db_bind_int(q, span.first);
    db_bind_int(q, span.last + 1);
    db_bind_int(q, (int64_t)most + 1);
    while (!(e = db_step(q)) && a->row_count < most)
        a->rows[a->row_count++] =
            (struct store_run){db_int(q, 0), db_int(q, 1)};
    db_reset(q);
    a->more = !e;
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* WS_INVALID: something was delivered before. */
static enum err join(struct arrival *a, const struct store_run *runs,
                     size_t count)
{
    const struct store_run *row = a->rows, *end = a->rows + a->row_count;

    for (size_t i = 0; i < count;) {
        struct store_run w = runs[i++];
        bool swallows = false;

        while (row < end && row->last < w.first - 1)
            row++;
        if (row < end && row->last == w.first - 1)
            w.first = row++->first;
        for (;;) {
            if (row < end && row->first == w.last + 1) {
                w.last = row++->last;
                swallows = true;
            } else if (i < count && runs[i].first == w.last + 1) {
                w.last = runs[i++].last;
            } else {
                break;
            }
        }
        if ((row < end && row->first <= w.last) ||
            (i < count && runs[i].first <= w.last))
            return WS_INVALID;
        a->swallows[a->whole_count] = swallows;
        a->whole[a->whole_count++] = w;
    }
    return WS_OK;
}

/* --- writing --- */

static enum err end_swallowed(struct arrival *a, const struct store_run *w)
{
    struct db_stmt *q;
    enum err e = db_stmt(a->db,
                         "DELETE FROM delivered WHERE session_id = ?"
                         " AND first_seq > ? AND first_seq <= ?",
                         &q);

    if (e)
        return e;
    db_bind_int(q, a->session_id);
    db_bind_int(q, w->first);
    db_bind_int(q, w->last);
    return db_run(q);
}

#define HEAD "INSERT INTO delivered (session_id, first_seq, last_seq) VALUES "
#define ROW "(?,?,?)"
#define FOUR ROW "," ROW "," ROW "," ROW
#define MANY FOUR "," FOUR "," FOUR "," FOUR /* INSERT_ROWS */
#define LONGER_SQLITE                                                          \
    " ON CONFLICT (session_id, first_seq) DO UPDATE SET"                       \
    " last_seq = excluded.last_seq"
#define LONGER_MYSQL " ON DUPLICATE KEY UPDATE last_seq = VALUES(last_seq)"

static enum err put_rows(struct arrival *a, const struct store_run *w, size_t n)
{
    static const char *const one[STORE_DIALECTS] = {
        [STORE_SQLITE] = HEAD ROW LONGER_SQLITE,
        [STORE_MYSQL] = HEAD ROW LONGER_MYSQL,
    };
    static const char *const many[STORE_DIALECTS] = {
        [STORE_SQLITE] = HEAD MANY LONGER_SQLITE,
        [STORE_MYSQL] = HEAD MANY LONGER_MYSQL,
    };
    struct db_stmt *q;
    enum err e = db_stmt(a->db, store_db_sql(a->s, n == 1 ? one : many), &q);

    if (e)
        return e;
    for (size_t i = 0; i < n; i++) {
        db_bind_int(q, a->session_id);
        db_bind_int(q, w[i].first);
        db_bind_int(q, w[i].last);
    }
    return db_run(q);
}

static enum err put_whole(struct arrival *a)
{
    enum err e = WS_OK;
    size_t n;

    for (size_t i = 0; !e && i < a->whole_count; i++)
        if (a->swallows[i])
            e = end_swallowed(a, &a->whole[i]);
    for (size_t i = 0; !e && i < a->whole_count; i += n) {
        n = a->whole_count - i >= INSERT_ROWS ? INSERT_ROWS : 1;
        e = put_rows(a, &a->whole[i], n);
    }
    return e;
}

/* --- tombstones of what arrived after all --- */

static enum err any_buried(struct arrival *a, struct store_run span, bool *any)
{
    struct db_stmt *q;
    enum err e = db_stmt(
        a->db,
        "SELECT 1" STORE_DB_TOUCHED("buried") " AND last_seq >= ?2 LIMIT 1",
        &q);

    if (e)
        return e;
    db_bind_int(q, a->session_id);
    db_bind_int(q, span.first);
    db_bind_int(q, span.last);
    e = db_step(q);
    db_reset(q);
    *any = e == WS_OK;
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err count_arrived(struct arrival *a, const struct store_run *runs,
                              size_t count)
{
    int64_t seqs = 0, replaced = 0;
    struct db_stmt *q;
    bool any;
    enum err e = any_buried(
        a, (struct store_run){runs[0].first, runs[count - 1].last}, &any);

    for (size_t i = 0; !e && i < count; i++) {
        seqs += runs[i].last - runs[i].first + 1;
        if (any)
            e = store_db_ledger_unbury(a->s, a->session_id, runs[i], &replaced);
    }
    if (!e)
        e = db_stmt(a->db,
                    "UPDATE ledger SET accepted = accepted + ?2,"
                    " replaced = replaced + ?3 WHERE session_id = ?1",
                    &q);
    if (e)
        return e;
    db_bind_int(q, a->session_id);
    db_bind_int(q, seqs);
    db_bind_int(q, replaced);
    return db_run(q);
}

/* --- a group of runs --- */

static enum err arrive(struct arrival *a, const struct store_run *runs,
                       size_t count)
{
    const size_t most = ROWS_A_RUN * count;
    enum err e;

    a->rows = calloc(most, sizeof *a->rows);
    a->whole = calloc(count, sizeof *a->whole);
    a->swallows = calloc(count, sizeof *a->swallows);
    if (!a->rows || !a->whole || !a->swallows)
        return WS_NOMEM;
    e = read_rows(a, (struct store_run){runs[0].first, runs[count - 1].last},
                  most);
    if (e || a->more)
        return e;
    e = join(a, runs, count);
    if (!e)
        e = put_whole(a);
    return e ? e : count_arrived(a, runs, count);
}

/* Few runs over many rows are tried in halves: one touches two rows, or it was
 * delivered before. */
static enum err deliver(struct store *s, int64_t session_id,
                        const struct store_run *runs, size_t count)
{
    struct arrival a = {
        .s = s, .db = store_db_conn(s), .session_id = session_id};
    enum err e = arrive(&a, runs, count);

    free(a.rows);
    free(a.whole);
    free(a.swallows);
    if (e || !a.more)
        return e;
    if (count == 1)
        return WS_INVALID;
    e = deliver(s, session_id, runs, count / 2);
    return e ? e : deliver(s, session_id, runs + count / 2, count - count / 2);
}

enum err store_db_deliver(struct store *s, int64_t session_id,
                          const struct store_run *runs, size_t count)
{
    enum err e = store_db_ledger_turn(s, session_id);

    return e || !count ? e : deliver(s, session_id, runs, count);
}
