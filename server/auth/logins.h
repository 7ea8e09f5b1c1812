/* logins.h - who asks: cookies and API keys, looked up without blocking the
 * loop.
 *
 * Flow:    access check (loop) -> [logins] -> a reader thread on a miss ->
 *          store_accounts
 * Shapes:  a cookie or key is 256 random bits in hex; only its SHA-256 is kept
 * Errors:  WS_AGAIN   not known here: call logins_load() on a reader thread
 *          WS_DENIED  unknown, ended, revoked, or its account is closed
 * Owns:    logins_open() hands over a handle
 * Process: every function from any thread; what was looked up counts for
 *          LOGINS_FRESH_MS, so a revocation holds on every machine within
 *          that, and on all workers of this one at once
 * Source:  ui.md "CSRF ... 3 levels"; privacy.md A1
 */
#ifndef SERVER_AUTH_LOGINS_H
#define SERVER_AUTH_LOGINS_H

#include "core/env.h"
#include "core/err.h"
#include "core/own.h"
#include "server/auth/lockout.h"
#include "server/http/access.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define LOGINS_COOKIE "ws" /* over plain HTTP */
#define LOGINS_COOKIE_TLS "__Host-ws"
#define LOGINS_SECRET_BYTES 72 /* prefix, 256 bits in hex, the NUL */
#define LOGINS_SEEN_MS 300000  /* "last seen" is written this often */
#define LOGINS_FRESH_MS 900
#define LOGINS_MAX_CACHED 4096

struct logins;
struct store;

enum logins_kind { LOGINS_BY_COOKIE, LOGINS_BY_KEY };

/* Failed logins and the generation are shared by the workers of a machine;
 * NULL: its own. */
enum err logins_open(struct logins **out, const struct env *env,
                     struct lockout_table *shared,
                     atomic_uint_fast64_t *generation) WS_MUST_CHECK;
void logins_close(struct logins *l);
OWN_DEFINE(logins_close, struct logins *)

/* Who stands behind a secret. */
struct logins_who {
    struct principal principal;
    unsigned roles;   /* set of ROLES_* */
    int64_t login_id; /* by cookie */
    int64_t key_id;   /* by key */
    int64_t seen_ns;  /* as stored */
    char address[46]; /* seen from, as stored */
};

/* From memory alone: for the loop. */
enum err logins_find(struct logins *l, enum logins_kind kind,
                     const char *secret, struct logins_who *out) WS_MUST_CHECK;

/* The same with a look into the store, remembered: for reader threads. */
enum err logins_load(struct logins *l, struct store *reader,
                     enum logins_kind kind, const char *secret,
                     struct logins_who *out) WS_MUST_CHECK;

/* The secret that a request carries and its kind; NULL without one. */
const char *logins_secret(const struct exchange *x, enum logins_kind *kind);

/* The row of access_ops that is about people: who asks, and CSRF. */
enum access logins_access_user(struct exchange *x);

/* What the login page may try. */
struct lockout *logins_lockout(struct logins *l);

/* Have all workers forget what they remember: after a revocation, a new
 * password, a change of roles. */
void logins_forget(struct logins *l);

/* A new secret and its hash: 256 random bits in hex behind a prefix ("" for
 * cookies, "wsk_" keys, "wsl_" links). */
#define LOGINS_KEY_PREFIX "wsk_"
#define LOGINS_LINK_PREFIX "wsl_"
void logins_make_secret(const struct env *env, const char *prefix,
                        char secret[LOGINS_SECRET_BYTES], uint8_t sha256[32]);

/* A new enrollment code, "wse_" and 128 bits in hex, and its hash. */
void logins_make_code(const struct env *env, char code[LOGINS_SECRET_BYTES],
                      uint8_t sha256[32]);

/* The token that unsafe methods must carry with a cookie's secret. */
void logins_csrf(const char *secret, char out[65]);

#endif
