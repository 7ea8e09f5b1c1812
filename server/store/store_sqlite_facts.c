#include "server/store/store_db_kinds.h"
#include "server/store/store_sqlite_parts.h"

/* WS_EXISTS when its key is taken. */
static enum err insert(struct store *s, const struct fact *f)
{
    const char *sql = store_db_kinds[f->kind].insert_one;
    struct db_stmt *q;
    enum err e = sql ? db_stmt(store_db_conn(s), sql, &q) : WS_INVALID;

    if (e)
        return e;
    store_db_kinds_bind(q, f);
    e = db_run(q);
    return e ? e : store_db_kinds_follow(s, f);
}

static enum err put(struct store *s, const struct fact *const *facts,
                    size_t count, enum err *results)
{
    for (size_t i = 0; i < count; i++) {
        results[i] = insert(s, facts[i]);
        if (results[i] && results[i] != WS_EXISTS)
            return results[i];
    }
    return WS_OK;
}

const struct store_facts_ops store_sqlite_facts = {
    .put = put,
    .find = store_db_kinds_find,
    .add_rollups = store_sqlite_rollups_add,
    .add_fleet = store_sqlite_rollups_add_fleet,
    .add_stats = store_sqlite_rollups_add_stats,
};
