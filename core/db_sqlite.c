/* db_sqlite.c - SQLite behind db.h: error codes and cached statements.
 *
 * Source:  sqlite.org/rescode.html (extended codes), sqlite.org/wal.html;
 *          rigs.md: one connection writes and checkpoints, never mmap_size
 *
 * A statement is found again by the address of its text, so a hot path pays
 * one hash of a pointer and no parsing. A reset costs nothing by itself, but
 * a statement left in the middle of its rows would hold a read transaction
 * open and pin the WAL: db_step() therefore resets at the end of the rows and
 * on errors, and db_stmt() before it hands a statement out again.
 */
#include "core/db_driver.h"

#include "core/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DB_BUCKETS 64
#define DB_BUSY_MS 2000

struct stmt {
    struct db_stmt base;
    struct conn *db;
    const char *text; /* the key: its address */
    sqlite3_stmt *raw;
    struct stmt *next; /* in the bucket */
    int bound;         /* parameters bound so far */
    int bind_code;     /* first failure of a bind */
};

struct conn {
    struct db base;
    sqlite3 *raw;
    char *path;
    struct stmt *buckets[DB_BUCKETS];
};

static struct conn *conn_of(struct db *db)
{
    return (struct conn *)db;
}

static const struct conn *const_conn_of(const struct db *db)
{
    return (const struct conn *)db;
}

static struct stmt *stmt_of(struct db_stmt *s)
{
    return (struct stmt *)s;
}

static const struct db_driver driver;

static bool is_no_room(int number)
{
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* Why the system refused. Of a failed COMMIT SQLite keeps no errno: it is the
 * C library's, which was 0 before the statement. */
static int errno_of(sqlite3 *raw)
{
    int number = raw ? sqlite3_system_errno(raw) : 0;

    return number ? number : errno;
}

/* Codes in the caller's words; the extended code decides where it can. */
static enum err code_to_err(sqlite3 *raw, int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return WS_EXISTS;
    case SQLITE_READONLY_RECOVERY: /* the owner must recover the WAL first */
    case SQLITE_READONLY_CANTLOCK:
    case SQLITE_READONLY_CANTINIT:
    case SQLITE_READONLY_ROLLBACK:
        return WS_AGAIN;
    default:
        break;
    }
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
        return WS_OK;
    case SQLITE_DONE:
        return WS_NOTFOUND;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return WS_AGAIN;
    case SQLITE_FULL:
        return WS_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return WS_CORRUPT;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return WS_DENIED;
    case SQLITE_NOMEM:
        return WS_NOMEM;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
        return WS_INVALID;
    case SQLITE_CANTOPEN:
        if (raw && sqlite3_system_errno(raw) == ENOENT)
            return WS_NOTFOUND;
        if (raw && sqlite3_system_errno(raw) == EACCES)
            return WS_DENIED;
        return WS_IO;
    case SQLITE_IOERR:
        return is_no_room(errno_of(raw)) ? WS_FULL : WS_IO;
    default:
        return WS_IO;
    }
}

/* Translate, and log what the caller cannot know by the code alone. */
static enum err fail(struct conn *db, int code, const char *doing)
{
    enum err e = code_to_err(db->raw, code);

    if (e == WS_OK || e == WS_NOTFOUND || e == WS_EXISTS)
        return e;
    log_error("db_error", "%s: %s (SQLite code %d, errno %d) at: %s", db->path,
              sqlite3_errmsg(db->raw), code, errno_of(db->raw), doing);
    return e;
}

static void conn_close(struct conn *db)
{
    struct stmt *s;
    size_t i;

    if (!db)
        return;
    for (i = 0; i < DB_BUCKETS; i++) {
        while ((s = db->buckets[i])) {
            db->buckets[i] = s->next;
            sqlite3_finalize(s->raw);
            free(s);
        }
    }
    (void)sqlite3_close(db->raw);
    free(db->path);
    free(db);
}
OWN_DEFINE(conn_close, struct conn *)

static void close_db(struct db *db)
{
    conn_close(conn_of(db));
}

static enum err exec(struct db *base, const char *sql)
{
    struct conn *db = conn_of(base);
    int code;

    errno = 0;
    code = sqlite3_exec(db->raw, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? WS_OK : fail(db, code, sql);
}

/* SQLite would create the file with the umask's mode; the WAL inherits it. */
static enum err create_private(const char *path)
{
    OWN_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_sys("db: create %s", path);
    return WS_OK;
}

static enum err configure(struct conn *db, unsigned flags)
{
    enum err e;

    sqlite3_extended_result_codes(db->raw, 1);
    sqlite3_busy_timeout(db->raw, DB_BUSY_MS);
    e = exec(&db->base, "PRAGMA trusted_schema=OFF;"
                        "PRAGMA foreign_keys=OFF;"
                        "PRAGMA mmap_size=0;"
                        "PRAGMA temp_store=MEMORY;");
    if (e)
        return e;
    if (flags & DB_READONLY)
        return exec(&db->base, "PRAGMA query_only=ON;"
                               "SELECT count(*) FROM sqlite_schema;");
    if (flags & DB_EXCLUSIVE) {
        e = exec(&db->base, "PRAGMA locking_mode=EXCLUSIVE;");
        if (e)
            return e;
    }
    return exec(&db->base, "PRAGMA journal_mode=WAL;"
                           "PRAGMA synchronous=FULL;"
                           "PRAGMA journal_size_limit=16777216;"
                           "SELECT count(*) FROM sqlite_schema;");
}

enum err db_sqlite_open(struct db **out, const char *path, unsigned flags)
{
    OWN(conn_close)
    struct conn *db = calloc(1, sizeof(*db));
    int mode = flags & DB_READONLY ? SQLITE_OPEN_READONLY
                                   : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code;
    enum err e;

    if (!db)
        return WS_NOMEM;
    db->base.driver = &driver;
    db->path = strdup(path);
    if (!db->path)
        return WS_NOMEM;
    if (!(flags & DB_READONLY) && strcmp(path, ":memory:") != 0) {
        e = create_private(path);
        if (e)
            return e;
    }
    code = sqlite3_open_v2(path, &db->raw, mode | SQLITE_OPEN_NOMUTEX, NULL);
    if (!db->raw)
        return WS_NOMEM;
    if (code != SQLITE_OK) {
        e = code_to_err(db->raw, sqlite3_extended_errcode(db->raw));
        if (e != WS_NOTFOUND)
            (void)fail(db, code, "open");
        return e;
    }
    e = configure(db, flags);
    if (e)
        return e;
    *out = &TAKE(db)->base;
    return WS_OK;
}

static size_t bucket_of(const char *text)
{
    uintptr_t v = (uintptr_t)text;

    return (size_t)((v >> 3) ^ (v >> 9)) % DB_BUCKETS;
}

static enum err prepare(struct conn *db, const char *sql, struct db_stmt **out)
{
    struct stmt **bucket = &db->buckets[bucket_of(sql)];
    OWN_FREE struct stmt *s = calloc(1, sizeof(*s));
    int code;

    if (!s)
        return WS_NOMEM;
    code = sqlite3_prepare_v3(db->raw, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              &s->raw, NULL);
    if (code != SQLITE_OK)
        return fail(db, code, sql);
    s->base.driver = &driver;
    s->db = db;
    s->text = sql;
    s->next = *bucket;
    *bucket = s;
    *out = &TAKE(s)->base;
    return WS_OK;
}

static enum err find_stmt(struct db *base, const char *sql,
                          struct db_stmt **out)
{
    struct conn *db = conn_of(base);
    struct stmt *s = db->buckets[bucket_of(sql)];

    while (s && s->text != sql)
        s = s->next;
    if (!s)
        return prepare(db, sql, out);
    /* Another text at this address: the caller passed a buffer, no literal. */
    assert(strcmp(sqlite3_sql(s->raw), sql) == 0);
    (void)sqlite3_reset(s->raw);
    (void)sqlite3_clear_bindings(s->raw);
    s->bound = 0;
    s->bind_code = SQLITE_OK;
    *out = &s->base;
    return WS_OK;
}

static void note_bind(struct stmt *s, int code)
{
    if (code != SQLITE_OK && s->bind_code == SQLITE_OK)
        s->bind_code = code;
}

static void bind_int(struct db_stmt *base, int64_t v)
{
    struct stmt *s = stmt_of(base);

    note_bind(s, sqlite3_bind_int64(s->raw, ++s->bound, v));
}

static void bind_number(struct db_stmt *base, double v)
{
    struct stmt *s = stmt_of(base);

    note_bind(s, sqlite3_bind_double(s->raw, ++s->bound, v));
}

static void bind_text(struct db_stmt *base, const char *v)
{
    struct stmt *s = stmt_of(base);

    note_bind(s, sqlite3_bind_text(s->raw, ++s->bound, v, -1, SQLITE_STATIC));
}

static void bind_blob(struct db_stmt *base, const void *v, size_t len)
{
    struct stmt *s = stmt_of(base);

    /* A blob of no bytes is not NULL, whatever its address. */
    note_bind(s, sqlite3_bind_blob64(s->raw, ++s->bound, v ? v : "", len,
                                     SQLITE_STATIC));
}

static void bind_null(struct db_stmt *base)
{
    struct stmt *s = stmt_of(base);

    note_bind(s, sqlite3_bind_null(s->raw, ++s->bound));
}

static enum err step(struct db_stmt *base)
{
    struct stmt *s = stmt_of(base);
    int code = s->bind_code;

    errno = 0;
    if (code == SQLITE_OK)
        code = sqlite3_step(s->raw);
    if (code == SQLITE_ROW)
        return WS_OK;
    if (code != SQLITE_DONE) {
        enum err e = fail(s->db, code, s->text);

        (void)sqlite3_reset(s->raw);
        return e;
    }
    (void)sqlite3_reset(s->raw);
    return WS_NOTFOUND;
}

static void reset(struct db_stmt *s)
{
    (void)sqlite3_reset(stmt_of(s)->raw);
}

static enum err run(struct db_stmt *base)
{
    struct stmt *s = stmt_of(base);
    enum err e = step(base);

    if (e == WS_NOTFOUND)
        return WS_OK;
    if (e)
        return e;
    (void)sqlite3_reset(s->raw);
    log_error("db_error", "%s: rows where none were expected: %s", s->db->path,
              s->text);
    return WS_INVALID;
}

static int64_t read_int(struct db_stmt *s, int column)
{
    return sqlite3_column_int64(stmt_of(s)->raw, column);
}

static double read_number(struct db_stmt *s, int column)
{
    return sqlite3_column_double(stmt_of(s)->raw, column);
}

static const char *read_text(struct db_stmt *s, int column)
{
    return (const char *)sqlite3_column_text(stmt_of(s)->raw, column);
}

static const void *read_blob(struct db_stmt *s, int column, size_t *len)
{
    const void *data = sqlite3_column_blob(stmt_of(s)->raw, column);

    *len = (size_t)sqlite3_column_bytes(stmt_of(s)->raw, column);
    return data;
}

static bool is_null(struct db_stmt *s, int column)
{
    return sqlite3_column_type(stmt_of(s)->raw, column) == SQLITE_NULL;
}

static enum err run_literal(struct db *db, const char *sql)
{
    struct db_stmt *s;
    enum err e = find_stmt(db, sql, &s);

    return e ? e : run(s);
}

static enum err begin(struct db *db)
{
    return run_literal(db, "BEGIN IMMEDIATE");
}

static enum err commit(struct db *db)
{
    return run_literal(db, "COMMIT");
}

static void rollback(struct db *db)
{
    /* Some failures have rolled back already; that is fine. */
    if (!sqlite3_get_autocommit(conn_of(db)->raw))
        (void)!run_literal(db, "ROLLBACK");
}

static int64_t changes(const struct db *db)
{
    return sqlite3_changes64(const_conn_of(db)->raw);
}

static int64_t last_rowid(const struct db *db)
{
    return sqlite3_last_insert_rowid(const_conn_of(db)->raw);
}

static const char *error(const struct db *db)
{
    return sqlite3_errmsg(const_conn_of(db)->raw);
}

static const struct db_driver driver = {
    .close = close_db,
    .exec = exec,
    .stmt = find_stmt,
    .bind_int = bind_int,
    .bind_number = bind_number,
    .bind_text = bind_text,
    .bind_blob = bind_blob,
    .bind_null = bind_null,
    .step = step,
    .reset = reset,
    .run = run,
    .read_int = read_int,
    .read_number = read_number,
    .read_text = read_text,
    .read_blob = read_blob,
    .is_null = is_null,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .changes = changes,
    .last_rowid = last_rowid,
    .error = error,
};
