/* store_db_bury.c - seqs that will not come.
 *
 * What a tombstone touches of both tables is read at once, in order; what
 * lies between those rows and in one of its runs is new, and is buried:
 *
 *   rows   [1 .... 40]       [43 ... 50] [51]              [60 ...
 *   runs           [35 ............................ 55]
 *   new               [41 42]                [52 .. 55]
 *
 * A new run right behind a buried one of the same reason lengthens it. So the
 * price is that of the rows in the span, which is bounded: a session that
 * delivers every other seq can't make everybody wait for its tombstones.
 */
#include "server/store/store_db_ledger.h"

#include <stdlib.h>
#include <string.h>

#define SPAN_LIMIT " LIMIT 4097" /* STORE_LEDGER_SPAN + 1, of each table */
/* Those of the same transaction may have added rows since they were counted. */
#define READ_ROWS ((size_t)16384)
#define READ_LIMIT " LIMIT 16385"
#define INSERT_ROWS 16 /* a statement */

struct row {
    int64_t first, last;
    bool same; /* buried for the same reason */
};

struct grave {
    int64_t first, last;
    const struct row *before; /* to be lengthened, or NULL */
};

struct burial {
    struct db *db;
    int64_t session_id;
    const char *reason;
    struct store_run *runs; /* sorted, apart */
    size_t run_count;
    struct row *rows;
    size_t row_count;
    struct grave *graves;
    size_t grave_count;
};

static void burial_fini(struct burial *b)
{
    free(b->runs);
    free(b->rows);
    free(b->graves);
}

static int by_first(const void *a, const void *b)
{
    const struct store_run *x = a, *y = b;

    return (x->first > y->first) - (x->first < y->first);
}

/* The runs in order, those that overlap or are neighbours as one. */
static enum err sort_runs(struct burial *b, const struct store_run *runs,
                          size_t count)
{
    size_t n = 0;

    b->runs = calloc(count + 1, sizeof *b->runs);
    if (!b->runs)
        return WS_NOMEM;
    memcpy(b->runs, runs, count * sizeof *runs);
    qsort(b->runs, count, sizeof *b->runs, by_first);
    for (size_t i = 0; i < count; i++)
        if (n && b->runs[i].first <= b->runs[n - 1].last + 1)
            b->runs[n - 1].last = b->runs[i].last > b->runs[n - 1].last
                                      ? b->runs[i].last
                                      : b->runs[n - 1].last;
        else
            b->runs[n++] = b->runs[i];
    b->run_count = n;
    return WS_OK;
}

static enum err read_rows(struct burial *b)
{
    static const char sql[] =
        "SELECT d.first_seq, d.last_seq, d.same FROM (SELECT first_seq,"
        " last_seq, 0 AS same" STORE_DB_TOUCHED(
            "delivered") " ORDER BY first_seq" READ_LIMIT ") AS d UNION ALL"
                         " SELECT b.first_seq, b.last_seq, b.same FROM (SELECT "
                         "first_seq,"
                         " last_seq, reason = ?4 AS same" STORE_DB_TOUCHED(
                             "buried") " ORDER BY first_seq" READ_LIMIT
                                       ") AS b ORDER BY 1";
    struct db_stmt *q;
    enum err e = db_stmt(b->db, sql, &q);

    b->rows = calloc(2 * (READ_ROWS + 1), sizeof *b->rows);
    if (e || !b->rows)
        return e ? e : WS_NOMEM;
    db_bind_int(q, b->session_id);
    db_bind_int(q, b->runs[0].first);
    db_bind_int(q, b->runs[b->run_count - 1].last);
    db_bind_text(q, b->reason);
    while (!(e = db_step(q)))
        b->rows[b->row_count++] =
            (struct row){db_int(q, 0), db_int(q, 1), db_int(q, 2) != 0};
    if (e != WS_NOTFOUND)
        return e;
    return b->row_count > READ_ROWS ? WS_INVALID : WS_OK;
}

/* The parts of one run that no row holds; *i is the first row that may. */
static void dig(struct burial *b, const struct store_run *run, size_t *i)
{
    int64_t at = run->first;

    while (at <= run->last) {
        struct grave g = {.first = at, .last = run->last};

        while (*i < b->row_count && b->rows[*i].last < at)
            ++*i;
        if (*i < b->row_count && b->rows[*i].first <= at) {
            at = b->rows[*i].last + 1;
            continue;
        }
        if (*i < b->row_count && b->rows[*i].first <= run->last)
            g.last = b->rows[*i].first - 1;
        if (*i && b->rows[*i - 1].same && b->rows[*i - 1].last == at - 1)
            g.before = &b->rows[*i - 1];
        b->graves[b->grave_count++] = g;
        at = g.last + 1;
    }
}

static enum err lengthen(struct burial *b, const struct grave *g)
{
    struct db_stmt *q;
    enum err e = db_stmt(b->db,
                         "UPDATE buried SET last_seq = ?3"
                         " WHERE session_id = ?1 AND first_seq = ?2",
                         &q);

    if (e)
        return e;
    db_bind_int(q, b->session_id);
    db_bind_int(q, g->before->first);
    db_bind_int(q, g->last);
    return db_run(q);
}

static enum err insert(struct burial *b, const struct grave *graves, size_t n)
{
#define HEAD                                                                   \
    "INSERT INTO buried (session_id, first_seq, last_seq, reason) VALUES "
#define ROW "(?,?,?,?)"
#define FOUR "," ROW "," ROW "," ROW "," ROW
    static const char one[] = HEAD ROW;
    static const char many[] =
        HEAD ROW "," ROW "," ROW "," ROW FOUR FOUR FOUR; /* INSERT_ROWS */
    struct db_stmt *q;
    enum err e = db_stmt(b->db, n == 1 ? one : many, &q);

    if (e)
        return e;
    for (size_t i = 0; i < n; i++) {
        db_bind_int(q, b->session_id);
        db_bind_int(q, graves[i].first);
        db_bind_int(q, graves[i].last);
        db_bind_text(q, b->reason);
    }
    return db_run(q);
}

/* Lengthened ones first; what is left stands together then. */
static enum err put_graves(struct burial *b)
{
    size_t left = 0, n;
    enum err e = WS_OK;

    for (size_t i = 0; !e && i < b->grave_count; i++)
        if (b->graves[i].before)
            e = lengthen(b, &b->graves[i]);
        else
            b->graves[left++] = b->graves[i];
    for (size_t i = 0; !e && i < left; i += n) {
        n = left - i >= INSERT_ROWS ? INSERT_ROWS : 1;
        e = insert(b, &b->graves[i], n);
    }
    return e;
}

static enum err bury(struct burial *b, int64_t *seqs)
{
    size_t at = 0;
    enum err e = read_rows(b);

    if (e)
        return e;
    b->graves = calloc(b->row_count + b->run_count, sizeof *b->graves);
    if (!b->graves)
        return WS_NOMEM;
    for (size_t i = 0; i < b->run_count; i++)
        dig(b, &b->runs[i], &at);
    for (size_t i = 0; i < b->grave_count; i++)
        *seqs += b->graves[i].last - b->graves[i].first + 1;
    return put_graves(b);
}

enum err store_db_bury(struct store *s, int64_t session_id, const char *reason,
                       const struct store_run *runs, size_t run_count,
                       int64_t *seqs)
{
    struct burial b = {
        .db = store_db_conn(s), .session_id = session_id, .reason = reason};
    enum err e = WS_OK;

    *seqs = 0;
    if (run_count == 0)
        return WS_OK;
    e = sort_runs(&b, runs, run_count);
    if (!e)
        e = bury(&b, seqs);
    burial_fini(&b);
    return e;
}

enum err store_db_bury_span(struct store *s, int64_t session_id,
                            const struct store_run *runs, size_t run_count)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM (SELECT 1" STORE_DB_TOUCHED("delivered")
            SPAN_LIMIT
        ") AS d) + (SELECT count(*) FROM (SELECT 1" STORE_DB_TOUCHED("buried")
            SPAN_LIMIT ") AS b)";
    struct store_run span = {INT64_MAX, 0};
    struct db_stmt *q;
    int64_t rows;
    enum err e;

    for (size_t i = 0; i < run_count; i++) {
        span.first = runs[i].first < span.first ? runs[i].first : span.first;
        span.last = runs[i].last > span.last ? runs[i].last : span.last;
    }
    e = db_stmt(store_db_conn(s), sql, &q);
    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, span.first);
    db_bind_int(q, span.last);
    e = db_step(q);
    if (e)
        return e;
    rows = db_int(q, 0);
    db_reset(q);
    return rows > STORE_LEDGER_SPAN ? WS_FULL : WS_OK;
}
