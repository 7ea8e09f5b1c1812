/* store_mysql.c - the store in MySQL 8+ or MariaDB 10.11+, for many workers
 * and machines.
 *
 * Source:  store_mysql_conn.h (STORE_MYSQL_MODES: the sql_mode of every
 *          connection); design.md "Schema rules"
 */
#include "server/store/store_mysql.h"

#include <stdlib.h>

extern const struct store_ops store_mysql;

static enum err mysql_open_store(struct store **out, const char *where,
                                 unsigned flags)
{
    OWN_FREE struct store_db *s = calloc(1, sizeof *s);
    enum err e;

    if (!s)
        return WS_NOMEM;
    *s =
        (struct store_db){.base.ops = &store_mysql,
                          .dialect = STORE_MYSQL,
                          .read_only = (flags & STORE_READ) != 0,
                          .migrations = store_mysql_sql,
                          .migration_count = store_mysql_sql_count,
                          .put_heartbeats = store_mysql_rollups_put_heartbeats};
    e = store_mysql_db_open(&s->db, where, s->read_only ? DB_READONLY : 0);
    if (e)
        return e;
    *out = &TAKE(s)->base;
    return WS_OK;
}

/* The row is ours until the transaction ends. */
static enum err mysql_take_ids(struct store *s, const char *counter,
                               int64_t count, int64_t *first)
{
    struct db *db = store_db_conn(s);
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "INSERT INTO id_counter (name, next) VALUES (?1, 1 +"
                         " ?2) ON DUPLICATE KEY UPDATE next = next + ?2",
                         &q);

    if (e)
        return e;
    db_bind_text(q, counter);
    db_bind_int(q, count);
    e = db_run(q);
    if (!e)
        e = db_stmt(db, "SELECT next FROM id_counter WHERE name = ?", &q);
    if (e)
        return e;
    db_bind_text(q, counter);
    e = db_step(q);
    if (e)
        return e == WS_NOTFOUND ? WS_CORRUPT : e;
    *first = db_int(q, 0) - count;
    db_reset(q);
    return WS_OK;
}

static int64_t mysql_bytes(struct store *s)
{
    struct db_stmt *q;
    int64_t bytes;

    if (db_stmt(store_db_conn(s),
                "SELECT coalesce(sum(data_length + index_length), 0)"
                " FROM information_schema.tables"
                " WHERE table_schema = DATABASE()",
                &q) ||
        db_step(q))
        return -1;
    bytes = db_int(q, 0);
    db_reset(q);
    return bytes;
}

const struct store_ops store_mysql = {
    .name = "mysql",
    .open = mysql_open_store,
    .close = store_db_close,
    .migrations = store_db_migrations,
    .migrate = store_db_migrate,
    .begin = store_db_begin,
    .commit = store_db_commit,
    .rollback = store_db_rollback,
    .take_ids = mysql_take_ids,
    .bytes = mysql_bytes,
    .facts = &store_mysql_facts,
    .ledger = &store_db_ledger,
    .sessions = &store_db_sessions,
    .accounts = &store_db_accounts,
    .views = &store_db_views,
};
