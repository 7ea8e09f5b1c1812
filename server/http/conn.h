/* conn.h - one connection: a request is read, answered, and then the next.
 *
 * Flow:    listener -> [conn] -> head, body -> dispatch -> answer -> [conn]
 * Shapes:  HEAD -> ACCESS -> BODY -> WORK -> ANSWER -> HEAD ...; ANSWER also
 *          -> SKIP (rest of a small body), LINGER (last words before close)
 * Errors:  whatever is wrong with a request is answered; what is wrong with
 *          the socket ends the connection
 * Owns:    a connection frees itself; its exchange is dropped, or left to
 *          the handler that still works on it
 * Process: on the loop's thread
 * Source:  server.md "HTTP layer"; RFC 9112
 */
#ifndef SERVER_HTTP_CONN_H
#define SERVER_HTTP_CONN_H

#include "server/http/chunks.h"
#include "server/http/exchange_private.h"

struct bufferevent;
struct evbuffer;
struct listener;
struct ssl_st;

#define CONN_MAX_SKIPPED_BYTES (64 << 10) /* read on for a kept connection */
#define CONN_MAX_LINGER_BYTES (8 << 20)   /* read on for one that ends */
#define CONN_LINGER_MS 2000
#define CONN_BUFFER_BYTES (64 << 10) /* of a body, between two readings */

enum conn_state {
    CONN_HEAD,   /* idle, or a head is coming */
    CONN_ACCESS, /* somebody finds out who asks */
    CONN_BODY,
    CONN_WORK,   /* a handler has it */
    CONN_ANSWER, /* bytes are on their way out */
    CONN_STREAM, /* server-sent events */
    CONN_SKIP,   /* answered early; the rest of a small body is read */
    CONN_LINGER, /* answered, told so; reading until the client closes */
    CONN_DEAD,   /* freed when the outermost call returns */
};

struct conn {
    struct listener *listener;
    struct conn *next, *prev;
    struct bufferevent *bev;
    struct ssl_st *session; /* of TLS, the bufferevent's; NULL: plain HTTP */
    struct peer *peer;
    struct exchange *x; /* NULL while idle */
    enum conn_state state;
    unsigned depth; /* calls inside: the outermost one frees */
    bool advancing; /* conn_advance() is at work */
    bool eof;       /* the client will send no more */
    bool body_read; /* to its end */
    bool said_continue;
    bool close_after; /* this answer is the last */
    bool from_proxy;
    bool kept;             /* at least one request was answered */
    size_t scanned;        /* bytes of the head looked at */
    size_t held;           /* bytes counted in listener.counts.held_bytes */
    int64_t since_ns;      /* the state began; HEAD: the first byte came */
    uint64_t moved_bytes;  /* body: in; answer: queued */
    int64_t window_ns;     /* conn_deadline's: the window at hand began */
    uint64_t window_bytes; /* moved before it */
    int64_t body_left;     /* of Content-Length */
    struct chunks chunks;
    char address[PEERS_TEXT_BYTES];
};

/* Take over a connected socket; WS_NOMEM closes it. */
enum err conn_open(struct listener *l, int fd, struct peer *peer,
                   const char *address) WS_MUST_CHECK;

/* Around calls in which it may die: it is freed by the last release. */
void conn_keep(struct conn *c);
void conn_release(struct conn *c);

/* End it now: nothing more is sent. */
void conn_kill(struct conn *c);

/* Read and answer what is there, until something must be waited for. */
void conn_advance(struct conn *c);

/* Change the state; its clock starts. */
void conn_enter(struct conn *c, enum conn_state state);

/* Count what the connection keeps in memory; false: over the bound of all. */
bool conn_account(struct conn *c);

/* Tasks of exchange_reply.c: an answer, or a decision on access, is there. */
void conn_take_answer(struct exchange *x);
void conn_take_access(struct exchange *x);

/* --- conn_read.c: one step each; false: wait for more bytes --- */
bool conn_read_head(struct conn *c);
bool conn_read_body(struct conn *c);
bool conn_read_skip(struct conn *c);
void conn_read_linger(struct conn *c);
/* The deadline passed: answer 408 and close. */
void conn_read_timeout(struct conn *c, const char *what);

/* --- conn_write.c --- */

/* Send the exchange's answer; true: all of it is with the kernel. */
bool conn_write_answer(struct conn *c);
/* The interim answer 100. */
void conn_write_continue(struct conn *c);
/* Bytes waiting for the client. */
size_t conn_write_pending(const struct conn *c);

/* --- conn_deadline.c: end it if it is too slow --- */
void conn_deadline_check(struct conn *c, int64_t now_ns);

/* --- exchange_stream.c --- */

/* The stream's connection ended: tell its owner. */
void exchange_stream_closed(struct exchange *x);

#endif
