/* peers.c - a chained hash table of addresses. */
#include "server/http/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define PEERS_BUCKETS 4096

struct peer {
    struct peer *next;
    uint64_t key;
    bool is_v6;
    size_t connections;
};

struct peers {
    uint64_t seed;
    struct peer *buckets[PEERS_BUCKETS];
};

enum err peers_open(struct peers **out, uint64_t seed)
{
    struct peers *p = calloc(1, sizeof(*p));

    if (!p)
        return WS_NOMEM;
    p->seed = seed | 1;
    *out = p;
    return WS_OK;
}

void peers_close(struct peers *p)
{
    size_t i;

    if (!p)
        return;
    for (i = 0; i < PEERS_BUCKETS; i++)
        while (p->buckets[i]) {
            struct peer *next = p->buckets[i]->next;

            free(p->buckets[i]);
            p->buckets[i] = next;
        }
    free(p);
}

/* The IPv4 address in an IPv6 socket's address; NULL: it is none. */
static const uint8_t *mapped_v4(const struct sockaddr *address)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

    if (address->sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        return NULL;
    return v6->sin6_addr.s6_addr + 12;
}

static void read_key(const struct sockaddr *address, uint64_t *key, bool *is_v6)
{
    const uint8_t *v4 = mapped_v4(address);

    *key = 0;
    *is_v6 = !v4 && address->sa_family == AF_INET6;
    if (v4)
        memcpy(key, v4, 4);
    else if (*is_v6)
        memcpy(key, &((const struct sockaddr_in6 *)address)->sin6_addr, 8);
    else if (address->sa_family == AF_INET)
        memcpy(key, &((const struct sockaddr_in *)address)->sin_addr, 4);
}

static struct peer **bucket_of(struct peers *p, uint64_t key)
{
    uint64_t h = (key ^ p->seed) * UINT64_C(0x9E3779B97F4A7C15);

    h ^= h >> 32;
    h *= p->seed;
    return &p->buckets[(h >> 40) % PEERS_BUCKETS];
}

struct peer *peers_add(struct peers *p, const struct sockaddr *address)
{
    struct peer **bucket, *peer;
    uint64_t key;
    bool is_v6;

    read_key(address, &key, &is_v6);
    bucket = bucket_of(p, key);
    for (peer = *bucket; peer; peer = peer->next)
        if (peer->key == key && peer->is_v6 == is_v6)
            break;
    if (!peer) {
        peer = calloc(1, sizeof(*peer));
        if (!peer)
            return NULL;
        peer->key = key;
        peer->is_v6 = is_v6;
        peer->next = *bucket;
        *bucket = peer;
    }
    peer->connections++;
    return peer;
}

void peers_drop(struct peers *p, struct peer *peer)
{
    struct peer **at;

    if (--peer->connections)
        return;
    for (at = bucket_of(p, peer->key); *at != peer;)
        at = &(*at)->next;
    *at = peer->next;
    free(peer);
}

size_t peers_connections(const struct peer *peer)
{
    return peer->connections;
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
