/* exchange_private.h - what an exchange is made of; for server/http alone.
 *
 * Flow:    conn makes one a request; dispatch and the reply functions fill it
 * Owns:    two kinds of references: the loop's (until the answer was taken
 *          over, or the connection ended with nobody at work) and one for
 *          each job on a reader thread
 * Process: members are the loop's, but while a handler runs on a reader, or
 *          holds it, those of the answer are the handler's; `gone` and
 *          `answered` are for all threads
 */
#ifndef SERVER_HTTP_EXCHANGE_PRIVATE_H
#define SERVER_HTTP_EXCHANGE_PRIVATE_H

#include "server/http/body.h"
#include "server/http/exchange.h"
#include "server/http/head.h"
#include "server/http/loop.h"
#include "server/http/pairs.h"
#include "server/http/peers.h"
#include "server/http/route.h"

#include <stdatomic.h>

#define EXCHANGE_ID_BYTES 65

struct conn;
struct listener;

struct exchange_answer {
    int status;
    char content_type[96];
    struct buf headers; /* "Name: value\r\n" lines */
    bool has_cache_control;
    struct buf body;
    const void *fixed; /* instead of body: bytes that outlive all */
    size_t fixed_len;
    int fd; /* instead of both, or -1 */
    int64_t file_len;
};

struct exchange {
    struct listener *listener;
    struct conn *conn; /* NULL once the client is gone */
    atomic_int refs;
    atomic_bool gone;
    atomic_bool answered;
    bool held;
    bool in_call; /* the loop is inside a handler or an access function: it
                     looks at `ready` itself afterwards */
    bool ready;   /* the loop has the answer */
    bool streaming;
    struct loop_task task;     /* the answer, or that access is decided */
    void (*finish)(void *arg); /* of exchange_finish() */
    void *finish_arg;

    struct head head;
    struct route_match match;
    struct principal principal;
    struct body body;
    struct pairs *query, *cookies; /* read when first asked for */
    bool query_read, cookies_read;
    bool secure;
    char peer[PEERS_TEXT_BYTES];
    char id[EXCHANGE_ID_BYTES];
    int64_t begun_ns, queued_ns;
    size_t left_bytes; /* counted in held_bytes, after the client left */

    struct exchange_answer answer;
    void (*on_close)(void *ctx); /* of a stream */
    void *on_close_ctx;
};

/* A new exchange with the loop's reference; NULL without memory. */
struct exchange *exchange_new(struct listener *l, struct conn *c);
void exchange_drop(struct exchange *x);
struct exchange *exchange_keep(struct exchange *x);

/* The answer of a struct refusal; 503 for WS_NOMEM. */
void exchange_refuse(struct exchange *x, enum err e, const struct refusal *why);

#endif
