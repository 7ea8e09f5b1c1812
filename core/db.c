/* db.c - SQLite, with one error vocabulary and cached statements.
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
#include "core/db.h"

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

struct db_stmt {
    struct db *db;
    const char *text; /* the key: its address */
    sqlite3_stmt *raw;
    struct db_stmt *next; /* in the bucket */
    int bound;            /* parameters bound so far */
    int bind_code;        /* first failure of a bind */
};

struct db {
    sqlite3 *raw;
    char *path;
    struct db_stmt *buckets[DB_BUCKETS];
};

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
        if (raw && (sqlite3_system_errno(raw) == ENOSPC ||
                    sqlite3_system_errno(raw) == EDQUOT))
            return WS_FULL;
        return WS_IO;
    default:
        return WS_IO;
    }
}

/* Translate, and log what the caller cannot know by the code alone. */
static enum err fail(struct db *db, int code, const char *doing)
{
    enum err e = code_to_err(db->raw, code);

    if (e == WS_OK || e == WS_NOTFOUND || e == WS_EXISTS)
        return e;
    log_error("db_error", "%s: %s (SQLite code %d, errno %d) at: %s", db->path,
              sqlite3_errmsg(db->raw), code, sqlite3_system_errno(db->raw),
              doing);
    return e;
}

/* SQLite would create the file with the umask's mode; the WAL inherits it. */
static enum err create_private(const char *path)
{
    OWN_FD int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return err_sys("db: create %s", path);
    return WS_OK;
}

static enum err configure(struct db *db, unsigned flags)
{
    enum err e;

    sqlite3_extended_result_codes(db->raw, 1);
    sqlite3_busy_timeout(db->raw, DB_BUSY_MS);
    e = db_exec(db, "PRAGMA trusted_schema=OFF;"
                    "PRAGMA foreign_keys=OFF;"
                    "PRAGMA mmap_size=0;"
                    "PRAGMA temp_store=MEMORY;");
    if (e)
        return e;
    if (flags & DB_READONLY)
        return db_exec(db, "PRAGMA query_only=ON;"
                           "SELECT count(*) FROM sqlite_schema;");
    if (flags & DB_EXCLUSIVE) {
        e = db_exec(db, "PRAGMA locking_mode=EXCLUSIVE;");
        if (e)
            return e;
    }
    return db_exec(db, "PRAGMA journal_mode=WAL;"
                       "PRAGMA synchronous=FULL;"
                       "PRAGMA journal_size_limit=16777216;"
                       "SELECT count(*) FROM sqlite_schema;");
}

enum err db_open(struct db **out, const char *path, unsigned flags)
{
    OWN(db_close)
    struct db *db = calloc(1, sizeof(*db));
    int mode = flags & DB_READONLY ? SQLITE_OPEN_READONLY
                                   : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int code;
    enum err e;

    if (db)
        db->path = strdup(path);
    if (!db || !db->path)
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
    *out = TAKE(db);
    return WS_OK;
}

void db_close(struct db *db)
{
    struct db_stmt *s;
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

enum err db_exec(struct db *db, const char *sql)
{
    int code = sqlite3_exec(db->raw, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? WS_OK : fail(db, code, sql);
}

static size_t bucket_of(const char *text)
{
    uintptr_t v = (uintptr_t)text;

    return (size_t)((v >> 3) ^ (v >> 9)) % DB_BUCKETS;
}

static enum err prepare(struct db *db, const char *sql, struct db_stmt **out)
{
    struct db_stmt **bucket = &db->buckets[bucket_of(sql)];
    OWN_FREE struct db_stmt *s = calloc(1, sizeof(*s));
    int code;

    if (!s)
        return WS_NOMEM;
    code = sqlite3_prepare_v3(db->raw, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              &s->raw, NULL);
    if (code != SQLITE_OK)
        return fail(db, code, sql);
    s->db = db;
    s->text = sql;
    s->next = *bucket;
    *bucket = s;
    *out = TAKE(s);
    return WS_OK;
}

enum err db_stmt(struct db *db, const char *sql, struct db_stmt **out)
{
    struct db_stmt *s = db->buckets[bucket_of(sql)];

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
    *out = s;
    return WS_OK;
}

static void note_bind(struct db_stmt *s, int code)
{
    if (code != SQLITE_OK && s->bind_code == SQLITE_OK)
        s->bind_code = code;
}

void db_bind_int(struct db_stmt *s, int64_t v)
{
    note_bind(s, sqlite3_bind_int64(s->raw, ++s->bound, v));
}

void db_bind_number(struct db_stmt *s, double v)
{
    note_bind(s, sqlite3_bind_double(s->raw, ++s->bound, v));
}

void db_bind_text(struct db_stmt *s, const char *v)
{
    note_bind(s, sqlite3_bind_text(s->raw, ++s->bound, v, -1, SQLITE_STATIC));
}

void db_bind_blob(struct db_stmt *s, const void *v, size_t len)
{
    /* A blob of no bytes is not NULL, whatever its address. */
    note_bind(s, sqlite3_bind_blob64(s->raw, ++s->bound, v ? v : "", len,
                                     SQLITE_STATIC));
}

void db_bind_null(struct db_stmt *s)
{
    note_bind(s, sqlite3_bind_null(s->raw, ++s->bound));
}

enum err db_step(struct db_stmt *s)
{
    int code = s->bind_code;

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

void db_reset(struct db_stmt *s)
{
    (void)sqlite3_reset(s->raw);
}

enum err db_run(struct db_stmt *s)
{
    enum err e = db_step(s);

    if (e == WS_NOTFOUND)
        return WS_OK;
    if (e)
        return e;
    (void)sqlite3_reset(s->raw);
    log_error("db_error", "%s: rows where none were expected: %s", s->db->path,
              s->text);
    return WS_INVALID;
}

int64_t db_int(struct db_stmt *s, int column)
{
    return sqlite3_column_int64(s->raw, column);
}

double db_number(struct db_stmt *s, int column)
{
    return sqlite3_column_double(s->raw, column);
}

const char *db_text(struct db_stmt *s, int column)
{
    return (const char *)sqlite3_column_text(s->raw, column);
}

const void *db_blob(struct db_stmt *s, int column, size_t *len)
{
    const void *data = sqlite3_column_blob(s->raw, column);

    *len = (size_t)sqlite3_column_bytes(s->raw, column);
    return data;
}

bool db_is_null(struct db_stmt *s, int column)
{
    return sqlite3_column_type(s->raw, column) == SQLITE_NULL;
}

static enum err run_literal(struct db *db, const char *sql)
{
    struct db_stmt *s;
    enum err e = db_stmt(db, sql, &s);

    return e ? e : db_run(s);
}

enum err db_begin(struct db *db)
{
    return run_literal(db, "BEGIN IMMEDIATE");
}

enum err db_commit(struct db *db)
{
    return run_literal(db, "COMMIT");
}

void db_rollback(struct db *db)
{
    /* Some failures have rolled back already; that is fine. */
    if (!sqlite3_get_autocommit(db->raw))
        (void)!run_literal(db, "ROLLBACK");
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_changes64(db->raw);
}

int64_t db_last_rowid(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->raw);
}

const char *db_error(const struct db *db)
{
    return sqlite3_errmsg(db->raw);
}
