/* store_accounts_backend.h - what a backend fills in for accounts, codes and
 * the access log; for backends and the thin callers alone.
 *
 * Flow:    store_accounts.c -> [store_accounts_backend] -> store_db_*.c
 * Source:  house-style.md section 6; the meanings stand in store_accounts.h
 */
#ifndef SERVER_STORE_STORE_ACCOUNTS_BACKEND_H
#define SERVER_STORE_STORE_ACCOUNTS_BACKEND_H

#include "server/store/store_accounts.h"
#include "server/store/store_audit.h"
#include "server/store/store_backend.h"

/* API keys, enrollment codes, one-time links, shared secrets. */
struct store_codes_ops {
    enum err (*key)(struct store *s, const uint8_t sha256[32],
                    struct store_key *out);
    enum err (*keys)(struct store *s, int64_t after_id, struct store_key *out,
                     size_t max, size_t *count);
    enum err (*key_add)(struct store *s, struct store_key *k);
    enum err (*key_used)(struct store *s, int64_t id, int64_t now_ns);
    enum err (*key_revoke)(struct store *s, int64_t id, const char *name,
                           int64_t now_ns);
    enum err (*codes)(struct store *s, int64_t after_id, struct store_code *out,
                      size_t max, size_t *count);
    enum err (*code_add)(struct store *s, struct store_code *c);
    enum err (*code_revoke)(struct store *s, int64_t id, int64_t now_ns);
    enum err (*code_use)(struct store *s, const uint8_t sha256[32],
                         int64_t session_id, int64_t now_ns,
                         struct store_code *out);
    enum err (*code_good)(struct store *s, const uint8_t sha256[32],
                          int64_t now_ns, struct store_code *out);
    enum err (*link)(struct store *s, const uint8_t sha256[32], int64_t now_ns,
                     struct store_link *out);
    enum err (*link_add)(struct store *s, struct store_link *l);
    enum err (*link_use)(struct store *s, int64_t id, int64_t now_ns);
    enum err (*secret_make)(struct store *s, const char *name,
                            const uint8_t fresh[32], uint8_t out[32]);
};

/* The rows of the access log; the chain itself is store_audit.c's. */
struct store_audit_ops {
    enum err (*head)(struct store *s, int64_t *id, uint8_t hash[32]);
    enum err (*put)(struct store *s, const struct store_audit *row,
                    const uint8_t hash[32]);
    enum err (*walk)(struct store *s, int64_t after_id, int64_t before_id,
                     bool newest_first,
                     int (*each)(void *ctx, const struct store_audit *row,
                                 const uint8_t hash[32]),
                     void *ctx);
    /* The last row that was dropped; id 0: none ever was. */
    enum err (*dropped)(struct store *s, int64_t *id, uint8_t hash[32]);
    enum err (*drop)(struct store *s, int64_t upto_id, const uint8_t hash[32]);
};

/* Accounts and logins, and the two tables above. */
struct store_accounts_ops {
    enum err (*by_name)(struct store *s, const char *name,
                        struct store_account *out);
    enum err (*by_id)(struct store *s, int64_t id, struct store_account *out);
    enum err (*count)(struct store *s, int64_t *count, int64_t *first_admin);
    enum err (*list)(struct store *s, int64_t after_id,
                     struct store_account *out, size_t max, size_t *count);
    enum err (*add)(struct store *s, struct store_account *a);
    enum err (*set_password)(struct store *s, int64_t account_id,
                             const char *hash, int64_t now_ns,
                             int64_t keep_login);
    enum err (*login)(struct store *s, const uint8_t sha256[32], int64_t now_ns,
                      struct store_login *login, struct store_account *account);
    enum err (*logins)(struct store *s, int64_t account_id, int64_t now_ns,
                       int64_t before_id, struct store_login *out, size_t max,
                       size_t *count);
    enum err (*login_add)(struct store *s, struct store_login *l);
    enum err (*login_end)(struct store *s, int64_t id, int64_t account_id,
                          int64_t now_ns);
    enum err (*logins_end)(struct store *s, int64_t account_id,
                           int64_t keep_login, int64_t now_ns);
    enum err (*login_seen)(struct store *s, int64_t id, int64_t now_ns,
                           const char *address);
    enum err (*sweep)(struct store *s, int64_t before_ns);
    const struct store_codes_ops *codes;
    const struct store_audit_ops *audit;
};

/* The tables of the SQL engines. */
extern const struct store_codes_ops store_db_codes;
extern const struct store_audit_ops store_db_audit;

#endif
