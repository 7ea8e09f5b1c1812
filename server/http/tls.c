#include "server/http/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tls {
    SSL_CTX *context;
};

/* What OpenSSL says about the last failure, without its codes. */
static enum err refuse(char why[TLS_WHY_BYTES], const char *name,
                       const char *path)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    if (access(path, R_OK) < 0)
        reason = strerror(errno);

    snprintf(why, TLS_WHY_BYTES, "%s = \"%.200s\": %s", name, path,
             reason ? reason : "it can't be used");
    ERR_clear_error();
    return WS_INVALID;
}

static enum err load(SSL_CTX *c, const char *cert, const char *key, char *why)
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(c, cert) != 1)
        return refuse(why, "tls_cert", cert);
    if (SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(c) != 1)
        return refuse(why, "tls_key", key);
    return WS_OK;
}

/* Only HTTP/1.1 is spoken here; a client that asks is told so. */
static int choose_protocol(SSL *session, const unsigned char **out,
                           unsigned char *out_len, const unsigned char *in,
                           unsigned in_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;

    (void)session;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, in,
                              in_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

enum err tls_open(struct tls **out, const char *cert, const char *key,
                  const unsigned char *ticket_key, char why[TLS_WHY_BYTES])
{
    OWN(tls_close)
    struct tls *t = calloc(1, sizeof(*t));
    unsigned char tickets[TLS_TICKET_KEY_BYTES];
    SSL_CTX *c;
    enum err e;

    why[0] = '\0';
    if (!t)
        return WS_NOMEM;
    c = t->context = SSL_CTX_new(TLS_server_method());
    if (!c)
        return WS_NOMEM;
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* An idle connection keeps no buffers. */
    SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(c, choose_protocol, NULL);
    if (ticket_key) {
        memcpy(tickets, ticket_key, sizeof(tickets));
        SSL_CTX_set_tlsext_ticket_keys(c, tickets, sizeof(tickets));
        OPENSSL_cleanse(tickets, sizeof(tickets));
    }
    e = load(c, cert, key, why);
    if (e)
        return e;
    *out = TAKE(t);
    return WS_OK;
}

void tls_close(struct tls *t)
{
    if (!t)
        return;
    SSL_CTX_free(t->context);
    free(t);
}

struct ssl_st *tls_session(struct tls *t)
{
    ERR_clear_error();
    return SSL_new(t->context);
}

void tls_end(struct ssl_st *session)
{
    ERR_clear_error();
    if (SSL_is_init_finished(session))
        SSL_shutdown(session);
    ERR_clear_error();
}

int tls_days_left(const struct tls *t)
{
    const X509 *cert = SSL_CTX_get0_certificate(t->context);
    int days = 0, seconds = 0;

    if (!cert ||
        !ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
        return -1;
    return days == 0 && seconds < 0 ? -1 : days;
}
