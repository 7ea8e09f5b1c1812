#include "server/ingest/image.h"

#include <stdbool.h>
#include <string.h>

#define HEAD_BYTES 32
#define MAX_MARKERS 512 /* of a JPEG, before its frame header */

static enum err look(const struct bytes *b, int64_t at, uint8_t *out, size_t n)
{
    size_t have = 0;

    if (at < 0 || at > b->len - (int64_t)n)
        return WS_INVALID;
    while (have < n) {
        ssize_t got = bytes_read(b, at + (int64_t)have, out + have, n - have);

        if (got < 0)
            return err_sys("image: read");
        if (got == 0)
            return WS_INVALID;
        have += (size_t)got;
    }
    return WS_OK;
}

static int64_t big(const uint8_t *p, int n)
{
    int64_t v = 0;

    for (int i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static int64_t little(const uint8_t *p, int n)
{
    int64_t v = 0;

    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

static enum err read_png(const uint8_t head[HEAD_BYTES], struct image *out)
{
    if (big(head + 8, 4) != 13 || memcmp(head + 12, "IHDR", 4) != 0)
        return WS_INVALID;
    out->format = FACT_PNG;
    out->width_px = big(head + 16, 4);
    out->height_px = big(head + 20, 4);
    return WS_OK;
}

static enum err read_webp(const uint8_t head[HEAD_BYTES], struct image *out)
{
    out->format = FACT_WEBP;
    if (memcmp(head + 12, "VP8 ", 4) == 0) {
        if (memcmp(head + 23, "\x9d\x01\x2a", 3) != 0)
            return WS_INVALID;
        out->width_px = little(head + 26, 2) & 0x3fff;
        out->height_px = little(head + 28, 2) & 0x3fff;
        return WS_OK;
    }
    if (memcmp(head + 12, "VP8L", 4) == 0) {
        int64_t bits = little(head + 21, 4);

        if (head[20] != 0x2f)
            return WS_INVALID;
        out->width_px = (bits & 0x3fff) + 1;
        out->height_px = (bits >> 14 & 0x3fff) + 1;
        return WS_OK;
    }
    if (memcmp(head + 12, "VP8X", 4) != 0)
        return WS_INVALID;
    out->width_px = little(head + 24, 3) + 1;
    out->height_px = little(head + 27, 3) + 1;
    return WS_OK;
}

static bool is_frame(uint8_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 &&
           marker != 0xc8 && marker != 0xcc;
}

static bool is_bare(uint8_t marker) /* without a length */
{
    return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

/* From marker to marker, up to the frame header. */
static enum err read_jpeg(const struct bytes *b, struct image *out)
{
    int64_t at = 2;

    for (int i = 0; i < MAX_MARKERS; i++) {
        uint8_t m[4], size[5];
        enum err e = look(b, at, m, 2);

        if (e)
            return e;
        if (m[0] != 0xff || m[1] == 0xd9 || m[1] == 0xda || m[1] == 0)
            return WS_INVALID;
        if (m[1] == 0xff || is_bare(m[1])) {
            at += m[1] == 0xff ? 1 : 2;
            continue;
        }
        e = look(b, at + 2, size, 2);
        if (e)
            return e;
        if (big(size, 2) < 2)
            return WS_INVALID;
        if (!is_frame(m[1])) {
            at += 2 + big(size, 2);
            continue;
        }
        e = look(b, at + 4, size, 5);
        if (e)
            return e;
        out->format = FACT_JPEG;
        out->height_px = big(size + 1, 2);
        out->width_px = big(size + 3, 2);
        return WS_OK;
    }
    return WS_INVALID;
}

static enum err read_any(const struct bytes *b, struct image *out)
{
    uint8_t head[HEAD_BYTES] = {0};
    size_t n = b->len < HEAD_BYTES ? (size_t)b->len : HEAD_BYTES;
    enum err e = look(b, 0, head, n);

    if (e)
        return e;
    if (n >= 24 && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0)
        return read_png(head, out);
    if (n >= 4 && head[0] == 0xff && head[1] == 0xd8)
        return read_jpeg(b, out);
    if (n >= 30 && memcmp(head, "RIFF", 4) == 0 &&
        memcmp(head + 8, "WEBP", 4) == 0)
        return read_webp(head, out);
    return WS_INVALID;
}

enum err image_read(const struct bytes *b, struct image *out)
{
    struct image found = {0};
    enum err e = read_any(b, &found);

    if (e)
        return e;
    if (found.width_px < 1 || found.height_px < 1)
        return WS_INVALID;
    if (found.width_px > IMAGE_MAX_SIDE_PX ||
        found.height_px > IMAGE_MAX_SIDE_PX ||
        found.width_px * found.height_px > IMAGE_MAX_PX)
        return WS_FULL;
    *out = found;
    return WS_OK;
}
