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

struct http_client;

enum err http_client_open(struct http_client **out) WS_MUST_CHECK;
void http_client_close(struct http_client *c);
OWN_DEFINE(http_client_close, struct http_client *)

/* Load what a first request would load lazily (resolver, CA file). */
void http_client_warm(struct http_client *c);

/* The function for env.exchange; its ctx is the client. */
transport_exchange_fn http_client_exchange;

#endif
