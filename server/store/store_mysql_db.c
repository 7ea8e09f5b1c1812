/* store_mysql_db.c - MySQL behind core/db.h: statements found again by the
 * address of their text, transactions, texts of several statements. */
#include "server/store/store_mysql_db.h"

#include "core/buf.h"
#include "core/log.h"
#include "server/store/store_mysql_stmt.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 64
#define ROWS_MOST 256
#define ROWS_EXACT 64       /* one statement a size up to here */
#define ROWS_STEP 16        /* and from there one every so many */
#define ROWS_ARRAY SIZE_MAX /* the size of a statement for arrays */

struct entry {
    const void *key; /* the text's or the rows' address */
    size_t rows;     /* 0: a statement as it stands */
    struct store_mysql_stmt *stmt;
    struct entry *next;
};

struct conn {
    struct db base;
    struct store_mysql_conn to;
    struct entry *buckets[BUCKETS];
};

static struct conn *conn_of(struct db *db)
{
    return (struct conn *)db;
}

static const struct db_driver driver;

static size_t bucket_of(const void *key, size_t rows)
{
    uintptr_t v = (uintptr_t)key;

    return (size_t)((v >> 3) ^ (v >> 9) ^ rows) % BUCKETS;
}

static struct store_mysql_stmt *find(struct conn *db, const void *key,
                                     size_t rows)
{
    struct entry *at = db->buckets[bucket_of(key, rows)];

    while (at && (at->key != key || at->rows != rows))
        at = at->next;
    return at ? at->stmt : NULL;
}

static enum err make(struct conn *db, const void *key, size_t rows,
                     const char *name, const char *text,
                     struct store_mysql_stmt **out)
{
    struct entry **bucket = &db->buckets[bucket_of(key, rows)];
    OWN_FREE struct entry *at = calloc(1, sizeof(*at));
    enum err e;

    if (!at)
        return WS_NOMEM;
    e = store_mysql_stmt_open(&at->stmt, &db->to, name, text);
    if (e)
        return e;
    at->key = key;
    at->rows = rows;
    at->next = *bucket;
    *out = at->stmt;
    *bucket = TAKE(at);
    return WS_OK;
}

static enum err get_stmt(struct db *base, const char *sql, struct db_stmt **out)
{
    struct conn *db = conn_of(base);
    struct store_mysql_stmt *s = find(db, sql, 0);
    enum err e = s ? WS_OK : make(db, sql, 0, sql, sql, &s);

    if (!e)
        *out = store_mysql_stmt_fresh(s, &driver);
    return e;
}

static enum err build_rows(const struct store_db_many *sql, size_t rows,
                           struct buf *out)
{
    buf_printf(out, "%s", sql->head);
    for (size_t i = 0; i < rows; i++)
        buf_printf(out, "%s%s", i ? "," : "", sql->row);
    buf_printf(out, "%s", sql->tail);
    return buf_check(out);
}

enum err store_mysql_db_rows(struct db *base, const struct store_db_many *sql,
                             size_t rows, struct db_stmt **out)
{
    struct conn *db = conn_of(base);
    bool array = db->to.takes_arrays && strncmp(sql->head, "INSERT", 6) == 0;
    size_t size = array ? ROWS_ARRAY : rows;
    struct store_mysql_stmt *s = find(db, sql, size);
    OWN_BUF struct buf text = BUF_EMPTY;
    enum err e = WS_OK;

    if (!s)
        e = build_rows(sql, array ? 1 : rows, &text);
    if (!s && !e)
        e = make(db, sql, size, sql->head, buf_text(&text), &s);
    if (e)
        return e;
    *out = store_mysql_stmt_fresh(s, &driver);
    return array ? store_mysql_stmt_rows(*out, rows) : WS_OK;
}

size_t store_mysql_db_take(const struct db *db, size_t left)
{
    if (left >= ROWS_MOST)
        return ROWS_MOST;
    if (((const struct conn *)db)->to.takes_arrays)
        return left;
    return left <= ROWS_EXACT ? left : left - left % ROWS_STEP;
}

size_t store_mysql_db_packet(const struct db *db)
{
    return ((const struct conn *)db)->to.packet_bytes;
}

/* --- transactions and texts --- */

/* Statements end with a semicolon at the end of a line. */
static enum err exec(struct db *base, const char *sql)
{
    struct conn *db = conn_of(base);
    enum err e = store_mysql_conn_ready(&db->to);

    if (!e) /* what makes tables ends the transaction that it stands in */
        e = store_mysql_conn_guard(&db->to, false);
    while (!e && *sql) {
        const char *end = strstr(sql, ";\n");
        OWN_FREE char *one =
            strndup(sql, end ? (size_t)(end - sql) : strlen(sql));

        if (!one)
            return WS_NOMEM;
        if (one[strspn(one, " \n")])
            e = store_mysql_conn_query(&db->to, one);
        sql = end ? end + 2 : sql + strlen(sql);
    }
    return e;
}

static enum err start(struct store_mysql_conn *to)
{
    enum err e = store_mysql_conn_ready(to);

    if (!e)
        e = store_mysql_conn_guard(to, true);
    if (!e)
        e = store_mysql_conn_query(to, to->read_only
                                           ? "START TRANSACTION"
                                           : "START TRANSACTION READ WRITE");
    return e;
}

static enum err begin(struct db *base)
{
    struct store_mysql_conn *to = &conn_of(base)->to;
    enum err e;

    to->in_transaction = false;
    e = start(to);
    if (e && to->lost)
        e = start(to);
    to->in_transaction = !e;
    return e;
}

static enum err commit(struct db *base)
{
    struct store_mysql_conn *to = &conn_of(base)->to;
    enum err e;

    if (to->lost || !to->raw)
        return WS_IO;
    if (to->guarded && !store_mysql_conn_is_open(to)) {
        log_info("db_again",
                 "%s: the node ended the transaction, to be replayed, at: "
                 "COMMIT",
                 to->url->shown);
        return WS_AGAIN;
    }
    e = store_mysql_conn_query(to, "COMMIT");
    if (!e)
        to->in_transaction = false;
    return e == WS_OK || e == WS_AGAIN || e == WS_FULL ? e : WS_IO;
}

static void rollback(struct db *base)
{
    struct store_mysql_conn *to = &conn_of(base)->to;

    if (to->in_transaction && to->raw && !to->lost &&
        store_mysql_conn_query(to, "ROLLBACK"))
        to->lost = true; /* its end is not known: a new connection has none */
    to->in_transaction = false;
}

static int64_t changes(const struct db *db)
{
    return ((const struct conn *)db)->to.changes;
}

static int64_t last_rowid(const struct db *db)
{
    (void)db;
    return 0; /* ids are made before the insert */
}

static const char *error(const struct db *db)
{
    MYSQL *raw = ((const struct conn *)db)->to.raw;

    return raw ? mysql_error(raw) : "not connected";
}

static void close_conn(struct db *base)
{
    struct conn *db = conn_of(base);
    struct entry *at;

    for (size_t i = 0; i < BUCKETS; i++)
        while ((at = db->buckets[i])) {
            db->buckets[i] = at->next;
            store_mysql_stmt_close(at->stmt);
            free(at);
        }
    store_mysql_conn_drop(&db->to);
    store_mysql_url_close(db->to.url);
    free(db);
}

static const struct db_driver driver = {
    .close = close_conn,
    .exec = exec,
    .stmt = get_stmt,
    .bind_int = store_mysql_stmt_bind_int,
    .bind_number = store_mysql_stmt_bind_number,
    .bind_text = store_mysql_stmt_bind_text,
    .bind_blob = store_mysql_stmt_bind_blob,
    .bind_null = store_mysql_stmt_bind_null,
    .step = store_mysql_stmt_step,
    .reset = store_mysql_stmt_reset,
    .run = store_mysql_stmt_run,
    .read_int = store_mysql_stmt_int,
    .read_number = store_mysql_stmt_number,
    .read_text = store_mysql_stmt_text,
    .read_blob = store_mysql_stmt_blob,
    .is_null = store_mysql_stmt_is_null,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .changes = changes,
    .last_rowid = last_rowid,
    .error = error,
};

enum err store_mysql_db_open(struct db **out, const char *where, unsigned flags)
{
    OWN(db_close)
    struct db *db = calloc(1, sizeof(struct conn));
    enum err e;

    if (!db)
        return WS_NOMEM;
    db->driver = &driver;
    e = store_mysql_url_open(&conn_of(db)->to.url, where);
    if (e)
        return e;
    conn_of(db)->to.read_only = (flags & DB_READONLY) != 0;
    e = store_mysql_conn_ready(&conn_of(db)->to);
    if (e)
        return e;
    *out = TAKE(db);
    return WS_OK;
}
