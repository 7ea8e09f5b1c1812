/* peers.h - how many connections each address has.
 *
 * Shapes:  an IPv4 address, or the /64 of an IPv6 one, counts as one peer
 * Owns:    peers_open() hands the caller a table; peers_close() ends it
 * Process: on the loop's thread
 */
#ifndef SERVER_HTTP_PEERS_H
#define SERVER_HTTP_PEERS_H

#include "core/err.h"
#include "core/own.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PEERS_TEXT_BYTES 46

struct peers;
struct peer; /* one address; lives while it has connections */

/* The seed keeps others from choosing addresses that collide. */
enum err peers_open(struct peers **out, uint64_t seed) WS_MUST_CHECK;
void peers_close(struct peers *p);
OWN_DEFINE(peers_close, struct peers *)

/* Count one connection more; NULL: no memory. */
struct peer *peers_add(struct peers *p, const struct sockaddr *address);
/* Count one less. */
void peers_drop(struct peers *p, struct peer *peer);
size_t peers_connections(const struct peer *peer);

/* The address as text, without port; IPv4 in IPv6 as IPv4. */
void peers_text(const struct sockaddr *address, char out[PEERS_TEXT_BYTES]);

#endif
