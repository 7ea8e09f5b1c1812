/* store_sqlite.c - the store in one SQLite file, for one machine.
 *
 * Source:  core/db.h; rigs.md (SQLite before 3.51.3: one connection writes and
 *          checkpoints, the readers' are read-only)
 */
#include "server/store/store_sqlite.h"

#include "core/clock.h"
#include "core/log.h"

#include <inttypes.h>
#include <stdlib.h>

struct store_sqlite {
    struct store base;
    struct db *db;
};

struct db *store_sqlite_db(struct store *s)
{
    return ((struct store_sqlite *)s)->db;
}

extern const struct store_ops store_sqlite;

static void sqlite_close(struct store *s)
{
    if (!s)
        return;
    db_close(store_sqlite_db(s));
    free(s);
}

static enum err sqlite_open(struct store **out, const char *where,
                            unsigned flags)
{
    OWN_FREE struct store_sqlite *s = calloc(1, sizeof *s);
    enum err e;

    if (!s)
        return WS_NOMEM;
    s->base.ops = &store_sqlite;
    e = db_open(&s->db, where, flags & STORE_READ ? DB_READONLY : 0);
    if (e)
        return e;
    *out = &TAKE(s)->base;
    return WS_OK;
}

/* --- migrations --- */

static enum err has_table(struct db *db, bool *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "SELECT 1 FROM sqlite_schema"
                         " WHERE type = 'table' AND name = 'schema_migrations'",
                         &q);

    if (e)
        return e;
    e = db_step(q);
    if (e && e != WS_NOTFOUND)
        return e;
    *out = e == WS_OK;
    db_reset(q);
    return WS_OK;
}

static enum err read_applied(struct db *db, struct store_migrations *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(
        db, "SELECT version, applied_at FROM schema_migrations ORDER BY 1", &q);

    if (e)
        return e;
    while (!(e = db_step(q))) {
        int64_t version = db_int(q, 0);

        if (version >= 1 && (size_t)version <= out->count)
            out->list[version - 1].applied_ns = db_int(q, 1);
        else
            out->ahead++;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err sqlite_migrations(struct store *s, struct store_migrations *out)
{
    struct db *db = store_sqlite_db(s);
    bool there;
    enum err e;

    *out = (struct store_migrations){.count = store_sqlite_sql_count};
    for (size_t i = 0; i < out->count; i++) {
        out->list[i].version = store_sqlite_sql[i].version;
        out->list[i].name = store_sqlite_sql[i].name;
    }
    e = has_table(db, &there);
    if (!e && there)
        e = read_applied(db, out);
    for (size_t i = 0; i < out->count; i++)
        out->pending += out->list[i].applied_ns == 0;
    return e;
}

static enum err note_applied(struct db *db, const struct store_sql *m)
{
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "INSERT INTO schema_migrations"
                         " (version, name, applied_at) VALUES (?, ?, ?)",
                         &q);

    if (e)
        return e;
    db_bind_int(q, m->version);
    db_bind_text(q, m->name);
    db_bind_int(q, clock_wall_ns());
    return db_run(q);
}

static enum err apply(struct db *db, const struct store_sql *m)
{
    enum err e = db_begin(db);

    if (e)
        return e;
    e = db_exec(db, m->text);
    if (!e)
        e = note_applied(db, m);
    if (!e)
        e = db_commit(db);
    if (e) {
        db_rollback(db);
        return e;
    }
    log_info("store_migrated", "applied migration %04" PRId64 " %s", m->version,
             m->name);
    return WS_OK;
}

static enum err sqlite_migrate(struct store *s, size_t *applied)
{
    struct db *db = store_sqlite_db(s);
    struct store_migrations now;
    size_t n = 0;
    enum err e = db_exec(db, "CREATE TABLE IF NOT EXISTS schema_migrations ("
                             "version INTEGER NOT NULL PRIMARY KEY,"
                             "name TEXT NOT NULL,"
                             "applied_at INTEGER NOT NULL)");

    if (!e)
        e = sqlite_migrations(s, &now);
    if (e)
        return e;
    for (size_t i = 0; i < now.count; i++) {
        if (now.list[i].applied_ns)
            continue;
        e = apply(db, &store_sqlite_sql[i]);
        if (e)
            return e;
        n++;
    }
    *applied = n;
    return WS_OK;
}

/* --- transactions and ids --- */

static enum err sqlite_begin(struct store *s)
{
    return db_begin(store_sqlite_db(s));
}

static enum err sqlite_commit(struct store *s)
{
    return db_commit(store_sqlite_db(s));
}

static void sqlite_rollback(struct store *s)
{
    db_rollback(store_sqlite_db(s));
}

static enum err sqlite_take_ids(struct store *s, const char *counter,
                                int64_t count, int64_t *first)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_sqlite_db(s),
                         "INSERT INTO id_counter (name, next)"
                         " VALUES (?1, 1 + ?2)"
                         " ON CONFLICT (name) DO UPDATE SET next = next + ?2"
                         " RETURNING next - ?2",
                         &q);

    if (e)
        return e;
    db_bind_text(q, counter);
    db_bind_int(q, count);
    e = db_step(q);
    if (e)
        return e == WS_NOTFOUND ? WS_CORRUPT : e;
    *first = db_int(q, 0);
    return db_run(q);
}

static int64_t sqlite_bytes(struct store *s)
{
    struct db_stmt *q;
    int64_t bytes;

    if (db_stmt(store_sqlite_db(s),
                "SELECT page_count * page_size"
                " FROM pragma_page_count, pragma_page_size",
                &q) ||
        db_step(q))
        return -1;
    bytes = db_int(q, 0);
    db_reset(q);
    return bytes;
}

const struct store_ops store_sqlite = {
    .name = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .migrations = sqlite_migrations,
    .migrate = sqlite_migrate,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .take_ids = sqlite_take_ids,
    .bytes = sqlite_bytes,
    .facts = &store_sqlite_facts,
    .ledger = &store_sqlite_ledger,
    .sessions = &store_sqlite_sessions,
    .accounts = &store_sqlite_accounts,
    .views = &store_sqlite_views,
};
