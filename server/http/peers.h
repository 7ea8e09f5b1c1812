/* peers.h - how many connections each address has.
 *
 * Shapes:  an IPv4 address, or the /64 of an IPv6 one, counts as one peer; a
 *          table has one column a seat (a worker), so that what a killed
 *          worker held can be given back
 * Owns:    peers_open() hands the caller a handle; a shared table stays the
 *          caller's
 * Process: a handle on its loop's thread; the table in any number of processes
 */
#ifndef SERVER_HTTP_PEERS_H
#define SERVER_HTTP_PEERS_H

#include "core/err.h"
#include "core/own.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define PEERS_TEXT_BYTES 46
#define PEERS_SEATS 20   /* workers that may count at a time */
#define PEERS_KEPT 16384 /* addresses with connections; more go uncounted */

struct peer {                                       /* one address */
    atomic_uint_fast64_t key;                       /* 0: never used */
    atomic_uint_least32_t connections[PEERS_SEATS]; /* of each worker */
};

/* Zeroed memory; the seed keeps others from choosing addresses that collide. */
struct peers_table {
    uint64_t seed;
    struct peer list[PEERS_KEPT];
};

struct peers;

/* Count in the column of one's seat of a shared table; NULL: in a table of
 * its own with this seed. */
enum err peers_open(struct peers **out, struct peers_table *shared, size_t seat,
                    uint64_t seed) WS_MUST_CHECK;
void peers_close(struct peers *p);
OWN_DEFINE(peers_close, struct peers *)

/* Forget what a seat counted: its worker is gone. */
void peers_clear_seat(struct peers_table *t, size_t seat);

/* One number for an address: its key here, and in other tables; not 0. */
uint64_t peers_key_of_text(const char *address);

/* Count one connection more; NULL: there was no place to count it. */
struct peer *peers_add(struct peers *p, const struct sockaddr *address);
/* Count one less; NULL is allowed. */
void peers_drop(struct peers *p, struct peer *peer);
/* Of all workers together; of NULL: 0. */
size_t peers_connections(const struct peer *peer);

/* The address as text, without port; IPv4 in IPv6 as IPv4. */
void peers_text(const struct sockaddr *address, char out[PEERS_TEXT_BYTES]);

#endif
