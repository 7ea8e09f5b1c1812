/* store_db.h - what the SQL engines share: the handle, and tables of queries
 * that read the same in both.
 *
 * Flow:    store_sqlite.c, store_mysql.c open -> store_db_*.c each fill one
 *          table of store_backend.h -> core/db.h
 * Source:  core/db.h; rigs.md "SQL that runs on both MySQL and MariaDB"
 *
 * In such a file: struct db *db = store_db_conn(s); then db_stmt() with SQL
 * literals. Where the engines part ways a table [STORE_DIALECTS] holds both
 * texts and store_db_sql() picks. Statements belong to the handle; texts bound
 * must outlive the step. A walk asks for STORE_DB_PAGE rows a statement.
 */
#ifndef SERVER_STORE_STORE_DB_H
#define SERVER_STORE_STORE_DB_H

#include "core/db.h"
#include "server/store/store_backend.h"

#include <stdbool.h>

enum store_dialect { STORE_SQLITE, STORE_MYSQL, STORE_DIALECTS };

#define STORE_DB_PAGE 128
#define STORE_DB_LIMIT " LIMIT 128" /* STORE_DB_PAGE */

struct store_db {
    struct store base;
    struct db *db;
    enum store_dialect dialect;
    bool read_only;
    const struct store_sql *migrations;
    size_t migration_count;
    enum err (*put_heartbeats)(struct store *s,
                               const struct store_heartbeat *rows,
                               size_t count);
};

/* The connection of a handle. */
struct db *store_db_conn(struct store *s);
/* The text of this handle's engine. */
const char *store_db_sql(const struct store *s,
                         const char *const texts[STORE_DIALECTS]);

/* Close the connection and free the handle; NULL is allowed. */
void store_db_close(struct store *s);
OWN_DEFINE(store_db_close, struct store *)

/* The members of store_ops that are the same everywhere. */
enum err store_db_migrations(struct store *s,
                             struct store_migrations *out) WS_MUST_CHECK;
enum err store_db_migrate(struct store *s, size_t *applied) WS_MUST_CHECK;
enum err store_db_begin(struct store *s) WS_MUST_CHECK;
enum err store_db_commit(struct store *s) WS_MUST_CHECK;
void store_db_rollback(struct store *s);

/* "HEAD ROW, ROW ... TAIL": a statement of as many rows as are wanted. */
struct store_db_many {
    const char *head, *row, *tail; /* literals */
};

/* The columns of a roll-up in the order that store_db_views_figures() reads
 * them, from a column on. */
#define STORE_DB_FIGURES                                                       \
    "observations, scored, judged, normal, suspicious, critical, partial, "    \
    "failed, screenshots, screenshot_bytes, recordings, recording_bytes, "     \
    "events, productivity_sum, productivity_min, productivity_max, "           \
    "anomaly_sum, anomaly_min, anomaly_max"
#define STORE_DB_SUMS                                                          \
    "sum(r.observations), sum(r.scored), sum(r.judged), sum(r.normal), "       \
    "sum(r.suspicious), sum(r.critical), sum(r.partial), sum(r.failed), "      \
    "sum(r.screenshots), sum(r.screenshot_bytes), sum(r.recordings), "         \
    "sum(r.recording_bytes), sum(r.events), sum(r.productivity_sum), "         \
    "min(r.productivity_min), max(r.productivity_max), sum(r.anomaly_sum), "   \
    "min(r.anomaly_min), max(r.anomaly_max) "
void store_db_views_figures(struct db_stmt *q, int from,
                            struct store_rollup *out);
/* Walk rows of a quarter and such columns. */
enum err store_db_views_walk(struct db_stmt *q, int64_t session_id,
                             int (*each)(void *ctx,
                                         const struct store_rollup *row),
                             void *ctx) WS_MUST_CHECK;

extern const struct store_ledger_ops store_db_ledger;
extern const struct store_sessions_ops store_db_sessions;
extern const struct store_accounts_ops store_db_accounts;
extern const struct store_views_ops store_db_views;

#endif
