/* store_sqlite.h - what the files of the SQLite backend share.
 *
 * Flow:    store_sqlite.c opens; store_sqlite_facts.c, _ledger.c, _sessions.c,
 *          _accounts.c, _views.c each fill one table of store_backend.h
 * Source:  core/db.h; server/store/sql/sqlite/NNNN_name.sql
 *
 * In such a file: struct db *db = store_sqlite_db(s); then db_stmt() with SQL
 * literals. Statements belong to the handle; texts bound must outlive the step.
 */
#ifndef SERVER_STORE_STORE_SQLITE_H
#define SERVER_STORE_STORE_SQLITE_H

#include "core/db.h"
#include "server/store/store_backend.h"

/* The connection of a handle. */
struct db *store_sqlite_db(struct store *s);

extern const struct store_facts_ops store_sqlite_facts;
extern const struct store_ledger_ops store_sqlite_ledger;
extern const struct store_sessions_ops store_sqlite_sessions;
extern const struct store_accounts_ops store_sqlite_accounts;
extern const struct store_views_ops store_sqlite_views;

/* The embedded migrations, in order. */
extern const struct store_sql store_sqlite_sql[];
extern const size_t store_sqlite_sql_count;

#endif
