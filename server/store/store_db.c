/* store_db.c - the handle of an SQL engine, migrations, transactions.
 *
 * A migration runs in a transaction where the engine can do that with tables
 * (SQLite). MySQL commits at each table: its migrations are written so that
 * one that was cut off, or that two servers run at once, can run again.
 */
#include "server/store/store_db.h"

#include "core/clock.h"
#include "core/log.h"

#include <inttypes.h>
#include <stdlib.h>

#define TRIES 5 /* of a migration that others apply at the same time */

struct db *store_db_conn(struct store *s)
{
    return ((struct store_db *)s)->db;
}

const char *store_db_sql(const struct store *s,
                         const char *const texts[STORE_DIALECTS])
{
    return texts[((const struct store_db *)s)->dialect];
}

void store_db_close(struct store *s)
{
    if (!s)
        return;
    db_close(store_db_conn(s));
    free(s);
}

/* --- migrations --- */

static enum err has_table(struct store *s, const char *name, bool *out)
{
    static const char *const sql[STORE_DIALECTS] = {
        [STORE_SQLITE] = "SELECT 1 FROM sqlite_schema"
                         " WHERE type = 'table' AND name = ?",
        [STORE_MYSQL] = "SELECT 1 FROM information_schema.tables"
                        " WHERE table_schema = DATABASE()"
                        " AND table_name = ?",
    };
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), store_db_sql(s, sql), &q);

    if (e)
        return e;
    db_bind_text(q, name);
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

static enum err read_least(struct db *db, int64_t *least)
{
    struct db_stmt *q;
    enum err e = db_stmt(db, "SELECT max(least) FROM schema_least", &q);

    if (!e)
        e = db_step(q);
    if (e)
        return e;
    *least = db_int(q, 0);
    db_reset(q);
    return WS_OK;
}

enum err store_db_migrations(struct store *s, struct store_migrations *out)
{
    const struct store_db *own = (const struct store_db *)s;
    bool there;
    enum err e;

    *out = (struct store_migrations){.count = own->migration_count};
    for (size_t i = 0; i < out->count; i++) {
        out->list[i].version = own->migrations[i].version;
        out->list[i].name = own->migrations[i].name;
    }
    e = has_table(s, "schema_migrations", &there);
    if (!e && there)
        e = read_applied(own->db, out);
    if (!e)
        e = has_table(s, "schema_least", &there);
    if (!e && there)
        e = read_least(own->db, &out->least);
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

/* The table is of migration 0003: none before it has a least. */
static enum err note_least(struct db *db, const struct store_sql *m)
{
    struct db_stmt *q;
    enum err e;

    if (!m->least)
        return WS_OK;
    e = db_stmt(db, "INSERT INTO schema_least (version, least) VALUES (?, ?)",
                &q);
    if (e)
        return e;
    db_bind_int(q, m->version);
    db_bind_int(q, m->least);
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
        e = note_least(db, m);
    if (e == WS_EXISTS) { /* another server applied it beside this one */
        db_rollback(db);
        return WS_OK;
    }
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

/* Two servers that start together are each other's victims. */
static enum err apply_beside_others(struct db *db, const struct store_sql *m)
{
    enum err e = WS_AGAIN;

    for (int try = 0; try < TRIES && e == WS_AGAIN; try++)
        e = apply(db, m);
    return e;
}

enum err store_db_migrate(struct store *s, size_t *applied)
{
    const struct store_db *own = (const struct store_db *)s;
    struct db *db = own->db;
    struct store_migrations now;
    size_t n = 0;
    enum err e = db_exec(db, "CREATE TABLE IF NOT EXISTS schema_migrations ("
                             "version BIGINT NOT NULL PRIMARY KEY,"
                             "name VARCHAR(64) NOT NULL,"
                             "applied_at BIGINT NOT NULL)");

    if (!e)
        e = store_db_migrations(s, &now);
    if (!e)
        e = store_migrations_admit(&now);
    if (e)
        return e;
    for (size_t i = 0; i < now.count; i++) {
        if (now.list[i].applied_ns)
            continue;
        e = apply_beside_others(db, &own->migrations[i]);
        if (e)
            return e;
        n++;
    }
    *applied = n;
    return WS_OK;
}

/* --- transactions --- */

enum err store_db_begin(struct store *s)
{
    return db_begin(store_db_conn(s));
}

enum err store_db_commit(struct store *s)
{
    return db_commit(store_db_conn(s));
}

void store_db_rollback(struct store *s)
{
    db_rollback(store_db_conn(s));
}
