/* keys.h - the idempotency key of a request, by its headers.
 *
 * Flow:    metrics, recordings, screenshots -> [keys]
 * Source:  wire.md "Idempotency"
 */
#ifndef SERVER_INGEST_KEYS_H
#define SERVER_INGEST_KEYS_H

#include "server/http/exchange.h"

#include <stdbool.h>

#define KEYS_BYTES 256

struct keys {
    char key[KEYS_BYTES]; /* "" when none was sent */
    bool strict;          /* by Idempotency-Key: another payload is 422 */
};

/* Read the headers. False: both names and different, or not a key; it was
 * answered 400. */
bool keys_read(struct exchange *x, struct keys *out);

/* A key for a request that has none: nothing will ever repeat it. */
void keys_random(struct exchange *x, char out[KEYS_BYTES]);

#endif
