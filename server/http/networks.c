/* networks.c - a list of prefixes, all kept as IPv6 (IPv4 as ::ffff:a.b.c.d,
 * so one comparison serves both). */
#include "server/http/networks.h"

#include "core/log.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

#define NETWORKS_MAX_TEXT 64

struct network {
    uint8_t address[16];
    unsigned bits;
};

struct networks {
    struct network *list;
    size_t count;
};

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool read_address(const char *text, uint8_t out[16], bool *is_v4)
{
    *is_v4 = inet_pton(AF_INET, text, out + 12) == 1;
    if (*is_v4) {
        memcpy(out, mapped, sizeof(mapped));
        return true;
    }
    return inet_pton(AF_INET6, text, out) == 1;
}

static bool holds(const struct network *n, const uint8_t address[16])
{
    size_t whole = n->bits / 8;
    unsigned rest = n->bits % 8;
    uint8_t mask = (uint8_t)(0xff00U >> rest);

    if (memcmp(n->address, address, whole) != 0)
        return false;
    return rest == 0 || ((n->address[whole] ^ address[whole]) & mask) == 0;
}

static bool host_bits_are_zero(const struct network *n)
{
    static const uint8_t zero[16];
    size_t whole = (n->bits + 7) / 8;

    if (n->bits % 8 &&
        (n->address[whole - 1] & (uint8_t)(0xffU >> (n->bits % 8))))
        return false;
    return memcmp(n->address + whole, zero, 16 - whole) == 0;
}

/* "10.0.0.0/8" or "10.1.2.3". */
static bool read_network(char *text, struct network *out)
{
    char *slash = strchr(text, '/');
    unsigned long bits;
    unsigned most;
    bool is_v4;
    char *end;

    if (slash)
        *slash = '\0';
    if (!read_address(text, out->address, &is_v4))
        return false;
    most = is_v4 ? 32 : 128;
    bits = most;
    if (slash) {
        if (slash[1] < '0' || slash[1] > '9')
            return false;
        bits = strtoul(slash + 1, &end, 10);
        if (*end || bits > most)
            return false;
    }
    out->bits = (unsigned)bits + (is_v4 ? 96 : 0);
    return host_bits_are_zero(out);
}

static enum err add_network(struct networks *n, const char *text, size_t len)
{
    char copy[NETWORKS_MAX_TEXT];

    if (len < sizeof(copy)) {
        memcpy(copy, text, len);
        copy[len] = '\0';
        if (read_network(copy, &n->list[n->count])) {
            n->count++;
            return WS_OK;
        }
    }
    log_error("bad_network",
              "networks: \"%.*s\" is not a network: write addresses like "
              "192.168.1.5 or prefixes like 192.168.0.0/16, 2001:db8::/32",
              (int)len, text);
    return WS_INVALID;
}

static size_t most_networks(const char *list)
{
    size_t count = 1;

    for (; *list; list++)
        count += *list == ',' || *list == ' ' || *list == '\t';
    return count;
}

enum err networks_open(struct networks **out, const char *list)
{
    OWN(networks_close)
    struct networks *n = calloc(1, sizeof(*n));
    enum err e;

    if (!n)
        return WS_NOMEM;
    n->list = calloc(most_networks(list), sizeof(*n->list));
    if (!n->list)
        return WS_NOMEM;
    while (*list) {
        size_t len;

        list += strspn(list, " \t,");
        len = strcspn(list, " \t,");
        if (len == 0)
            break;
        e = add_network(n, list, len);
        if (e)
            return e;
        list += len;
    }
    *out = TAKE(n);
    return WS_OK;
}

void networks_close(struct networks *n)
{
    if (!n)
        return;
    free(n->list);
    free(n);
}

bool networks_hold(const struct networks *n, const char *address)
{
    uint8_t bytes[16];
    bool is_v4;
    size_t i;

    if (!n || !read_address(address, bytes, &is_v4))
        return false;
    for (i = 0; i < n->count; i++)
        if (holds(&n->list[i], bytes))
            return true;
    return false;
}

bool networks_is_address(const char *text)
{
    uint8_t bytes[16];
    bool is_v4;

    return read_address(text, bytes, &is_v4);
}

bool networks_are_loopback(const struct networks *n)
{
    static const struct network v4 = {
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127}, 104};
    static const struct network v6 = {
        {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128};
    size_t i;

    for (i = 0; n && i < n->count; i++) {
        const struct network *one = &n->list[i];
        bool in_v4 = one->bits >= v4.bits && holds(&v4, one->address);
        bool in_v6 = one->bits == v6.bits && holds(&v6, one->address);

        if (!in_v4 && !in_v6)
            return false;
    }
    return true;
}
