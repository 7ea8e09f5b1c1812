/* http_client.h - libcurl as a transport of env.h; the only file that knows it.
 *
 * Flow:    upload, heartbeat, enroll -> env->exchange -> [http_client] -> net
 * Errors:  WS_NOMEM, WS_IO from curl's own set-up; what happens to a request
 *          is said in its answer
 * Owns:    http_client_open() keeps one connection alive between requests
 * Process: one thread a client; http_client_warm() loads name service and TLS
 *          before a role enters its sandbox
 * Source:  libcurl; A-06 of faults.md: connect, first byte, low speed and the
 *          whole exchange each have their own limit
 */
#ifndef CORE_HTTP_CLIENT_H
#define CORE_HTTP_CLIENT_H

#include "core/env.h"
#include "core/own.h"

#include <stdbool.h>

struct http_client;

/* Each phase of an exchange has its own limit under the whole deadline. */
struct http_client_limits {
    int64_t connect_ms;    /* name, TCP and TLS together */
    int64_t first_byte_ms; /* nothing moved, and no answer has begun */
    int64_t low_speed_ms;  /* nothing moved, in the middle of an answer */
};

#define HTTP_CLIENT_LIMITS                                                     \
    ((struct http_client_limits){                                              \
        .connect_ms = 10000, .first_byte_ms = 20000, .low_speed_ms = 15000})

/* http and https only; the environment's proxy is used, never for loopback. */
enum err http_client_open(struct http_client **out) WS_MUST_CHECK;
void http_client_close(struct http_client *c);
OWN_DEFINE(http_client_close, struct http_client *)

void http_client_set_limits(struct http_client *c,
                            const struct http_client_limits *limits);

/* Trust only the CAs of this PEM file; "" means the system's. The file is read
 * here, once, so that a sandbox may forbid it afterwards. */
enum err http_client_trust(struct http_client *c,
                           const char *ca_file) WS_MUST_CHECK;

/* Called about four times a second while an exchange waits; when it returns
 * false the exchange ends at once without an answer. */
void http_client_on_wait(struct http_client *c, bool (*go_on)(void *ctx),
                         void *ctx);

/* Load what a first request would load lazily (resolver, CA file). */
void http_client_warm(struct http_client *c);

/* The function for env.exchange; its ctx is the client. */
transport_exchange_fn http_client_exchange;

#endif
