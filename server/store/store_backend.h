/* store_backend.h - what a backend of the store fills in; for backends and
 * the thin callers alone.
 *
 * Flow:    store*.c (thin callers) -> [store_backend] -> store_sqlite*.c
 * Shapes:  one struct store_ops a backend, named store_NAME, with a table for
 *          each group of rows; a backend's handle begins with struct store
 * Source:  house-style.md section 6; the meanings stand in the callers' headers
 */
#ifndef SERVER_STORE_STORE_BACKEND_H
#define SERVER_STORE_STORE_BACKEND_H

#include "server/store/store.h"
#include "server/store/store_facts.h"
#include "server/store/store_ledger.h"
#include "server/store/store_sessions.h"

struct store_facts_ops {
    enum err (*put)(struct store *s, const struct fact *const *facts,
                    size_t count, enum err *results);
    enum err (*find)(struct store *s, enum wire_item_kind kind,
                     int64_t session_id, const char *key,
                     struct fact_found *out);
    enum err (*add_rollups)(struct store *s, const struct store_rollup *rows,
                            size_t count);
    enum err (*add_fleet)(struct store *s, int64_t shard,
                          const struct store_rollup *rows, size_t count);
    enum err (*add_stats)(struct store *s, const struct store_stat *rows,
                          size_t count);
};

/* A backend's begins with it. */
struct store_arrivals {
    struct store *s;
};

struct store_ledger_ops {
    enum err (*delivered)(struct store *s, int64_t session_id, int64_t first,
                          int64_t last, struct store_run *out, size_t max,
                          size_t *count);
    enum err (*known)(struct store *s, int64_t session_id, int64_t seq,
                      int64_t *count);
    enum err (*arrivals_open)(struct store_arrivals **out, struct store *s,
                              const struct store_seqs *runs, size_t count);
    void (*arrivals_close)(struct store_arrivals *a);
    const struct store_seqs *(*arrivals_rows)(const struct store_arrivals *a,
                                              size_t *count);
    enum err (*arrivals_put)(struct store_arrivals *a,
                             const struct store_seqs *runs, size_t count);
    enum err (*bury)(struct store *s, int64_t session_id, const char *reason,
                     const struct store_run *runs, size_t run_count,
                     int64_t count);
    enum err (*span)(struct store *s, int64_t session_id,
                     const struct store_run *runs, size_t run_count);
    enum err (*read)(struct store *s, int64_t session_id,
                     struct store_ledger *out);
    enum err (*buried)(struct store *s, int64_t session_id, int64_t after,
                       struct store_run *out, size_t max, size_t *count);
};

struct store_sessions_ops {
    enum err (*put)(struct store *s, const struct store_session *row,
                    const uint8_t token_sha256[STORE_SHA256_BYTES]);
    enum err (*by_uid)(struct store *s, const char *session_uid,
                       struct store_session_key *out);
    enum err (*by_id)(struct store *s, int64_t session_id,
                      struct store_session_key *out);
    enum err (*by_token)(struct store *s,
                         const uint8_t token_sha256[STORE_SHA256_BYTES],
                         struct store_session_key *out);
    enum err (*tokens)(struct store *s, struct store_token *rows, size_t count);
    enum err (*tier)(struct store *s, int64_t session_id, int64_t seq,
                     int64_t *tier);
    enum err (*replace_token)(struct store *s, int64_t session_id,
                              const uint8_t token_sha256[STORE_SHA256_BYTES],
                              int64_t now_ns);
    enum err (*revoke_token)(struct store *s, int64_t session_id,
                             int64_t now_ns);
    enum err (*put_heartbeats)(struct store *s,
                               const struct store_heartbeat *rows,
                               size_t count);
};

struct store_accounts_ops; /* of store_accounts.h */
struct store_views_ops;    /* of store_views.h */

struct store_ops {
    const char *name; /* as written in an address, before the colon */
    enum err (*open)(struct store **out, const char *where, unsigned flags);
    void (*close)(struct store *s);
    enum err (*migrations)(struct store *s, struct store_migrations *out);
    enum err (*migrate)(struct store *s, size_t *applied);
    enum err (*begin)(struct store *s);
    enum err (*commit)(struct store *s);
    void (*rollback)(struct store *s);
    enum err (*take_ids)(struct store *s, const char *counter, int64_t count,
                         int64_t *first);
    int64_t (*bytes)(struct store *s);
    const struct store_facts_ops *facts;
    const struct store_ledger_ops *ledger;
    const struct store_sessions_ops *sessions;
    const struct store_accounts_ops *accounts;
    const struct store_views_ops *views;
};

/* Every backend's handle begins with this. */
struct store {
    const struct store_ops *ops;
};

/* One migration as the build embeds it (tools/embed-sql). */
struct store_sql {
    int64_t version;
    int64_t least; /* that a program must know after it; 0: any */
    const char *name;
    const char *text;
};

#endif
