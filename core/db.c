/* The thin callers of an engine; see db_driver.h. */
#include "core/db.h"

#include "core/db_driver.h"

enum err db_open(struct db **out, const char *path, unsigned flags)
{
    return db_sqlite_open(out, path, flags);
}

void db_close(struct db *db)
{
    if (db)
        db->driver->close(db);
}

enum err db_exec(struct db *db, const char *sql)
{
    return db->driver->exec(db, sql);
}

enum err db_stmt(struct db *db, const char *sql, struct db_stmt **out)
{
    return db->driver->stmt(db, sql, out);
}

void db_bind_int(struct db_stmt *s, int64_t v)
{
    s->driver->bind_int(s, v);
}

void db_bind_number(struct db_stmt *s, double v)
{
    s->driver->bind_number(s, v);
}

void db_bind_text(struct db_stmt *s, const char *v)
{
    s->driver->bind_text(s, v);
}

void db_bind_blob(struct db_stmt *s, const void *v, size_t len)
{
    s->driver->bind_blob(s, v, len);
}

void db_bind_null(struct db_stmt *s)
{
    s->driver->bind_null(s);
}

enum err db_step(struct db_stmt *s)
{
    return s->driver->step(s);
}

void db_reset(struct db_stmt *s)
{
    s->driver->reset(s);
}

enum err db_run(struct db_stmt *s)
{
    return s->driver->run(s);
}

static enum err stmt_ints(struct db *db, const char *sql, struct db_ints ints,
                          struct db_stmt **out)
{
    enum err e = db_stmt(db, sql, out);

    for (size_t i = 0; i < ints.count && !e; i++)
        db_bind_int(*out, ints.v[i]);
    return e;
}

enum err db_find(struct db *db, const char *sql, struct db_ints ints,
                 struct db_stmt **out)
{
    enum err e = stmt_ints(db, sql, ints, out);

    return e ? e : db_step(*out);
}

enum err db_run_ints(struct db *db, const char *sql, struct db_ints ints)
{
    struct db_stmt *s;
    enum err e = stmt_ints(db, sql, ints, &s);

    return e ? e : db_run(s);
}

int64_t db_int(struct db_stmt *s, int column)
{
    return s->driver->read_int(s, column);
}

double db_number(struct db_stmt *s, int column)
{
    return s->driver->read_number(s, column);
}

const char *db_text(struct db_stmt *s, int column)
{
    return s->driver->read_text(s, column);
}

const void *db_blob(struct db_stmt *s, int column, size_t *len)
{
    const void *data = s->driver->read_blob(s, column, len);

    return data ? data : "";
}

bool db_is_null(struct db_stmt *s, int column)
{
    return s->driver->is_null(s, column);
}

enum err db_begin(struct db *db)
{
    return db->driver->begin(db);
}

enum err db_commit(struct db *db)
{
    return db->driver->commit(db);
}

void db_rollback(struct db *db)
{
    db->driver->rollback(db);
}

int64_t db_changes(const struct db *db)
{
    return db->driver->changes(db);
}

int64_t db_last_rowid(const struct db *db)
{
    return db->driver->last_rowid(db);
}

const char *db_error(const struct db *db)
{
    return db->driver->error(db);
}
