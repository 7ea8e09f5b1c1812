/* buf.h - a growing row of bytes with a sticky failure.
 *
 * Errors:  an append that finds no memory sets `failed` and every later one
 *          does nothing, so a writer checks once, at the end
 * Owns:    buf_init() does not allocate; buf_fini() frees; a NUL always
 *          follows the last byte, so data is also a C string
 */
#ifndef CORE_BUF_H
#define CORE_BUF_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;  /* never NULL after the first append that worked */
    size_t len;  /* bytes, without the NUL */
    size_t cap;  /* bytes held */
    bool failed; /* an append found no memory */
};

#define BUF_EMPTY ((struct buf){0})

void buf_init(struct buf *b);
void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* forget the bytes, keep the room */

/* Make room for more bytes; WS_NOMEM leaves the buffer as it was. */
enum err buf_reserve(struct buf *b, size_t more_bytes) WS_MUST_CHECK;

void buf_append(struct buf *b, const void *data, size_t len);
void buf_append_text(struct buf *b, const char *text);
void buf_append_byte(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) WS_PRINTF(2, 3);

/* WS_OK, or WS_NOMEM if any append failed. */
enum err buf_check(const struct buf *b) WS_MUST_CHECK;

/* The bytes as a C string; "" while empty. */
const char *buf_text(const struct buf *b);

__attribute__((unused)) static inline void own_buf(struct buf *b)
{
    buf_fini(b);
}
#define OWN_BUF __attribute__((cleanup(own_buf)))

#endif
