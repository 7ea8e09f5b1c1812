/* store_sqlite_parts.h - what fills the facts' table of SQLite, by file.
 *
 * Flow:    store_sqlite_facts.c lists them; store_sqlite_rollups.c and
 *          store_sqlite_heartbeats.c hold them
 * Source:  store_facts.h says what each promises
 */
#ifndef SERVER_STORE_STORE_SQLITE_PARTS_H
#define SERVER_STORE_STORE_SQLITE_PARTS_H

#include "server/store/store_sqlite.h"

enum err store_sqlite_rollups_add(struct store *s,
                                  const struct store_rollup *rows,
                                  size_t count) WS_MUST_CHECK;
enum err store_sqlite_rollups_add_fleet(struct store *s, int64_t shard,
                                        const struct store_rollup *rows,
                                        size_t count) WS_MUST_CHECK;
enum err store_sqlite_rollups_add_stats(struct store *s,
                                        const struct store_stat *rows,
                                        size_t count) WS_MUST_CHECK;
enum err store_sqlite_heartbeats_put(struct store *s,
                                     const struct store_heartbeat *rows,
                                     size_t count) WS_MUST_CHECK;

#endif
