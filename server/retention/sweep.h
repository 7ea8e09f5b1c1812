/* sweep.h - one round over everything that may be too old, a page at a time.
 *
 * Flow:    retention worker or command -> [sweep] -> blob, store_retention
 * Shapes:  a page is read, the pictures of its old rows are removed, then the
 *          rows: a kill in between leaves rows whose pictures are gone, which
 *          are the first of the next round
 * Units:   times in ns UTC, sizes in bytes
 * Errors:  as store.h and blob.h; what was removed before stays removed
 * Process: any one thread; `write` says how to reach the writer
 * Source:  issue "A server for production": per class, by age and by bytes
 */
#ifndef SERVER_RETENTION_SWEEP_H
#define SERVER_RETENTION_SWEEP_H

#include "core/err.h"

#include <stdbool.h>
#include <stdint.h>

struct blob;
struct settings;
struct store;

enum sweep_class {
    SWEEP_PICTURES,
    SWEEP_RECORDINGS,
    SWEEP_METRICS, /* with events and tombstones */
    SWEEP_ROLLUPS, /* of sessions and of the fleet */
    SWEEP_AUDIT,   /* the access log; notices of sessions long silent */
    SWEEP_CLASSES
};
extern const char *const sweep_class_names[SWEEP_CLASSES];

struct sweep_count {
    int64_t before_ns; /* older than this goes */
    int64_t rows, bytes;
};

struct sweep {
    const struct settings *settings;
    struct store *reader;
    struct blob *blob;
    int64_t now_ns;
    bool dry_run; /* count what would go */
    /* Run fn on the writer in a transaction of its own; WS_OK: committed. */
    enum err (*write)(void *ctx, enum err (*fn)(struct store *s, void *arg),
                      void *arg);
    bool (*go_on)(void *ctx); /* asked before each page; NULL: always */
    void *ctx;
    struct sweep_count counts[SWEEP_CLASSES]; /* of this round */
};

/* Do it all; counts begin at zero. WS_AGAIN: go_on said no. */
enum err sweep_run(struct sweep *w) WS_MUST_CHECK;

#endif
