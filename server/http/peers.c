/* peers.c - an open-addressed table of addresses, without locks.
 *
 * An address whose connections are all gone keeps its place until another one
 * takes it over. In a race for such a place a connection may be counted for
 * the other address; it is given back where it was counted, so no count ever
 * drifts.
 */
#include "server/http/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define PEERS_PROBES 32

struct peers {
    struct peers_table *table;
    struct peers_table *own; /* no shared one was given */
    size_t seat;
};

enum err peers_open(struct peers **out, struct peers_table *shared, size_t seat,
                    uint64_t seed)
{
    struct peers *p = calloc(1, sizeof(*p));

    if (!p)
        return WS_NOMEM;
    p->table = shared;
    p->seat = shared ? seat % PEERS_SEATS : 0;
    if (!shared) {
        p->own = p->table = calloc(1, sizeof(*p->own));
        if (!p->own) {
            free(p);
            return WS_NOMEM;
        }
        p->own->seed = seed;
    }
    *out = p;
    return WS_OK;
}

void peers_close(struct peers *p)
{
    if (!p)
        return;
    free(p->own);
    free(p);
}

void peers_clear_seat(struct peers_table *t, size_t seat)
{
    size_t i;

    for (i = 0; i < PEERS_KEPT; i++)
        if (atomic_load(&t->list[i].key))
            atomic_store(&t->list[i].connections[seat], 0);
}

/* The IPv4 address in an IPv6 socket's address; NULL: it is none. */
static const uint8_t *mapped_v4(const struct sockaddr *address)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

    if (address->sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        return NULL;
    return v6->sin6_addr.s6_addr + 12;
}

/* IPv4 in the range of IPv6 multicast, which no connection comes from. */
static uint64_t key_of(const struct sockaddr *address)
{
    const uint8_t *v4 = mapped_v4(address);
    uint64_t key = 0;
    uint32_t host = 0;

    if (!v4 && address->sa_family == AF_INET6) {
        memcpy(&key, &((const struct sockaddr_in6 *)address)->sin6_addr, 8);
        return key ? key : 1; /* ::1 lies in ::/64 */
    }
    if (v4)
        memcpy(&host, v4, 4);
    else if (address->sa_family == AF_INET)
        host = ((const struct sockaddr_in *)address)->sin_addr.s_addr;
    return UINT64_C(0xffffffff00000000) | host;
}

uint64_t peers_key_of_text(const char *address)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};

    if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
        return key_of((const struct sockaddr *)&v6);
    if (inet_pton(AF_INET, address, &v4.sin_addr) != 1)
        v4.sin_addr.s_addr = 0;
    return key_of((const struct sockaddr *)&v4);
}

static size_t place_of(const struct peers *p, uint64_t key)
{
    uint64_t h = (key ^ p->table->seed) * UINT64_C(0x9E3779B97F4A7C15);

    h ^= h >> 32;
    h *= p->table->seed | 1;
    return (size_t)(h >> 40);
}

/* The address's place, or the first that is free for it; NULL: none. */
static struct peer *find(struct peers *p, uint64_t key)
{
    struct peer *free_place = NULL;
    size_t from = place_of(p, key), i;

    for (i = 0; i < PEERS_PROBES; i++) {
        struct peer *peer = &p->table->list[(from + i) % PEERS_KEPT];
        uint64_t is = atomic_load(&peer->key);

        if (is == key)
            return peer;
        if (!free_place && (!is || peers_connections(peer) == 0))
            free_place = peer;
    }
    return free_place;
}

struct peer *peers_add(struct peers *p, const struct sockaddr *address)
{
    uint64_t key = key_of(address);
    int tries;

    for (tries = 0; tries < PEERS_PROBES; tries++) {
        struct peer *peer = find(p, key);
        uint64_t was;

        if (!peer)
            return NULL;
        was = atomic_load(&peer->key);
        if (was != key &&
            (peers_connections(peer) ||
             !atomic_compare_exchange_strong(&peer->key, &was, key)))
            continue;
        atomic_fetch_add(&peer->connections[p->seat], 1);
        if (atomic_load(&peer->key) == key)
            return peer;
        peers_drop(p, peer); /* taken over meanwhile */
    }
    return NULL;
}

void peers_drop(struct peers *p, struct peer *peer)
{
    if (peer)
        atomic_fetch_sub(&peer->connections[p->seat], 1);
}

size_t peers_connections(const struct peer *peer)
{
    size_t sum = 0, i;

    for (i = 0; peer && i < PEERS_SEATS; i++)
        sum += atomic_load(&peer->connections[i]);
    return sum;
}

void peers_text(const struct sockaddr *address, char out[PEERS_TEXT_BYTES])
{
    const uint8_t *v4 = mapped_v4(address);
    const void *bytes = v4;
    int family = AF_INET;

    if (!v4 && address->sa_family == AF_INET6) {
        family = AF_INET6;
        bytes = &((const struct sockaddr_in6 *)address)->sin6_addr;
    } else if (!v4) {
        bytes = &((const struct sockaddr_in *)address)->sin_addr;
    }
    if (!inet_ntop(family, bytes, out, PEERS_TEXT_BYTES))
        out[0] = '\0';
}
