/* sha256.h - SHA-256, and lowercase hex of any bytes.
 *
 * Source:  FIPS 180-4, by OpenSSL (uses the CPU's SHA instructions)
 */
#ifndef CORE_SHA256_H
#define CORE_SHA256_H

#include "core/err.h"
#include "core/own.h"

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_HEX_BYTES 65 /* with the NUL */

struct sha256; /* a running hash */

void sha256_hash(const void *data, size_t len, uint8_t out[SHA256_BYTES]);

/* Hash straight to hex text. */
void sha256_hash_hex(const void *data, size_t len, char out[SHA256_HEX_BYTES]);

enum err sha256_open(struct sha256 **out) WS_MUST_CHECK;
void sha256_update(struct sha256 *h, const void *data, size_t len);
void sha256_finish(struct sha256 *h, uint8_t out[SHA256_BYTES]);
void sha256_close(struct sha256 *h);
OWN_DEFINE(sha256_close, struct sha256 *)

/* Lowercase hex and a NUL: out has 2 * len + 1 bytes. */
void sha256_hex(const uint8_t *bytes, size_t len, char *out);

/* Read exactly 2 * len hex digits (either case). */
enum err sha256_unhex(const char *text, uint8_t *out, size_t len) WS_MUST_CHECK;

#endif
