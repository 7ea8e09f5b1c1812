/* body.h - where the bytes of a request's body go: memory, a decoder, a form,
 * or nowhere.
 *
 * Flow:    conn_read -> [body] -> exchange_body(), exchange_part()
 * Errors:  refused as struct refusal says (400, 413, 415, 507); WS_NOMEM
 * Owns:    body_fini() frees
 */
#ifndef SERVER_HTTP_BODY_H
#define SERVER_HTTP_BODY_H

#include "core/buf.h"
#include "server/http/form.h"
#include "server/http/gunzip.h"
#include "server/http/head.h"
#include "server/http/route.h"

#define BODY_MAX_IGNORED_BYTES (64 << 10) /* of ROUTE_NO_BODY */

struct body {
    const struct route *route;
    size_t received; /* bytes as they came */
    struct buf memory;
    struct gunzip *gunzip;
    struct form *form;
};

/* Check what the head says about the body, before a byte of it is read. */
enum err body_begin(struct body *b, const struct route *route,
                    const struct head *head, const char *spool_dir,
                    struct refusal *why) WS_MUST_CHECK;
/* Its length is known, and there is memory for so much: files may be held. */
void body_hold(struct body *b, struct rooms *rooms, size_t len);
/* Memory that the body takes now. */
size_t body_held(const struct body *b);
enum err body_feed(struct body *b, const char *data, size_t len,
                   struct refusal *why) WS_MUST_CHECK;
/* The last byte came. */
enum err body_end(struct body *b, struct refusal *why) WS_MUST_CHECK;
void body_fini(struct body *b);

#endif
