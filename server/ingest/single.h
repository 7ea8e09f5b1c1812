/* single.h - a request that carries one fact, from its handler to its answer.
 *
 * Flow:    metrics, recordings, screenshots -> [single] -> committer -> answer
 * Shapes:  the answer's body differs by endpoint, the rules are here
 * Owns:    single_open() hands over a request; single_submit() takes it, and
 *          whatever happens then answers and frees it
 * Source:  wire.md "Layer 1", "Idempotency"
 */
#ifndef SERVER_INGEST_SINGLE_H
#define SERVER_INGEST_SINGLE_H

#include "core/json.h"
#include "core/own.h"
#include "server/blob/blob.h"
#include "server/commit/committer.h"
#include "server/http/exchange.h"
#include "server/ingest/facts.h"
#include "server/ingest/keys.h"

struct single {
    struct committer_request request;
    struct commit_item item;
    struct exchange *x;
    struct json *doc; /* freed with it; may be NULL */
    struct facts_room room;
    struct buf payload; /* when the payload is not the body itself */
    char key[KEYS_BYTES];
    char blobs[2][BLOB_NAME_BYTES]; /* of a picture and its thumbnail */
    /* Write the 2xx body; id 0 with a duplicate: the row is gone. */
    void (*write)(const struct single *s, bool duplicate, int64_t id,
                  struct buf *out);
    /* Called once with the verdict, before the answer; may be NULL. */
    void (*settled)(struct single *s);
};

/* A request for the principal's session; received now. WS_NOMEM: answered. */
enum err single_open(struct single **out, struct exchange *x) WS_MUST_CHECK;
void single_close(struct single *s);
OWN_DEFINE(single_close, struct single *)

/* Parse the body as JSON; false: answered 400. */
bool single_parse(struct single *s);

/* Hand it to the committer and hold the exchange until it is answered. */
void single_submit(struct single *s);

#endif
