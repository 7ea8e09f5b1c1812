#include "server/store/store_fleet.h"

#include "server/store/store_db.h"

#define FOLDED INT64_C(-1) /* the shard of no writer */
#define MOST_SHARDS 64

enum err store_fleet_kept(struct store *s, struct store_fleet_count *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT upto_ns, sessions, agents FROM fleet_count "
                         "WHERE one=1",
                         &q);

    if (e)
        return e;
    e = db_step(q);
    if (e)
        return e == WS_NOTFOUND ? WS_CORRUPT : e;
    *out = (struct store_fleet_count){
        .upto_ns = db_int(q, 0),
        .sessions = db_int(q, 1),
        .agents = db_int(q, 2),
    };
    db_reset(q);
    return WS_OK;
}

enum err store_fleet_count(struct store *s, struct store_fleet_count *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT count(*), count(DISTINCT agent_id) + "
                         "count(*) - count(agent_id) FROM session "
                         "WHERE created_at < ?",
                         &q);

    if (e)
        return e;
    db_bind_int(q, out->upto_ns);
    e = db_step(q);
    if (e)
        return e;
    out->sessions = db_int(q, 0);
    out->agents = db_int(q, 1);
    db_reset(q);
    return WS_OK;
}

enum err store_fleet_keep(struct store *s,
                          const struct store_fleet_count *count)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "UPDATE fleet_count SET upto_ns=?, sessions=?, "
                         "agents=? WHERE one=1",
                         &q);

    if (e)
        return e;
    db_bind_int(q, count->upto_ns);
    db_bind_int(q, count->sessions);
    db_bind_int(q, count->agents);
    return db_run(q);
}

/* --- folding --- */

enum err store_fleet_next(struct store *s, int64_t after, int64_t before,
                          int64_t *quarter)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT quarter FROM fleet_rollup WHERE quarter > ? "
                         "AND quarter < ? GROUP BY quarter HAVING count(*) > 1 "
                         "ORDER BY quarter LIMIT 1",
                         &q);

    if (e)
        return e;
    db_bind_int(q, after);
    db_bind_int(q, before);
    e = db_step(q);
    if (e)
        return e;
    *quarter = db_int(q, 0);
    db_reset(q);
    return WS_OK;
}

#define SHARDS                                                                 \
    "SELECT shard, " STORE_DB_FIGURES " FROM fleet_rollup WHERE quarter=? "    \
    "AND shard>=0 ORDER BY shard LIMIT 64"

/* Every row is held from here on: what comes later is a row of its own. */
static enum err read_shards(struct store *s, int64_t quarter,
                            struct store_rollup *rows, int64_t *shards,
                            size_t *count)
{
    static const char *const sql[STORE_DIALECTS] = {
        [STORE_SQLITE] = SHARDS,
        [STORE_MYSQL] = SHARDS " FOR UPDATE",
    };
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), store_db_sql(s, sql), &q);

    if (e)
        return e;
    db_bind_int(q, quarter);
    for (*count = 0; *count < MOST_SHARDS && !(e = db_step(q)); ++*count) {
        shards[*count] = db_int(q, 0);
        rows[*count].quarter = quarter;
        store_db_views_figures(q, 1, &rows[*count]);
    }
    db_reset(q);
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err drop_shard(struct store *s, int64_t quarter, int64_t shard)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s),
                "DELETE FROM fleet_rollup WHERE quarter=? AND shard=?", &q);

    if (e)
        return e;
    db_bind_int(q, quarter);
    db_bind_int(q, shard);
    return db_run(q);
}

enum err store_fleet_fold(struct store *s, int64_t quarter)
{
    struct store_rollup rows[MOST_SHARDS] = {0};
    int64_t shards[MOST_SHARDS];
    size_t count = 0;
    enum err e = read_shards(s, quarter, rows, shards, &count);

    for (size_t i = 0; !e && i < count; i++) {
        e = drop_shard(s, quarter, shards[i]);
        if (!e)
            e = store_facts_add_fleet(s, FOLDED, &rows[i], 1);
    }
    return e;
}

/* --- the end --- */

enum err store_fleet_before(struct store *s, int64_t quarter, int64_t *count)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s),
                "SELECT count(*) FROM fleet_rollup WHERE quarter < ?", &q);

    if (e)
        return e;
    db_bind_int(q, quarter);
    e = db_step(q);
    if (e)
        return e;
    *count = db_int(q, 0);
    db_reset(q);
    return WS_OK;
}

enum err store_fleet_drop(struct store *s, int64_t quarter, int64_t *dropped)
{
    struct db *db = store_db_conn(s);
    struct db_stmt *q;
    enum err e = db_stmt(db, "DELETE FROM fleet_rollup WHERE quarter < ?", &q);

    if (e)
        return e;
    db_bind_int(q, quarter);
    e = db_run(q);
    if (!e)
        *dropped = db_changes(db);
    return e;
}
