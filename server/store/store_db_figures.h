/* store_db_figures.h - roll-ups of some sessions at once.
 *
 * Flow:    store_db_views.c -> [store_db_figures] -> the engine's SQL
 * Shapes:  at most STORE_DB_PAGE sessions a call, by a list of constants: each
 *          is a range of the primary key. From an outer row neither MariaDB nor
 *          MySQL makes one: they read all quarters of the session
 * Errors:  as store.h
 */
#ifndef SERVER_STORE_STORE_DB_FIGURES_H
#define SERVER_STORE_STORE_DB_FIGURES_H

#include "server/store/store_db.h"

struct store_db_figures {
    int64_t session_id;
    int64_t metrics, unusual, failures;
};

/* Fill the figures of rows[].session_id since a quarter. */
enum err store_db_figures_since(struct store *s, int64_t since_quarter,
                                struct store_db_figures *rows,
                                size_t count) WS_MUST_CHECK;

/* Their quarters with first <= quarter < end, summed, in order. */
enum err store_db_figures_quarters(struct store *s, const int64_t *sessions,
                                   size_t count, int64_t first, int64_t end,
                                   int (*each)(void *ctx,
                                               const struct store_rollup *row),
                                   void *ctx) WS_MUST_CHECK;

#endif
