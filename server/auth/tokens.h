/* tokens.h - which session a bearer token is bound to, without blocking.
 *
 * Flow:    access check (loop) -> [tokens] -> a reader thread on a miss ->
 *          store_sessions
 * Shapes:  SHA-256 of the token -> session
 * Errors:  WS_AGAIN   not known here: ask the store on a reader thread
 *          WS_DENIED  unknown or revoked
 * Owns:    tokens_open() hands over a handle
 * Process: every function from any thread. What was looked up counts for
 *          TOKENS_FRESH_MS, so a revocation holds on every machine within
 *          that; on all workers of this machine it holds at once
 *          (tokens_forget, the shared generation)
 * Source:  wire.md "Enrollment": refused within 1 s on every worker
 */
#ifndef SERVER_AUTH_TOKENS_H
#define SERVER_AUTH_TOKENS_H

#include "core/env.h"
#include "core/err.h"
#include "core/own.h"
#include "server/http/access.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define TOKENS_FRESH_MS 900
#define TOKENS_MAX_CACHED                                                      \
    131072 /* a power of two; the oldest of a slot goes                        \
            */

struct tokens;
struct store;

/* The generation is shared by the workers of a machine; NULL: its own. */
enum err tokens_open(struct tokens **out, const struct env *env,
                     size_t max_cached,
                     atomic_uint_fast64_t *generation) WS_MUST_CHECK;
void tokens_close(struct tokens *t);
OWN_DEFINE(tokens_close, struct tokens *)

struct tokens_session {
    int64_t id;
    int64_t tier; /* acknowledged when it opened; -1: of layer 1 */
    char uid[33]; /* "": of layer 1 */
};

/* The session of a token's hash, from memory alone: for the loop. */
enum err tokens_find(struct tokens *t, const uint8_t sha256[32],
                     struct tokens_session *out) WS_MUST_CHECK;

/* The same with a look into the store, remembered: for reader threads. */
enum err tokens_load(struct tokens *t, struct store *reader,
                     const uint8_t sha256[32],
                     struct tokens_session *out) WS_MUST_CHECK;

/* Remember what a commit just made true: a new session's token. */
void tokens_put(struct tokens *t, const uint8_t sha256[32],
                struct tokens_session session);

/* Have all workers forget everything: after a revocation or a replaced token,
 * from done(). */
void tokens_forget(struct tokens *t);

/* The two rows of access_ops that are about agents. */
enum access tokens_access_agent(struct exchange *x);
enum access tokens_access_enroll(struct exchange *x);

#endif
