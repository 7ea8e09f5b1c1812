/* sessions.h - who may open a session, and what opening it twice means.
 *
 * Flow:    sessions.c (body read) -> [sessions_decide] -> store, in one
 *          transaction of the committer
 * Shapes:  in: what the request says; out: the outcome and the session's id
 * Process: sessions_decide() runs on the writer's handle and may run again
 *          when its transaction is replayed
 * Source:  wire.md "Session", "Enrollment"
 */
#ifndef SERVER_INGEST_SESSIONS_H
#define SERVER_INGEST_SESSIONS_H

#include "server/store/store_sessions.h"

#include <stdbool.h>

enum sessions_outcome {
    SESSIONS_OPENED,   /* 201 */
    SESSIONS_REPLAYED, /* 200: known, same token */
    SESSIONS_RENEWED,  /* 200: known, and its token was replaced */
    SESSIONS_MISSING,  /* 401: needs a code or a token, none was sent */
    SESSIONS_REFUSED,  /* 403: what was sent is not good */
    SESSIONS_FOREIGN,  /* 403: the uid is another agent's */
    SESSIONS_CLASH,    /* 400: the token's hash is in use elsewhere */
};

struct sessions_request {
    struct store_session row; /* id, user_id are filled when it is opened */
    uint8_t token_sha256[STORE_SHA256_BYTES];  /* of the session's token */
    uint8_t bearer_sha256[STORE_SHA256_BYTES]; /* of what came with it */
    bool has_bearer;
    bool bearer_is_token; /* by its form; else it is a code */
    bool inside;          /* from a network that needs no code */
    enum sessions_outcome outcome;
    int64_t session_id;
};

/* For committer_call(): arg is struct sessions_request. WS_DENIED when the
 * outcome is a refusal: nothing is written. */
enum err sessions_decide(struct store *writer, void *request) WS_MUST_CHECK;

/* The same question without writing, for readers: a refusal that is sure, or
 * a replay; SESSIONS_OPENED means: ask the writer. */
enum err sessions_foresee(struct store *reader, struct sessions_request *r,
                          enum sessions_outcome *out) WS_MUST_CHECK;

#endif
