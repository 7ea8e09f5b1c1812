/* tls.h - the server's certificate and key; OpenSSL is known here, in conn.c
 * and nowhere else.
 *
 * Flow:    worker (before its sandbox) -> [tls] -> listener -> conn
 * Shapes:  TLS 1.2 and later; PEM files: the certificate, then its chain
 * Errors:  WS_INVALID  a file can't be used; `why` says which and for what
 * Owns:    tls_open() hands the caller a handle, safe to share by connections
 * Process: sessions on the loop's thread
 * Source:  RFC 8996: TLS 1.0 and 1.1 are not to be used
 */
#ifndef SERVER_HTTP_TLS_H
#define SERVER_HTTP_TLS_H

#include "core/err.h"
#include "core/own.h"

#define TLS_WHY_BYTES 512
#define TLS_TICKET_KEY_BYTES 80

struct tls;
struct ssl_st; /* OpenSSL's SSL */

/* The ticket key is shared by workers, so that each takes up the sessions of
 * the others; NULL: tickets of its own. */
enum err tls_open(struct tls **out, const char *cert, const char *key,
                  const unsigned char *ticket_key,
                  char why[TLS_WHY_BYTES]) WS_MUST_CHECK;
void tls_close(struct tls *t);
OWN_DEFINE(tls_close, struct tls *)

/* A session for one accepted connection; NULL: no memory. */
struct ssl_st *tls_session(struct tls *t);

/* Say "no more bytes" on a session, as far as that goes without waiting. */
void tls_end(struct ssl_st *session);

/* Days until the certificate ends; less than 0: it has ended. */
int tls_days_left(const struct tls *t);

#endif
