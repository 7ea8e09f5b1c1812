#include "server/views/cursor.h"

#include "core/sha256.h"

#include <sodium.h>
#include <string.h>

#define MAC_BYTES 16
#define BODY_BYTES (1 + 8 + 8 * CURSOR_KEYS)

static void put(uint8_t *at, uint64_t v)
{
    int i;

    for (i = 0; i < 8; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get(const uint8_t *at)
{
    uint64_t v = 0;
    int i;

    for (i = 0; i < 8; i++)
        v |= (uint64_t)at[i] << (8 * i);
    return v;
}

static void mac(const uint8_t *body, const uint8_t key[CURSOR_KEY_BYTES],
                uint8_t out[MAC_BYTES])
{
    crypto_generichash(out, MAC_BYTES, body, BODY_BYTES, key, CURSOR_KEY_BYTES);
}

uint64_t cursor_filter(const char *text)
{
    uint8_t hash[SHA256_BYTES];

    sha256_hash(text, strlen(text), hash);
    return get(hash);
}

void cursor_write(const struct cursor *c, const uint8_t key[CURSOR_KEY_BYTES],
                  char out[CURSOR_TEXT_BYTES])
{
    uint8_t raw[BODY_BYTES + MAC_BYTES];
    size_t i;

    raw[0] = c->list;
    put(raw + 1, c->filter);
    for (i = 0; i < CURSOR_KEYS; i++)
        put(raw + 9 + 8 * i, (uint64_t)c->keys[i]);
    mac(raw, key, raw + BODY_BYTES);
    sodium_bin2base64(out, CURSOR_TEXT_BYTES, raw, sizeof(raw),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

enum err cursor_read(struct cursor *c, const uint8_t key[CURSOR_KEY_BYTES],
                     const char *text)
{
    uint8_t raw[BODY_BYTES + MAC_BYTES], good[MAC_BYTES];
    size_t len = 0, i;

    if (sodium_base642bin(raw, sizeof(raw), text, strlen(text), NULL, &len,
                          NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) ||
        len != sizeof(raw))
        return WS_INVALID;
    mac(raw, key, good);
    if (sodium_memcmp(good, raw + BODY_BYTES, MAC_BYTES) != 0 ||
        raw[0] != c->list || get(raw + 1) != c->filter)
        return WS_INVALID;
    for (i = 0; i < CURSOR_KEYS; i++)
        c->keys[i] = (int64_t)get(raw + 9 + 8 * i);
    return WS_OK;
}
