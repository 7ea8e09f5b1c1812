/* db.h - an SQL engine, with one error vocabulary and cached statements.
 *
 * Flow:    outbox and store_sqlite -> [db] -> one SQLite file; store_mysql
 *          opens connections of its own driver (core/db_driver.h)
 * Errors:  WS_EXISTS   a unique constraint     WS_INVALID  another constraint
 *          WS_FULL     the disk is full        WS_CORRUPT  the file is broken
 *          WS_AGAIN    busy, or the owner has to recover the WAL first
 *          WS_DENIED   read only               WS_NOTFOUND no file to read
 *          WS_IO       everything else
 *          all but WS_EXISTS and WS_NOTFOUND are logged here in the
 *          engine's words
 * Owns:    db_open() hands over a handle; statements belong to it
 * Process: one thread a handle; a WAL file has one connection that writes
 *          (rigs.md: SQLite before 3.51.3), others open DB_READONLY
 */
#ifndef CORE_DB_H
#define CORE_DB_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_stmt;

enum {
    DB_READONLY = 1,  /* a reader of somebody else's WAL file */
    DB_EXCLUSIVE = 2, /* locking_mode=EXCLUSIVE: one process, no -shm file */
};

/* Open (and unless DB_READONLY create, 0600) in WAL with synchronous=FULL,
 * foreign keys off, no mmap, journal_size_limit set. */
enum err db_open(struct db **out, const char *path,
                 unsigned flags) WS_MUST_CHECK;
void db_close(struct db *db);
OWN_DEFINE(db_close, struct db *)

/* Run SQL text that returns no rows; may hold several statements. */
enum err db_exec(struct db *db, const char *sql) WS_MUST_CHECK;

/* A statement prepared once a handle and text (the text's address is the
 * cache key: pass literals); it comes reset, its bindings cleared. Two uses
 * of one text cannot overlap: the second call ends the first one's rows. */
enum err db_stmt(struct db *db, const char *sql,
                 struct db_stmt **out) WS_MUST_CHECK;

/* Bind the next parameter, from the left; failures show at the step. Text and
 * blobs are not copied: they must outlive the step. NULL text binds NULL. */
void db_bind_int(struct db_stmt *s, int64_t v);
void db_bind_number(struct db_stmt *s, double v);
void db_bind_text(struct db_stmt *s, const char *v);
void db_bind_blob(struct db_stmt *s, const void *v, size_t len);
void db_bind_null(struct db_stmt *s);

/* Step to the next row: WS_OK a row is there, WS_NOTFOUND there is none (the
 * statement is reset then). Whoever stops before the end calls db_reset(). */
enum err db_step(struct db_stmt *s) WS_MUST_CHECK;

void db_reset(struct db_stmt *s);

/* Run a statement that returns no row. */
enum err db_run(struct db_stmt *s) WS_MUST_CHECK;

/* Most statements take whole numbers alone: DB_INTS(a, b). */
struct db_ints {
    const int64_t *v;
    size_t count;
};
#define DB_INTS(...)                                                           \
    ((struct db_ints){(const int64_t[]){__VA_ARGS__},                          \
                      sizeof((const int64_t[]){__VA_ARGS__}) /                 \
                          sizeof(int64_t)})

/* db_stmt() with its parameters, and db_step(): the first row. */
enum err db_find(struct db *db, const char *sql, struct db_ints ints,
                 struct db_stmt **out) WS_MUST_CHECK;

/* db_stmt() with its parameters, and db_run(). */
enum err db_run_ints(struct db *db, const char *sql,
                     struct db_ints ints) WS_MUST_CHECK;

/* Columns of the current row; texts and blobs live until the next step. */
int64_t db_int(struct db_stmt *s, int column);
double db_number(struct db_stmt *s, int column);
const char *db_text(struct db_stmt *s, int column); /* NULL for NULL */
/* Never NULL: no bytes, or a NULL, are "" of length 0. */
const void *db_blob(struct db_stmt *s, int column, size_t *len);
bool db_is_null(struct db_stmt *s, int column);

enum err db_begin(struct db *db) WS_MUST_CHECK; /* BEGIN IMMEDIATE */
enum err db_commit(struct db *db) WS_MUST_CHECK;
void db_rollback(struct db *db);

int64_t db_changes(const struct db *db);
int64_t db_last_rowid(const struct db *db);
/* The words of the last error, for messages. */
const char *db_error(const struct db *db);

#endif
