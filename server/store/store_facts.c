#include "server/store/store_facts.h"

#include "server/store/store_backend.h"

enum err store_facts_put(struct store *s, const struct fact *const *facts,
                         size_t count, enum err *results)
{
    return s->ops->facts->put(s, facts, count, results);
}

enum err store_facts_find(struct store *s, enum wire_item_kind kind,
                          int64_t session_id, const char *key,
                          struct fact_found *out)
{
    return s->ops->facts->find(s, kind, session_id, key, out);
}

enum err store_facts_add_rollups(struct store *s,
                                 const struct store_rollup *rows, size_t count)
{
    return s->ops->facts->add_rollups(s, rows, count);
}

enum err store_facts_add_fleet(struct store *s, int64_t shard,
                               const struct store_rollup *rows, size_t count)
{
    return s->ops->facts->add_fleet(s, shard, rows, count);
}

enum err store_facts_add_stats(struct store *s, const struct store_stat *rows,
                               size_t count)
{
    return s->ops->facts->add_stats(s, rows, count);
}
