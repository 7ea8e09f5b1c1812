/* request.h - the requests of wire.md, built from leased items.
 *
 * Flow:    leases + session -> [request] -> transport
 * Shapes:  layer 2: sessions, batch, screenshots; layer 1: ai-metrics,
 *          recordings, screenshots, one item each
 * Errors:  WS_INVALID  a payload that cannot be turned into its request
 * Owns:    request_init() .. request_fini(); texts of the session must live as
 *          long as the request
 * Source:  wire.md; RFC 1952 (gzip of bodies over 1 KiB)
 */
#ifndef AGENT_UPLOAD_REQUEST_H
#define AGENT_UPLOAD_REQUEST_H

#include "agent/outbox/client.h"
#include "agent/upload/answer.h"
#include "core/env.h"

#define REQUEST_MAX_PARTS 16
#define REQUEST_MAX_PICTURE_BYTES ((size_t)16 << 20)
#define REQUEST_GZIP_FROM_BYTES 1024

struct request {
    struct transport_request transport;
    answer_expected_fn *expected; /* the body that acknowledges it */
    /* what transport points at */
    char url[1200];
    char key[96]; /* the idempotency header */
    const char *headers[3];
    struct buf body;
    struct buf texts; /* values of form fields, NUL between */
    struct buf picture;
    struct transport_part parts[REQUEST_MAX_PARTS];
};

void request_init(struct request *r, const char *server, int64_t deadline_ms);
void request_fini(struct request *r);

/* POST /sessions/: payload is the session item; bearer may be NULL. */
enum err request_session(struct request *r, const struct client_session *s,
                         const struct buf *payload,
                         const char *bearer) WS_MUST_CHECK;

/* POST /sessions/{id}/batch/ */
enum err request_batch(struct request *r, const struct client_session *s,
                       const struct client_lease *leases,
                       size_t count) WS_MUST_CHECK;

/* Layer 1: one metric or recording on its own route; WS_NOTFOUND: layer 1 has
 * no route for this kind. */
enum err request_single(struct request *r, const struct client_session *s,
                        const struct client_lease *lease) WS_MUST_CHECK;

/* POST /screenshots/ with the bytes of the lease's picture. */
enum err request_picture(struct request *r, const struct client_session *s,
                         const struct client_lease *lease) WS_MUST_CHECK;

/* True when the server of this session speaks layer 2. */
bool request_is_layer_2(const struct client_session *s);

#endif
