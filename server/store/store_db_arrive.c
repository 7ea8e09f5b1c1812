/* store_db_arrive.c - seqs that arrive: what is known of them is read before
 * the facts are put, what became of it is written after them.
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
 * are gone. Statements are about many sessions at a time.
 */
#include "server/store/store_db_ledger.h"

#include <stdlib.h>

#define ROWS_A_RUN 4 /* read, before the runs are tried in halves */

struct sitting { /* a session, as its turn at the ledger found it */
    int64_t session_id;
    bool buried;           /* it has tombstones */
    size_t run, run_count; /* of those that arrive */
    size_t row, row_count;
};

struct three { /* what the statements of many rows bind */
    int64_t session_id, a, b;
};

struct arrivals {
    struct store_arrivals base;
    struct db *db;
    struct sitting *sittings;
    size_t sitting_count;
    struct store_seqs *rows; /* that runs touch; by session, in order */
    size_t row_count, row_room;
    struct three *whole; /* rows to write: first and last seq */
    size_t whole_count;
    struct three *sums; /* of the ledger: seqs that arrived, replaced ones */
    size_t sum_count;
};

static struct arrivals *arrivals_of(struct store_arrivals *a)
{
    return (struct arrivals *)(void *)a; /* it begins with it */
}

static void arrivals_close(struct arrivals *a)
{
    if (!a)
        return;
    free(a->sittings);
    free(a->rows);
    free(a->whole);
    free(a->sums);
    free(a);
}
OWN_DEFINE(arrivals_close, struct arrivals *)

void store_db_arrivals_close(struct store_arrivals *a)
{
    arrivals_close(arrivals_of(a));
}

/* How many of `runs` are of the first one's session. */
static size_t same_session(const struct store_seqs *runs, size_t count)
{
    size_t n = 1;

    while (n < count && runs[n].session_id == runs[0].session_id)
        n++;
    return n;
}

/* --- statements of many rows ---
 *
 * Few sizes are prepared: what is left of a size is filled with its last row
 * again, which changes nothing.
 */

#define MANY 16

static size_t size_for(size_t left)
{
    return left == 1 ? 1 : MANY;
}

/* The row for a place of a statement that has `n` of its own. */
static size_t row_at(size_t place, size_t n)
{
    return place < n ? place : n - 1;
}

#define TIMES_16(x)                                                            \
    x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x "," x  \
      "," x "," x "," x

/* --- taking turns: writers of several processes join the same rows --- */

#define TURN                                                                   \
    "SELECT session_id, tombstoned > replaced FROM ledger WHERE session_id"
#define TURN_ONE TURN " = ?"
#define TURN_MANY TURN " IN (" TIMES_16("?") ") ORDER BY session_id"

static enum err take_turns(struct arrivals *a, struct sitting *list, size_t n)
{
    static const char *const sql[2][STORE_DIALECTS] = {
        {[STORE_SQLITE] = TURN_ONE, [STORE_MYSQL] = TURN_ONE " FOR UPDATE"},
        {[STORE_SQLITE] = TURN_MANY, [STORE_MYSQL] = TURN_MANY " FOR UPDATE"},
    };
    size_t size = size_for(n), at = 0;
    struct db_stmt *q;
    enum err e = db_stmt(a->db, store_db_sql(a->base.s, sql[size > 1]), &q);

    if (e)
        return e;
    for (size_t i = 0; i < size; i++)
        db_bind_int(q, list[row_at(i, n)].session_id);
    while (!(e = db_step(q))) {
        while (at < n && list[at].session_id < db_int(q, 0))
            at++;
        if (at < n && list[at].session_id == db_int(q, 0))
            list[at].buried = db_int(q, 1) != 0;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err store_db_ledger_turn(struct store *s, int64_t session_id)
{
    struct arrivals a = {.base.s = s, .db = store_db_conn(s)};
    struct sitting one = {.session_id = session_id};

    return take_turns(&a, &one, 1);
}

/* --- reading --- */

static enum err add_row(struct arrivals *a, int64_t session_id,
                        struct store_run run)
{
    const struct store_seqs *last =
        a->row_count ? &a->rows[a->row_count - 1] : NULL;

    if (last && last->session_id == session_id && last->run.first >= run.first)
        return WS_OK; /* the half before touches it too */
    if (a->row_count == a->row_room) {
        size_t room = a->row_room ? 2 * a->row_room : 64;
        struct store_seqs *more = realloc(a->rows, room * sizeof *more);

        if (!more)
            return WS_NOMEM;
        a->rows = more;
        a->row_room = room;
    }
    a->rows[a->row_count++] = (struct store_seqs){session_id, run};
    return WS_OK;
}

/* The rows from the one that touches the first run to the one that touches the
 * last; *more: there are more than `most`. */
static enum err read_span(struct arrivals *a, const struct store_seqs *runs,
                          size_t count, int64_t most, bool *more)
{
    struct db_stmt *q;
    int64_t n = 0;
    enum err e = db_stmt(a->db,
                         "SELECT first_seq, last_seq" STORE_DB_TOUCHED(
                             "delivered") " ORDER BY first_seq LIMIT ?4",
                         &q);

    if (e)
        return e;
    db_bind_int(q, runs->session_id);
    db_bind_int(q, runs[0].run.first);
    db_bind_int(q, runs[count - 1].run.last + 1);
    db_bind_int(q, most + 1);
    while (!(e = db_step(q)) && n++ < most) {
        e = add_row(a, runs->session_id,
                    (struct store_run){db_int(q, 0), db_int(q, 1)});
        if (e)
            break;
    }
    db_reset(q);
    *more = e == WS_OK;
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* Few runs over many rows are read in halves: one run touches no more rows
 * than it has seqs, and its two neighbours. */
static enum err read_rows(struct arrivals *a, const struct store_seqs *runs,
                          size_t count)
{
    size_t before = a->row_count;
    int64_t most = count > 1 ? ROWS_A_RUN * (int64_t)count
                             : runs->run.last - runs->run.first + 3;
    bool more;
    enum err e = read_span(a, runs, count, most, &more);

    if (e || !more)
        return e;
    if (count == 1)
        return WS_CORRUPT;
    a->row_count = before;
    e = read_rows(a, runs, count / 2);
    return e ? e : read_rows(a, runs + count / 2, count - count / 2);
}

/* Most sessions have a row or two: those of several sessions are read at once,
 * whatever the runs touch. False in *all: they are too many for that. */
static enum err read_few(struct arrivals *a, const struct sitting *list,
                         size_t n, bool *all)
{
    const size_t before = a->row_count;
    struct db_stmt *q;
    enum err e = db_stmt(a->db,
                         "SELECT session_id, first_seq, last_seq"
                         " FROM delivered WHERE session_id IN (" TIMES_16(
                             "?") ") ORDER BY session_id, first_seq LIMIT ?",
                         &q);

    if (e)
        return e;
    for (size_t i = 0; i < MANY; i++)
        db_bind_int(q, list[row_at(i, n)].session_id);
    db_bind_int(q, ROWS_A_RUN * MANY + 1);
    while (!(e = db_step(q)) && a->row_count - before < ROWS_A_RUN * MANY) {
        e = add_row(a, db_int(q, 0),
                    (struct store_run){db_int(q, 1), db_int(q, 2)});
        if (e)
            break;
    }
    db_reset(q);
    *all = e == WS_NOTFOUND;
    if (!e)
        a->row_count = before;
    return *all ? WS_OK : e;
}

static enum err read_sittings(struct arrivals *a, const struct sitting *list,
                              size_t n, const struct store_seqs *runs)
{
    bool all = false;
    enum err e = n > 1 ? read_few(a, list, n, &all) : WS_OK;

    for (size_t i = 0; !e && !all && i < n; i++)
        e = read_rows(a, &runs[list[i].run], list[i].run_count);
    return e;
}

static enum err sit(struct arrivals *a, const struct store_seqs *runs,
                    size_t count)
{
    a->sittings = calloc(count, sizeof *a->sittings);
    if (!a->sittings)
        return WS_NOMEM;
    for (size_t i = 0, n; i < count; i += n) {
        n = same_session(&runs[i], count - i);
        a->sittings[a->sitting_count++] =
            (struct sitting){.session_id = runs[i].session_id,
                             .buried = true,
                             .run = i,
                             .run_count = n};
    }
    return WS_OK;
}

/* The rows were read in the order of the sittings. */
static void deal_rows(struct arrivals *a)
{
    size_t at = 0;

    for (size_t i = 0; i < a->sitting_count; i++) {
        struct sitting *of = &a->sittings[i];

        of->row = at;
        while (at < a->row_count && a->rows[at].session_id == of->session_id)
            at++;
        of->row_count = at - of->row;
    }
}

static size_t some(size_t left)
{
    return left < MANY ? left : MANY;
}

enum err store_db_arrivals_open(struct store_arrivals **out, struct store *s,
                                const struct store_seqs *runs, size_t count)
{
    OWN(arrivals_close)
    struct arrivals *a = calloc(1, sizeof *a);
    enum err e;

    if (!a)
        return WS_NOMEM;
    a->base.s = s;
    a->db = store_db_conn(s);
    e = sit(a, runs, count);
    for (size_t i = 0; !e && i < a->sitting_count; i += MANY)
        e = take_turns(a, &a->sittings[i], some(a->sitting_count - i));
    for (size_t i = 0; !e && i < a->sitting_count; i += MANY)
        e = read_sittings(a, &a->sittings[i], some(a->sitting_count - i), runs);
    if (e)
        return e;
    deal_rows(a);
    *out = &TAKE(a)->base;
    return WS_OK;
}

const struct store_seqs *
store_db_arrivals_rows(const struct store_arrivals *base, size_t *count)
{
    const struct arrivals *a = (const struct arrivals *)(const void *)base;

    *count = a->row_count;
    return a->rows;
}

/* --- joining --- */

static enum err end_swallowed(struct arrivals *a, const struct store_seqs *w)
{
    struct db_stmt *q;
    enum err e = db_stmt(a->db,
                         "DELETE FROM delivered WHERE session_id = ?"
                         " AND first_seq > ? AND first_seq <= ?",
                         &q);

    if (e)
        return e;
    db_bind_int(q, w->session_id);
    db_bind_int(q, w->run.first);
    db_bind_int(q, w->run.last);
    return db_run(q);
}

/* The runs of one session become rows. WS_INVALID: something was delivered
 * before. */
static enum err join(struct arrivals *a, const struct sitting *of,
                     const struct store_seqs *runs, size_t count)
{
    const struct store_seqs *row = a->rows + of->row,
                            *end = row + of->row_count;
    enum err e = WS_OK;

    for (size_t i = 0; !e && i < count;) {
        struct store_seqs w = runs[i++];
        bool swallows = false;

        while (row < end && row->run.last < w.run.first - 1)
            row++;
        if (row < end && row->run.last == w.run.first - 1)
            w.run.first = row++->run.first;
        for (;;) {
            if (row < end && row->run.first == w.run.last + 1) {
                w.run.last = row++->run.last;
                swallows = true;
            } else if (i < count && runs[i].run.first == w.run.last + 1) {
                w.run.last = runs[i++].run.last;
            } else {
                break;
            }
        }
        if ((row < end && row->run.first <= w.run.last) ||
            (i < count && runs[i].run.first <= w.run.last))
            return WS_INVALID;
        a->whole[a->whole_count++] =
            (struct three){w.session_id, w.run.first, w.run.last};
        if (swallows)
            e = end_swallowed(a, &w);
    }
    return e;
}

/* --- writing --- */

struct many {
    const char *one[STORE_DIALECTS], *many[STORE_DIALECTS];
    bool adds; /* a row twice is added twice: fill with zeros */
};

#define PUT(head, sqlite, mysql)                                               \
    .one = {[STORE_SQLITE] = head "(?,?,?)" sqlite,                            \
            [STORE_MYSQL] = head "(?,?,?)" mysql},                             \
    .many = {[STORE_SQLITE] = head TIMES_16("(?,?,?)") sqlite,                 \
             [STORE_MYSQL] = head TIMES_16("(?,?,?)") mysql}

static const struct many put_rows = {
    PUT("INSERT INTO delivered (session_id, first_seq, last_seq) VALUES ",
        " ON CONFLICT (session_id, first_seq) DO UPDATE SET"
        " last_seq = excluded.last_seq",
        " ON DUPLICATE KEY UPDATE last_seq = VALUES(last_seq)"),
};

static const struct many add_sums = {
    PUT("INSERT INTO ledger (session_id, accepted, replaced) VALUES ",
        " ON CONFLICT (session_id) DO UPDATE SET"
        " accepted = accepted + excluded.accepted,"
        " replaced = replaced + excluded.replaced",
        " ON DUPLICATE KEY UPDATE accepted = accepted + VALUES(accepted),"
        " replaced = replaced + VALUES(replaced)"),
    .adds = true,
};

static enum err write_some(struct arrivals *a, const struct many *sql,
                           const struct three *rows, size_t n)
{
    size_t size = size_for(n);
    struct db_stmt *q;
    enum err e = db_stmt(
        a->db, store_db_sql(a->base.s, size > 1 ? sql->many : sql->one), &q);

    if (e)
        return e;
    for (size_t i = 0; i < size; i++) {
        const struct three *r = &rows[row_at(i, n)];
        bool zero = sql->adds && i >= n;

        db_bind_int(q, r->session_id);
        db_bind_int(q, zero ? 0 : r->a);
        db_bind_int(q, zero ? 0 : r->b);
    }
    return db_run(q);
}

static enum err write_all(struct arrivals *a, const struct many *sql,
                          const struct three *rows, size_t count)
{
    enum err e = WS_OK;

    for (size_t i = 0; !e && i < count; i += MANY)
        e = write_some(a, sql, &rows[i], some(count - i));
    return e;
}

/* Join the runs of one session, and take them out of what is buried. */
static enum err arrive(struct arrivals *a, const struct sitting *of,
                       const struct store_seqs *runs, size_t count)
{
    struct three *sum = &a->sums[a->sum_count++];
    enum err e = join(a, of, runs, count);

    sum->session_id = of->session_id;
    for (size_t i = 0; !e && i < count; i++) {
        sum->a += runs[i].run.last - runs[i].run.first + 1;
        if (of->buried)
            e = store_db_ledger_unbury(a->base.s, of->session_id, runs[i].run,
                                       &sum->b);
    }
    return e;
}

enum err store_db_arrivals_put(struct store_arrivals *base,
                               const struct store_seqs *runs, size_t count)
{
    struct arrivals *a = arrivals_of(base);
    const struct sitting *of = a->sittings, *end = of + a->sitting_count;
    enum err e = WS_OK;

    a->whole = calloc(count + 1, sizeof *a->whole);
    a->sums = calloc(count + 1, sizeof *a->sums);
    if (!a->whole || !a->sums)
        return WS_NOMEM;
    for (size_t i = 0, n; !e && i < count; i += n) {
        n = same_session(&runs[i], count - i);
        while (of < end && of->session_id < runs[i].session_id)
            of++;
        if (of == end || of->session_id != runs[i].session_id)
            return WS_INVALID; /* it did not take its turn */
        e = arrive(a, of, &runs[i], n);
    }
    if (!e)
        e = write_all(a, &put_rows, a->whole, a->whole_count);
    return e ? e : write_all(a, &add_sums, a->sums, a->sum_count);
}
