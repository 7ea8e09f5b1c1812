/* chunks.h - chunked bodies, read strictly.
 *
 * Flow:    conn's bytes -> [chunks] -> body
 * Shapes:  hex size CRLF bytes CRLF ... 0 CRLF CRLF; extensions are refused
 *          (nobody uses them, and readers disagree about them), and so are
 *          trailers
 * Errors:  WS_INVALID  not that shape: answer 400 and close
 * Source:  RFC 9112 section 7.1
 */
#ifndef SERVER_HTTP_CHUNKS_H
#define SERVER_HTTP_CHUNKS_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHUNKS_MAX_SIZE_DIGITS 8

struct chunks {
    unsigned state;
    unsigned digits;
    uint64_t left; /* bytes of the chunk at hand */
};

/* Ready for the first chunk. */
void chunks_init(struct chunks *c);

/* Read on: *used bytes were taken, and the run *data, *data_len among them
 * is body (may be empty). Call again until *used is 0 or the end has come. */
enum err chunks_read(struct chunks *c, const char *bytes, size_t len,
                     size_t *used, const char **data,
                     size_t *data_len) WS_MUST_CHECK;

/* True after the last chunk's last byte. */
bool chunks_ended(const struct chunks *c);

#endif
