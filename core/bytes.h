/* bytes.h - bytes that lie in memory or in a file, read the same way.
 *
 * Flow:    form -> [bytes] -> image, blob
 * Owns:    nothing: memory and descriptor are whoever's they were
 * Process: reading moves no file offset: safe for threads
 */
#ifndef CORE_BYTES_H
#define CORE_BYTES_H

#include <stdint.h>
#include <sys/types.h>

/* Memory that begins at a multiple of it can be written past the page cache. */
#define BYTES_ALIGNED 4096

struct bytes {
    const uint8_t *data; /* NULL: in the file */
    int fd;              /* used without data */
    int64_t len;
};

/* The next length that is a multiple of BYTES_ALIGNED. */
static inline size_t bytes_align(size_t len)
{
    return (len + BYTES_ALIGNED - 1) / BYTES_ALIGNED * BYTES_ALIGNED;
}

/* Copy what stands at an offset, at most `most` bytes and at least one; 0 at
 * the end, -1 with errno when the file can't be read. */
ssize_t bytes_read(const struct bytes *b, int64_t at, void *to, size_t most);

#endif
