/* store_mysql.h - what the files of the MySQL backend share.
 *
 * Flow:    store_mysql.c opens; store_mysql_facts.c fills the facts' table with
 *          store_mysql_kinds.c and _rollups.c; store_db_*.c fill the others
 * Source:  store_db.h; server/store/sql/mysql/NNNN_name.sql
 */
#ifndef SERVER_STORE_STORE_MYSQL_H
#define SERVER_STORE_STORE_MYSQL_H

#include "server/store/store_db.h"
#include "server/store/store_mysql_db.h"

extern const struct store_facts_ops store_mysql_facts;

/* One kind of fact: its table as statements of many rows. */
struct store_mysql_kind {
    struct store_mysql_rows insert; /* values by store_mysql_kinds_bind() */
    struct store_mysql_rows taken;  /* (session, key) pairs -> those there */
    const char *find;               /* by session and key */
};
extern const struct store_mysql_kind store_mysql_kinds[WIRE_ITEM_KINDS];

/* Bind one fact as the values of one row. */
void store_mysql_kinds_bind(struct db_stmt *q, const struct fact *f);
/* At least as many bytes as the row takes on its way. */
size_t store_mysql_kinds_bytes(const struct fact *f);
/* What a new row of a recording, or of its status, changes beside it. */
enum err store_mysql_kinds_follow(struct db *db,
                                  const struct fact *f) WS_MUST_CHECK;

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
