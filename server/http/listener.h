/* listener.h - takes connections in, within bounds, and lets them go.
 *
 * Flow:    listening socket -> [listener] -> conn
 * Shapes:  one a worker; the socket is made by the supervisor and shared
 * Units:   _ms _bytes
 * Errors:  over a bound: 503 (all) or 429 (one address), then closed
 * Owns:    listener_open() hands the caller a handle; listener_close() ends
 *          every connection; the socket stays the caller's, and so does the
 *          loop, which must run once more for answers that come later
 * Process: on the loop's thread
 * Source:  server.md "HTTP layer"
 */
#ifndef SERVER_HTTP_LISTENER_H
#define SERVER_HTTP_LISTENER_H

#include "core/env.h"
#include "server/http/access.h"
#include "server/http/loop.h"
#include "server/http/networks.h"
#include "server/http/readers.h"
#include "server/http/route.h"

struct listener;
struct peers_table; /* server/http/peers.h */
struct rate_table;  /* server/http/rate.h */
struct tls;         /* server/http/tls.h */

struct listener_limits {
    int64_t header_deadline_ms; /* from the first byte to the end of a head */
    int64_t idle_ms;            /* a kept connection without a request */
    int64_t least_rate_bytes;   /* a second, of bodies and of answers */
    int64_t rate_grace_ms;      /* the window in which the rate is kept */
    size_t max_header_bytes;    /* of one request head */
    size_t max_connections;     /* all */
    size_t max_per_peer;        /* of one address (an IPv6 /64) */
    int64_t max_requests_per_peer; /* a second; 0: any number */
    size_t max_held_bytes;         /* of all requests kept in memory */
    size_t max_stream_bytes;       /* waiting for one reader of a stream */
};

struct listener_options {
    struct loop *loop;
    struct readers *readers; /* NULL: every handler runs on the loop */
    struct server *server;   /* for exchange_server() */
    const struct env *env;
    const struct route *routes;
    size_t route_count;
    const struct access_ops *access;
    const char *spool_dir;          /* files of forms: DATA/tmp */
    const struct networks *proxies; /* their X-Forwarded-* is believed */
    struct peers_table *peers; /* shared by workers, with a seat; or NULL */
    size_t seat;
    struct tls *tls;         /* NULL: plain HTTP */
    bool warn_plain;         /* tell every client that this is not safe */
    struct rate_table *rate; /* shared; NULL: requests are not bound */
    struct listener_limits limits;
};

struct listener_counts { /* since the start, but for the first three */
    size_t connections;
    size_t requests; /* being read or answered */
    size_t held_bytes;
    uint64_t accepted, refused, timed_out, answered;
    uint64_t answered_by_class[6]; /* [5]: 5xx */
};

/* The bounds of server.md. */
extern const struct listener_limits listener_limits_default;

enum err listener_open(struct listener **out, int fd,
                       const struct listener_options *options) WS_MUST_CHECK;
void listener_close(struct listener *l);
OWN_DEFINE(listener_close, struct listener *)

/* Take no more connections and let requests finish, each the last of its
 * connection; end idle connections after linger_ms (0: now), so that a request
 * that is on its way meanwhile is still answered; then call done(arg), at the
 * latest after grace_ms. With a linger_ms, a connection that had no request
 * yet is not idle: it is waited for, up to its header deadline. */
void listener_drain(struct listener *l, int64_t linger_ms, int64_t grace_ms,
                    void (*done)(void *arg), void *arg);

void listener_count(const struct listener *l, struct listener_counts *out);

#endif
