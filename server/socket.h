/* socket.h - the one listening socket, made before the workers are.
 *
 * Errors:  WS_EXISTS   somebody else listens there: socket_holder()
 *          WS_INVALID  the address is not one of this machine, or has no name
 *          WS_DENIED   a port below 1024 without the right
 * Owns:    the descriptor is the caller's
 */
#ifndef SERVER_SOCKET_H
#define SERVER_SOCKET_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

#define SOCKET_TEXT_BYTES 300

struct socket_bound {
    int fd;                      /* listening, not blocking */
    int port;                    /* the one in use, also when 0 was asked */
    bool loopback;               /* only this machine reaches it */
    char url[SOCKET_TEXT_BYTES]; /* "http://127.0.0.1:8080" */
};

/* Listen on "host:port" ("[::1]:8080", "*:8080"). */
enum err socket_open(const char *listen,
                     struct socket_bound *out) WS_MUST_CHECK;

/* Who listens on the port of "host:port", for people: "nginx (pid 812)". */
void socket_holder(const char *listen, char *out, size_t out_bytes);

#endif
