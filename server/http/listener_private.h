/* listener_private.h - what the connections of one listener share; for
 * server/http alone. */
#ifndef SERVER_HTTP_LISTENER_PRIVATE_H
#define SERVER_HTTP_LISTENER_PRIVATE_H

#include "server/http/conn.h"
#include "server/http/listener.h"
#include "server/http/peers.h"

struct evbuffer;
struct rooms;

struct listener {
    struct listener_options options;
    int fd;
    struct loop_watch *watch; /* NULL while draining or out of descriptors */
    struct loop_timer *tick;
    struct peers *peers;
    struct conn *first, *last; /* all connections, the newest first */
    struct rooms *rooms;       /* for the files of forms */
    struct evbuffer *scratch;  /* an answer on its way out; empty between */
    struct listener_counts counts;
    uint32_t id_prefix, id_next; /* of request ids */
    int64_t date_s;              /* of `date` */
    char date[40];               /* "Sun, 06 Nov 1994 08:49:37 GMT" */
    size_t left_behind; /* exchanges of clients that left, still at work */
    bool closed;        /* freed with the last of them */
    bool draining;
    bool awaits_first; /* draining: a connection not yet kept is not idle */
    int64_t linger_until_ns, drain_until_ns;
    void (*on_drained)(void *arg);
    void *on_drained_arg;
};

/* A connection is off the list: the drain may be over. */
void listener_forget(struct listener *l, struct conn *c);

/* An exchange goes on without its connection, and ends. */
void listener_left(struct listener *l, struct exchange *x);
void listener_left_ended(struct listener *l, struct exchange *x);

/* The Date header of now. */
const char *listener_date(struct listener *l);

#endif
