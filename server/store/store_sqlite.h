/* store_sqlite.h - what the files of the SQLite backend share.
 *
 * Flow:    store_sqlite.c opens; store_sqlite_facts.c fills the facts' table,
 *          store_db_*.c the others
 * Source:  store_db.h; server/store/sql/sqlite/NNNN_name.sql
 */
#ifndef SERVER_STORE_STORE_SQLITE_H
#define SERVER_STORE_STORE_SQLITE_H

#include "server/store/store_db.h"

extern const struct store_facts_ops store_sqlite_facts;

/* The embedded migrations, in order. */
extern const struct store_sql store_sqlite_sql[];
extern const size_t store_sqlite_sql_count;

#endif
