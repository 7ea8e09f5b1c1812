/* store_sqlite.c - the store in one SQLite file, for one machine.
 *
 * Source:  core/db.h; rigs.md (SQLite before 3.51.3: one connection writes and
 *          checkpoints, the readers' are read-only)
 */
#include "server/store/store_sqlite_parts.h"

#include <stdlib.h>

extern const struct store_ops store_sqlite;

static enum err sqlite_open(struct store **out, const char *where,
                            unsigned flags)
{
    OWN_FREE struct store_db *s = calloc(1, sizeof *s);
    enum err e;

    if (!s)
        return WS_NOMEM;
    *s = (struct store_db){.base.ops = &store_sqlite,
                           .dialect = STORE_SQLITE,
                           .read_only = (flags & STORE_READ) != 0,
                           .migrations = store_sqlite_sql,
                           .migration_count = store_sqlite_sql_count,
                           .put_heartbeats = store_sqlite_heartbeats_put};
    e = db_open(&s->db, where, s->read_only ? DB_READONLY : 0);
    if (e)
        return e;
    *out = &TAKE(s)->base;
    return WS_OK;
}

static enum err sqlite_take_ids(struct store *s, const char *counter,
                                int64_t count, int64_t *first)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
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

    if (db_stmt(store_db_conn(s),
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
    .close = store_db_close,
    .migrations = store_db_migrations,
    .migrate = store_db_migrate,
    .begin = store_db_begin,
    .commit = store_db_commit,
    .rollback = store_db_rollback,
    .take_ids = sqlite_take_ids,
    .bytes = sqlite_bytes,
    .facts = &store_sqlite_facts,
    .ledger = &store_db_ledger,
    .sessions = &store_db_sessions,
    .accounts = &store_db_accounts,
    .views = &store_db_views,
};
