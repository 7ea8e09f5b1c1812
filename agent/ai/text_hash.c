#include "agent/ai/text_hash.h"

#include <sodium.h>
#include <string.h>

void text_hash_words(const uint8_t key[TEXT_HASH_KEY_BYTES],
                     const struct ocr_wire_word *words, size_t count,
                     char out[SHA256_HEX_BYTES])
{
    crypto_auth_hmacsha256_state state;
    uint8_t sum[crypto_auth_hmacsha256_BYTES];

    crypto_auth_hmacsha256_init(&state, key, TEXT_HASH_KEY_BYTES);
    for (size_t i = 0; i < count; i++) {
        const char *text = words[i].text;
        size_t len = strnlen(text, OCR_WIRE_TEXT_BYTES);

        crypto_auth_hmacsha256_update(&state, (const uint8_t *)text, len);
        crypto_auth_hmacsha256_update(&state, (const uint8_t *)" ", 1);
    }
    crypto_auth_hmacsha256_final(&state, sum);
    sha256_hex(sum, sizeof(sum), out);
}
