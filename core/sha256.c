#include "core/sha256.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <string.h>

struct sha256; /* an EVP_MD_CTX under our name */

static EVP_MD_CTX *context(struct sha256 *h)
{
    return (EVP_MD_CTX *)(void *)h;
}

/* Looking the algorithm up costs as much as hashing 1 KB: once is enough. */
static EVP_MD *fetched;
static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
}

void sha256_hash(const void *data, size_t len, uint8_t out[SHA256_BYTES])
{
    (void)pthread_once(&fetched_once, fetch);
    if (!fetched || !EVP_Digest(data, len, out, NULL, fetched, NULL))
        SHA256(data, len, out);
}

void sha256_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

void sha256_hash_hex(const void *data, size_t len, char out[SHA256_HEX_BYTES])
{
    uint8_t digest[SHA256_BYTES];

    sha256_hash(data, len, digest);
    sha256_hex(digest, sizeof digest, out);
}

enum err sha256_open(struct sha256 **out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    *out = NULL;
    if (!ctx)
        return WS_NOMEM;
    if (!EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(ctx);
        return WS_NOMEM;
    }
    *out = (struct sha256 *)(void *)ctx;
    return WS_OK;
}

void sha256_update(struct sha256 *h, const void *data, size_t len)
{
    EVP_DigestUpdate(context(h), data, len);
}

void sha256_finish(struct sha256 *h, uint8_t out[SHA256_BYTES])
{
    EVP_DigestFinal_ex(context(h), out, NULL);
}

void sha256_close(struct sha256 *h)
{
    EVP_MD_CTX_free(context(h));
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

enum err sha256_unhex(const char *text, uint8_t *out, size_t len)
{
    if (strlen(text) != 2 * len)
        return WS_INVALID;
    for (size_t i = 0; i < len; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return WS_INVALID;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return WS_OK;
}
