/* rooms.h - memory for the files of forms, kept for the next form.
 *
 * Flow:    listener (opens) -> [rooms] -> form
 * Shapes:  a room begins at BYTES_ALIGNED and has a power of two of bytes; the
 *          one given back last is lent first, while it is in a CPU's cache
 * Errors:  WS_FULL  larger than any room, or too much is lent: use the disk
 * Owns:    rooms_open() hands over a handle; after rooms_close() it lives until
 *          the last room came back
 * Process: safe for threads
 */
#ifndef SERVER_HTTP_ROOMS_H
#define SERVER_HTTP_ROOMS_H

#include "core/bytes.h"
#include "core/err.h"

#include <stddef.h>

#define ROOMS_MAX_BYTES (4 << 20)       /* of one room */
#define ROOMS_MAX_KEPT_BYTES (16 << 20) /* of all that wait */

struct rooms;

struct room {
    uint8_t *at; /* NULL: none */
    size_t bytes;
};

enum err rooms_open(struct rooms **out, size_t max_lent_bytes) WS_MUST_CHECK;
void rooms_close(struct rooms *r);

/* Lend a room of at least so many bytes. */
enum err rooms_take(struct rooms *r, size_t bytes,
                    struct room *out) WS_MUST_CHECK;
void rooms_give(struct rooms *r, struct room room);

#endif
