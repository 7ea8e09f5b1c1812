/* text_hash.h - the same text gives the same name, and the name says nothing.
 *
 * Flow:    words of a page -> [text_hash] -> metric (tier 3 and up)
 * Shapes:  HMAC-SHA-256 under a key that is made on this machine and never
 *          leaves it, so nobody can try words against a stored name
 * Source:  RFC 2104, by libsodium
 */
#ifndef AGENT_AI_TEXT_HASH_H
#define AGENT_AI_TEXT_HASH_H

#include "agent/ocr/ocr_wire.h"

#include "core/sha256.h"

#include <stddef.h>
#include <stdint.h>

#define TEXT_HASH_KEY_BYTES 32

/* Name the words of a page, in their order. */
void text_hash_words(const uint8_t key[TEXT_HASH_KEY_BYTES],
                     const struct ocr_wire_word *words, size_t count,
                     char out[SHA256_HEX_BYTES]);

#endif
