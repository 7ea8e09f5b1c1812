/* store_db_ledger.h - what the files of the ledger share.
 *
 * Flow:    store_db_ledger.c fills the table with store_db_arrive.c,
 *          store_db_bury.c and store_db_ledger_read.c
 */
#ifndef SERVER_STORE_STORE_DB_LEDGER_H
#define SERVER_STORE_STORE_DB_LEDGER_H

#include "server/store/store_db.h"

/* The rows of a session from the one that holds ?2, or ends before it, to the
 * last that begins at or before ?3. */
#define STORE_DB_TOUCHED(table)                                                \
    " FROM " table " WHERE session_id = ?1 AND first_seq <= ?3"                \
    " AND first_seq >= ifnull((SELECT max(first_seq) FROM " table              \
    " WHERE session_id = ?1 AND first_seq <= ?2), 0)"

/* Writers of several processes take turns at a session's runs: each joins rows
 * that another might be joining. SQLite has one writer anyway. */
enum err store_db_ledger_turn(struct store *s,
                              int64_t session_id) WS_MUST_CHECK;

/* Cut a run out of what is buried: those items arrived after all. */
enum err store_db_ledger_unbury(struct store *s, int64_t session_id,
                                struct store_run run,
                                int64_t *replaced) WS_MUST_CHECK;

/* Bury what of the runs is in neither table; how many seqs that is. */
enum err store_db_bury(struct store *s, int64_t session_id, const char *reason,
                       const struct store_run *runs, size_t run_count,
                       int64_t *seqs) WS_MUST_CHECK;

/* Members of the table: see store_arrivals in store_ledger.h. */
enum err store_db_arrivals_open(struct store_arrivals **out, struct store *s,
                                const struct store_seqs *runs,
                                size_t count) WS_MUST_CHECK;
void store_db_arrivals_close(struct store_arrivals *a);
const struct store_seqs *store_db_arrivals_rows(const struct store_arrivals *a,
                                                size_t *count);
enum err store_db_arrivals_put(struct store_arrivals *a,
                               const struct store_seqs *runs,
                               size_t count) WS_MUST_CHECK;

/* A member of the table: see store_ledger_span(). */
enum err store_db_bury_span(struct store *s, int64_t session_id,
                            const struct store_run *runs,
                            size_t run_count) WS_MUST_CHECK;

/* Members of the table. */
enum err store_db_ledger_known(struct store *s, int64_t session_id, int64_t seq,
                               int64_t *count) WS_MUST_CHECK;
enum err store_db_ledger_read(struct store *s, int64_t session_id,
                              struct store_ledger *out) WS_MUST_CHECK;

#endif
