#include "core/bytes.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

ssize_t bytes_read(const struct bytes *b, int64_t at, void *to, size_t most)
{
    ssize_t n;

    if (at < 0 || at >= b->len)
        return 0;
    if ((int64_t)most > b->len - at)
        most = (size_t)(b->len - at);
    if (b->data) {
        memcpy(to, b->data + at, most);
        return (ssize_t)most;
    }
    do
        n = pread(b->fd, to, most, (off_t)at);
    while (n < 0 && errno == EINTR);
    return n;
}
