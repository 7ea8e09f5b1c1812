/* store_retention.h - rows by age, a page at a time, and their end.
 *
 * Flow:    retention reads pages (a reader's handle), then drops them (the
 *          writer's), so no transaction is longer than a page
 * Shapes:  a table is walked by id: ids come from a counter in blocks, so old
 *          rows stand first, block by block (store.h, STORE_ID_BLOCK), and a
 *          page of them goes as one range of the primary key
 * Errors:  as store.h
 * Source:  design.md section 2; the delivered runs of store_ledger.h stay
 */
#ifndef SERVER_STORE_STORE_RETENTION_H
#define SERVER_STORE_STORE_RETENTION_H

#include "server/store/store.h"

#include <stdbool.h>

#define STORE_RETENTION_PAGE 512
#define STORE_RETENTION_NAME_BYTES 64

enum store_retention_table { /* kept as their class says */
                             STORE_RETENTION_SCREENSHOT,
                             STORE_RETENTION_RECORDING,
                             STORE_RETENTION_RECORDING_STATUS,
                             STORE_RETENTION_METRIC,
                             STORE_RETENTION_EVENT,
                             STORE_RETENTION_TOMBSTONE,
                             STORE_RETENTION_NOTICE_ACK,
                             STORE_RETENTION_TABLES,
};

struct store_retention_row {
    int64_t id, session_id, bytes;
    int64_t received_ns; /* a notice's: or when its session was last heard */
    bool has_seq;
    char blob[STORE_RETENTION_NAME_BYTES]; /* "": none */
    char thumbnail[STORE_RETENTION_NAME_BYTES];
};

/* The next rows after an id, at most STORE_RETENTION_PAGE, in order of id. */
enum err store_retention_rows(struct store *s, enum store_retention_table table,
                              int64_t after_id, struct store_retention_row *out,
                              size_t *count) WS_MUST_CHECK;

/* In a transaction: these rows go; each session's ledger counts its seqs as
 * expired. A row that is gone already is not counted again. */
enum err store_retention_drop(struct store *s, enum store_retention_table table,
                              const struct store_retention_row *rows,
                              size_t count, size_t *dropped) WS_MUST_CHECK;

struct store_retention_oldest {
    int64_t session_id;
    int64_t quarter; /* of its roll-ups; INT64_MAX: it has none */
};

/* The next sessions after one, at most STORE_RETENTION_PAGE, in order. */
enum err store_retention_oldest(struct store *s, int64_t after_session,
                                struct store_retention_oldest *out,
                                size_t *count) WS_MUST_CHECK;
/* The quarter of one of them. */
enum err store_retention_oldest_of(struct store *s, int64_t session_id,
                                   int64_t *quarter) WS_MUST_CHECK;
/* A session's quarters and days before one, and their end. */
enum err store_retention_rollups(struct store *s, int64_t session_id,
                                 int64_t before_quarter,
                                 int64_t *count) WS_MUST_CHECK;
enum err store_retention_drop_rollups(struct store *s, int64_t session_id,
                                      int64_t before_quarter,
                                      int64_t *dropped) WS_MUST_CHECK;

#endif
