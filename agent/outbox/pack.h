/* pack.h - numbers and texts as bytes, for messages between our own roles.
 *
 * Shapes:  u64 little endian; a text or a row of bytes is its u64 length and
 *          the bytes
 * Errors:  reading past the end sets `failed`, and every later read gives 0 or
 *          nothing, so a reader checks once, at the end
 * Process: the other side is another role, maybe a hostile one: nothing here
 *          trusts a length
 */
#ifndef AGENT_OUTBOX_PACK_H
#define AGENT_OUTBOX_PACK_H

#include "core/buf.h"

#include <stdint.h>

void pack_u64(struct buf *to, uint64_t v);
void pack_bytes(struct buf *to, const void *data, size_t len);
void pack_text(struct buf *to, const char *text); /* NULL reads as "" */

struct pack_reader {
    const uint8_t *at;
    size_t left;
    bool failed;
};

void pack_read(struct pack_reader *r, const struct buf *from);
uint64_t pack_take_u64(struct pack_reader *r);

/* The bytes stay where they are: they live as long as the buffer. */
const void *pack_take_bytes(struct pack_reader *r, size_t *len);

/* Copy a text with its NUL; one that does not fit or holds a NUL fails. */
void pack_take_text(struct pack_reader *r, char *out, size_t out_bytes);

/* WS_INVALID unless everything was there and nothing is left. */
enum err pack_end(const struct pack_reader *r) WS_MUST_CHECK;

#endif
