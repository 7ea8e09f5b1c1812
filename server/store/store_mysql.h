/* store_mysql.h - what the files of the MySQL backend share.
 *
 * Flow:    store_mysql.c opens; store_mysql_facts.c fills the facts' table with
 *          _rollups.c and store_db_kinds.c; store_db_*.c fill the others
 * Source:  store_db.h; server/store/sql/mysql/NNNN_name.sql
 */
#ifndef SERVER_STORE_STORE_MYSQL_H
#define SERVER_STORE_STORE_MYSQL_H

#include "server/store/store_db.h"
#include "server/store/store_mysql_db.h"

extern const struct store_facts_ops store_mysql_facts;

enum err store_mysql_rollups_add(struct store *s,
                                 const struct store_rollup *rows,
                                 size_t count) WS_MUST_CHECK;
enum err store_mysql_rollups_add_fleet(struct store *s, int64_t shard,
                                       const struct store_rollup *rows,
                                       size_t count) WS_MUST_CHECK;
enum err store_mysql_rollups_add_stats(struct store *s,
                                       const struct store_stat *rows,
                                       size_t count) WS_MUST_CHECK;
enum err store_mysql_rollups_put_heartbeats(struct store *s,
                                            const struct store_heartbeat *rows,
                                            size_t count) WS_MUST_CHECK;

/* The embedded migrations, in order. */
extern const struct store_sql store_mysql_sql[];
extern const size_t store_mysql_sql_count;

#endif
