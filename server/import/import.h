/* import.h - sessions, tokens, heartbeats, metrics, pictures and recordings of
 * the Django deployment of this product, brought over.
 *
 * Flow:    cli_import_django -> [import] -> Django's MySQL and media folder in,
 *          the store and the blobs out
 * Shapes:  a row has one identity on both sides (a session its token, a metric
 *          its idempotency key, others a key made of their id), so a second
 *          run finds what the first one wrote; sessions and items keep their
 *          ids where nobody else has taken them
 * Errors:  a row that can't be taken is named by refused() and counted, and
 *          the import goes on; WS_NOTFOUND no media folder; WS_CORRUPT what
 *          was written reads back as something else; else as store.h
 * Owns:    nothing: store, blob and texts are the caller's
 * Process: one thread, which may block; beside servers over MySQL, alone over
 *          SQLite
 * Source:  wire.md "Layer 1": rows are judged as if they were sent
 */
#ifndef SERVER_IMPORT_IMPORT_H
#define SERVER_IMPORT_IMPORT_H

#include "core/err.h"

#include <stdint.h>

struct store;
struct blob;

enum import_table {
    IMPORT_SESSIONS,
    IMPORT_TOKENS,
    IMPORT_HEARTBEATS,
    IMPORT_METRICS,
    IMPORT_SCREENSHOTS,
    IMPORT_RECORDINGS,
    IMPORT_TABLES,
};

struct import_count {
    int64_t read;            /* rows of Django's table */
    int64_t written;         /* in a dry run: that would be */
    int64_t there;           /* before */
    int64_t refused;         /* named by refused() */
    int64_t missing;         /* of the refused: their file is not there */
    int64_t moved;           /* sessions that have another id here */
    uint64_t source, target; /* sums of the rows' hashes, in any order */
};

struct import_options {
    const char *from;    /* what stands after "mysql:" */
    const char *media;   /* folder of Django's files */
    const char *spool;   /* folder for copies without a name */
    struct store *store; /* NULL, and blob: a dry run */
    struct blob *blob;
    int64_t max_image_bytes;
    void (*refused)(void *ctx, const char *table, int64_t id,
                    const char *reason);
    void (*progress)(void *ctx, const char *table, int64_t id, int64_t last_id);
    void *ctx;
};

extern const char *const import_table_names[IMPORT_TABLES]; /* Django's */

/* Bring everything over. What was counted stands in counts also when the
 * import broke off; run again, it goes on. */
enum err import_run(const struct import_options *options,
                    struct import_count counts[IMPORT_TABLES]) WS_MUST_CHECK;

#endif
