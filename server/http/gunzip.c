/* gunzip.c - zlib's codes end in this file. */
#include "server/http/gunzip.h"

#include <stdint.h>
#include <zlib.h>

#define GUNZIP_ONLY_GZIP 16 /* added to the window bits: no zlib, no raw */

struct gunzip {
    z_stream stream;
    size_t room; /* decoded bytes still allowed */
    bool ended;
};

enum err gunzip_open(struct gunzip **out, size_t max_bytes)
{
    struct gunzip *g = calloc(1, sizeof(*g));

    if (!g)
        return WS_NOMEM;
    if (inflateInit2(&g->stream, MAX_WBITS + GUNZIP_ONLY_GZIP) != Z_OK) {
        free(g);
        return WS_NOMEM;
    }
    g->room = max_bytes;
    *out = g;
    return WS_OK;
}

void gunzip_close(struct gunzip *g)
{
    if (!g)
        return;
    inflateEnd(&g->stream);
    free(g);
}

static enum err decode_some(struct gunzip *g, struct buf *out)
{
    char block[16384];
    size_t made;
    int code;

    g->stream.next_out = (Bytef *)block;
    g->stream.avail_out = sizeof(block);
    code = inflate(&g->stream, Z_NO_FLUSH);
    if (code == Z_MEM_ERROR)
        return WS_NOMEM;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return WS_INVALID;
    g->ended = code == Z_STREAM_END;
    made = sizeof(block) - g->stream.avail_out;
    if (made > g->room)
        return WS_FULL;
    g->room -= made;
    buf_append(out, block, made);
    return buf_check(out);
}

enum err gunzip_feed(struct gunzip *g, const char *data, size_t len,
                     struct buf *out)
{
    enum err e;

    if (len == 0)
        return WS_OK;
    if (len > UINT32_MAX)
        return WS_FULL;
    g->stream.next_in = (Bytef *)(uintptr_t)data;
    g->stream.avail_in = (uInt)len;
    do {
        if (g->ended)
            return WS_INVALID;
        e = decode_some(g, out);
        if (e)
            return e;
    } while (g->stream.avail_in || (g->stream.avail_out == 0 && !g->ended));
    return WS_OK;
}

enum err gunzip_end(const struct gunzip *g)
{
    return g->ended ? WS_OK : WS_INVALID;
}
