/* db_driver.h - what an engine fills in behind db.h; for engines alone.
 *
 * Flow:    db.c (thin callers) -> [db_driver] -> db_sqlite.c, and the driver of
 *          MySQL in server/store
 * Source:  house-style.md section 6; the meanings stand in db.h
 */
#ifndef CORE_DB_DRIVER_H
#define CORE_DB_DRIVER_H

#include "core/db.h"

struct db_driver {
    void (*close)(struct db *db);
    enum err (*exec)(struct db *db, const char *sql);
    enum err (*stmt)(struct db *db, const char *sql, struct db_stmt **out);
    void (*bind_int)(struct db_stmt *s, int64_t v);
    void (*bind_number)(struct db_stmt *s, double v);
    void (*bind_text)(struct db_stmt *s, const char *v);
    void (*bind_blob)(struct db_stmt *s, const void *v, size_t len);
    void (*bind_null)(struct db_stmt *s);
    enum err (*step)(struct db_stmt *s);
    void (*reset)(struct db_stmt *s);
    enum err (*run)(struct db_stmt *s);
    int64_t (*read_int)(struct db_stmt *s, int column);
    double (*read_number)(struct db_stmt *s, int column);
    const char *(*read_text)(struct db_stmt *s, int column);
    const void *(*read_blob)(struct db_stmt *s, int column, size_t *len);
    bool (*is_null)(struct db_stmt *s, int column);
    enum err (*begin)(struct db *db);
    enum err (*commit)(struct db *db);
    void (*rollback)(struct db *db);
    int64_t (*changes)(const struct db *db);
    int64_t (*last_rowid)(const struct db *db);
    const char *(*error)(const struct db *db);
};

/* A driver's connections and statements begin with these. */
struct db {
    const struct db_driver *driver;
};
struct db_stmt {
    const struct db_driver *driver;
};

/* db_open(), in the one file that calls SQLite. */
enum err db_sqlite_open(struct db **out, const char *path,
                        unsigned flags) WS_MUST_CHECK;

#endif
