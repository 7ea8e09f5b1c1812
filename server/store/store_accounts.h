/* store_accounts.h - accounts, logins, keys, codes and links as rows.
 *
 * Flow:    auth, cli -> [store_accounts] -> the engine's SQL
 * Shapes:  secrets come as SHA-256 only; passwords as Argon2id texts
 * Units:   times are ns UTC, 0: never
 * Errors:  WS_NOTFOUND  no such row, or it is ended, used or revoked
 *          WS_EXISTS    the name is taken
 *          WS_AGAIN     the store is busy or away
 * Process: reading calls on a reader's handle, writing ones (marked W) on the
 *          committer's, inside its transaction
 * Source:  ui.md section 1; privacy.md A1 to A3; wire.md "Enrollment"
 */
#ifndef SERVER_STORE_STORE_ACCOUNTS_H
#define SERVER_STORE_STORE_ACCOUNTS_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_NAME_BYTES 65      /* of accounts and keys, with the NUL */
#define STORE_ROLES_BYTES 64     /* "admin,reviewer" */
#define STORE_PASSWORD_BYTES 128 /* crypto_pwhash_STRBYTES */
#define STORE_ADDRESS_BYTES 46
#define STORE_AGENT_BYTES 121 /* of a browser's name, cut */

struct store;

struct store_account {
    int64_t id;
    char name[STORE_NAME_BYTES]; /* as written; compared without case */
    char roles[STORE_ROLES_BYTES];
    char team[STORE_NAME_BYTES]; /* "": none */
    char password[STORE_PASSWORD_BYTES];
    int64_t created_ns, closed_ns, password_ns, login_ns;
};

struct store_login {
    int64_t id, account_id;
    uint8_t sha256[32]; /* of the cookie */
    int64_t created_ns, expires_ns, seen_ns;
    char address[STORE_ADDRESS_BYTES], seen_address[STORE_ADDRESS_BYTES];
    char user_agent[STORE_AGENT_BYTES];
};

struct store_key {
    int64_t id;
    char name[STORE_NAME_BYTES];
    char roles[STORE_ROLES_BYTES];
    uint8_t sha256[32];
    int64_t created_ns, revoked_ns, used_ns;
};

struct store_code {
    int64_t id;
    uint8_t sha256[32];
    int64_t account_id; /* whose sessions these will be; 0: nobody's yet */
    char account[STORE_NAME_BYTES]; /* its name, when listed */
    int64_t created_ns, expires_ns, used_ns, revoked_ns;
    int64_t session_id; /* that was opened with it */
};

/* --- accounts --- */
enum err store_accounts_by_name(struct store *s, const char *name,
                                struct store_account *out) WS_MUST_CHECK;
enum err store_accounts_by_id(struct store *s, int64_t id,
                              struct store_account *out) WS_MUST_CHECK;
/* How many there ever were; and the first one that may administer, or 0. */
enum err store_accounts_count(struct store *s, int64_t *count,
                              int64_t *first_admin) WS_MUST_CHECK;
/* Up to `max` accounts after an id, by id. */
enum err store_accounts_list(struct store *s, int64_t after_id,
                             struct store_account *out, size_t max,
                             size_t *count) WS_MUST_CHECK;
/* W: add one; its id is set. */
enum err store_accounts_add(struct store *s,
                            struct store_account *a) WS_MUST_CHECK;
/* W: a new password; every login of the account but `keep_login` ends. */
enum err store_accounts_set_password(struct store *s, int64_t account_id,
                                     const char *hash, int64_t now_ns,
                                     int64_t keep_login) WS_MUST_CHECK;

/* --- logins --- */
/* The live login behind a cookie's hash, and its account. */
enum err store_accounts_login(struct store *s, const uint8_t sha256[32],
                              int64_t now_ns, struct store_login *login,
                              struct store_account *account) WS_MUST_CHECK;
/* The live ones of an account, newest first, with ids below `before_id`. */
enum err store_accounts_logins(struct store *s, int64_t account_id,
                               int64_t now_ns, int64_t before_id,
                               struct store_login *out, size_t max,
                               size_t *count) WS_MUST_CHECK;
/* W: its id is set; the account's last login is now. */
enum err store_accounts_login_add(struct store *s,
                                  struct store_login *l) WS_MUST_CHECK;
/* W: end one login of an account. */
enum err store_accounts_login_end(struct store *s, int64_t id,
                                  int64_t account_id,
                                  int64_t now_ns) WS_MUST_CHECK;
/* W: end all logins of an account but one (0: all). */
enum err store_accounts_logins_end(struct store *s, int64_t account_id,
                                   int64_t keep_login,
                                   int64_t now_ns) WS_MUST_CHECK;
/* W: seen now, from here. */
enum err store_accounts_login_seen(struct store *s, int64_t id, int64_t now_ns,
                                   const char *address) WS_MUST_CHECK;
/* W: drop logins and links that ended or expired before a time. */
enum err store_accounts_sweep(struct store *s, int64_t before_ns) WS_MUST_CHECK;

/* --- API keys --- */
enum err store_accounts_key(struct store *s, const uint8_t sha256[32],
                            struct store_key *out) WS_MUST_CHECK;
enum err store_accounts_keys(struct store *s, int64_t after_id,
                             struct store_key *out, size_t max,
                             size_t *count) WS_MUST_CHECK;
/* W */
enum err store_accounts_key_add(struct store *s,
                                struct store_key *k) WS_MUST_CHECK;
/* W */
enum err store_accounts_key_used(struct store *s, int64_t id,
                                 int64_t now_ns) WS_MUST_CHECK;
/* W: by id or, when id is 0, by name. */
enum err store_accounts_key_revoke(struct store *s, int64_t id,
                                   const char *name,
                                   int64_t now_ns) WS_MUST_CHECK;

/* --- enrollment codes --- */
enum err store_accounts_codes(struct store *s, int64_t after_id,
                              struct store_code *out, size_t max,
                              size_t *count) WS_MUST_CHECK;
/* W */
enum err store_accounts_code_add(struct store *s,
                                 struct store_code *c) WS_MUST_CHECK;
/* W */
enum err store_accounts_code_revoke(struct store *s, int64_t id,
                                    int64_t now_ns) WS_MUST_CHECK;
/* W: use an unused, unexpired, unrevoked code for a session: once. */
enum err store_accounts_code_use(struct store *s, const uint8_t sha256[32],
                                 int64_t session_id, int64_t now_ns,
                                 struct store_code *out) WS_MUST_CHECK;
/* The code, when it is good for one use now; nothing is changed. */
enum err store_accounts_code_good(struct store *s, const uint8_t sha256[32],
                                  int64_t now_ns,
                                  struct store_code *out) WS_MUST_CHECK;
/* --- one-time links --- */
struct store_link {
    int64_t id;
    uint8_t sha256[32];
    int64_t account_id; /* whom it logs in; 0: it makes the first account */
    int64_t created_ns, expires_ns;
};
/* The link that is good for one use now. */
enum err store_accounts_link(struct store *s, const uint8_t sha256[32],
                             int64_t now_ns,
                             struct store_link *out) WS_MUST_CHECK;
/* W: its id is set. */
enum err store_accounts_link_add(struct store *s,
                                 struct store_link *l) WS_MUST_CHECK;
/* W: use it up: once. */
enum err store_accounts_link_use(struct store *s, int64_t id,
                                 int64_t now_ns) WS_MUST_CHECK;

/* --- keys that every worker shares --- */
/* W: keep it unless there is one already; out is the one that counts. */
enum err store_accounts_secret_make(struct store *s, const char *name,
                                    const uint8_t fresh[32],
                                    uint8_t out[32]) WS_MUST_CHECK;

#endif
