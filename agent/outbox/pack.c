#include "agent/outbox/pack.h"

#include <string.h>

void pack_u64(struct buf *to, uint64_t v)
{
    uint8_t bytes[8];
    int i;

    for (i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(v >> (8 * i));
    buf_append(to, bytes, sizeof(bytes));
}

void pack_bytes(struct buf *to, const void *data, size_t len)
{
    pack_u64(to, len);
    if (len > 0)
        buf_append(to, data, len);
}

void pack_text(struct buf *to, const char *text)
{
    pack_bytes(to, text, text ? strlen(text) : 0);
}

void pack_read(struct pack_reader *r, const struct buf *from)
{
    r->at = (const uint8_t *)from->data;
    r->left = from->len;
    r->failed = false;
}

uint64_t pack_take_u64(struct pack_reader *r)
{
    uint64_t v = 0;
    int i;

    if (r->failed || r->left < 8) {
        r->failed = true;
        return 0;
    }
    for (i = 0; i < 8; i++)
        v |= (uint64_t)r->at[i] << (8 * i);
    r->at += 8;
    r->left -= 8;
    return v;
}

const void *pack_take_bytes(struct pack_reader *r, size_t *len)
{
    uint64_t size = pack_take_u64(r);
    const void *data = r->at;

    *len = 0;
    if (r->failed || size > r->left) {
        r->failed = true;
        return "";
    }
    r->at += size;
    r->left -= (size_t)size;
    *len = (size_t)size;
    return size > 0 ? data : "";
}

void pack_take_text(struct pack_reader *r, char *out, size_t out_bytes)
{
    size_t len;
    const void *data = pack_take_bytes(r, &len);

    out[0] = '\0';
    if (len >= out_bytes || memchr(data, '\0', len)) {
        r->failed = true;
        return;
    }
    memcpy(out, data, len);
    out[len] = '\0';
}

enum err pack_end(const struct pack_reader *r)
{
    return r->failed || r->left > 0 ? WS_INVALID : WS_OK;
}
