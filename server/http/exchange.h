/* exchange.h - one request and its one answer.
 *
 * Flow:    conn -> [exchange] -> a route's handler -> [exchange] -> conn
 * Shapes:  what a handler may ask of a request, and the ways to answer it
 * Errors:  every error answer is problem+json with the member `error` (wire.md)
 * Owns:    the exchange lives until it was answered or its client left and
 *          every handler reference is gone; texts given out live as long
 * Process: a handler runs on the loop or on a reader thread (route.h); the
 *          answer may be given from any thread, exactly once
 * Source:  server.md "HTTP layer"; RFC 9110, 9112, 9457
 */
#ifndef SERVER_HTTP_EXCHANGE_H
#define SERVER_HTTP_EXCHANGE_H

#include "core/buf.h"
#include "core/bytes.h"
#include "core/err.h"
#include "core/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;
struct route;
struct server; /* server/server.h: stores, committer, options */

/* Who asks, decided before the body is read (auth/). */
struct principal {
    enum {
        PRINCIPAL_NOBODY,
        PRINCIPAL_AGENT,
        PRINCIPAL_ENROLL,
        PRINCIPAL_USER
    } kind;
    int64_t session_id; /* agent: the session its token is bound to */
    int64_t tier;       /* agent: acknowledged when it opened; -1: of layer 1 */
    char session_uid[33];     /* agent; "": of layer 1 */
    uint8_t token_sha256[32]; /* agent, enroll */
    int64_t user_id;          /* user */
    unsigned permissions;     /* user: PERM_* bits of auth/roles.h */
    char csrf[65]; /* user by cookie: the token unsafe methods need */
    char name[65]; /* user or key name */
};

/* --- the request --- */
struct server *exchange_server(struct exchange *x);
const char *exchange_method(const struct exchange *x);
const char *exchange_path(const struct exchange *x); /* decoded, no query */
const char *exchange_header(const struct exchange *x,
                            const char *name); /* or NULL */
const char *exchange_query(const struct exchange *x,
                           const char *name); /* decoded, or NULL */
/* False: the query can't be read (a broken %XX, too many names) and counts as
 * empty. */
bool exchange_query_good(const struct exchange *x);
/* The i-th name of the query, or NULL past the end. */
const char *exchange_query_name(const struct exchange *x, size_t i);
const char *exchange_cookie(const struct exchange *x,
                            const char *name);       /* or NULL */
const char *exchange_peer(const struct exchange *x); /* address without port;
                                   behind a trusted proxy: as it says */
bool exchange_secure(const struct exchange *x); /* https, at the client's end */
/* Plain HTTP to whoever asks, because the settings say so. */
bool exchange_warned(const struct exchange *x);
const char *exchange_id(const struct exchange *x); /* request id, in and out */
struct principal *exchange_principal(struct exchange *x);

/* The {id} of the route; handlers of a route with {id} may rely on it. */
int64_t exchange_path_id(const struct exchange *x);

/* The body, decoded from gzip when the route allows it; "" without one. */
const char *exchange_body(const struct exchange *x, size_t *len);

/* A part of a multipart form. A file is held in memory, at BYTES_ALIGNED, or it
 * lies in DATA/tmp without a name (O_TMPFILE): linkat(2) can name it on the
 * same file system. The exchange frees or closes it. */
struct exchange_part {
    char name[64];
    char filename[256]; /* "" for a plain field */
    char content_type[80];
    const char *data; /* a plain field, NUL-ended; NULL for a file */
    size_t len;
    struct bytes file;
    uint8_t sha256[32]; /* of the file */
};
/* NULL when there is no such part. */
struct exchange_part *exchange_part(struct exchange *x, const char *name);

/* --- the answer, from any thread, once --- */

/* Add a header to the answer to come. */
void exchange_add_header(struct exchange *x, const char *name,
                         const char *value);

/* Answer with a body; its bytes are taken over (body may be NULL). */
void exchange_reply(struct exchange *x, int status, const char *content_type,
                    struct buf *body);

/* Answer with JSON text; the shorthand of most handlers. */
void exchange_json(struct exchange *x, int status, struct buf *body);

/* Answer with bytes that outlive the server (embedded assets). */
void exchange_reply_static(struct exchange *x, int status,
                           const char *content_type, const void *data,
                           size_t len);

/* Answer with the rest of a file from its offset; the descriptor is taken. */
void exchange_reply_file(struct exchange *x, int status,
                         const char *content_type, int fd, int64_t len);

/* Answer an error: problem+json with `error`. slug names the type
 * ("seq-reused"), detail says what is wrong and how to mend it. */
void exchange_problem(struct exchange *x, int status, const char *slug,
                      const char *fmt, ...) WS_PRINTF(4, 5);

/* The same with a list of places; status is 400. */
void exchange_problems(struct exchange *x, const char *slug,
                       const struct wire_problems *problems);

/* 503 with Retry-After. */
void exchange_busy(struct exchange *x, int retry_after_s);

/* After ACCESS_LATER (access.h): the principal is filled now. From any
 * thread; not called when the answer was given instead. */
void exchange_access_done(struct exchange *x);

/* Run fn(arg) on the loop, where it answers x, which is held; from any thread,
 * which so leaves the making of the answer to the loop. */
void exchange_finish(struct exchange *x, void (*fn)(void *arg), void *arg);

/* Keep the exchange past the handler's return (then answer later, from any
 * thread). Call it before anybody else gets to know x. */
void exchange_hold(struct exchange *x);

/* True once the client left, or said it will send no more (FIN: the two can't
 * be told apart): work not yet begun can be dropped; the answer must still be
 * given (503), and reaches a client that only half closed. */
bool exchange_gone(const struct exchange *x);

/* --- server-sent events, on the loop --- */

/* Turn the answer into an event stream. on_close(ctx) comes once, when it
 * ends for whatever reason (maybe before this returns); x is over then. */
void exchange_stream(struct exchange *x, void (*on_close)(void *ctx),
                     void *ctx);
/* Send bytes of the stream; false: its buffer is over the bound, close it. */
bool exchange_stream_send(struct exchange *x, const char *data, size_t len);
void exchange_stream_end(struct exchange *x);

#endif
