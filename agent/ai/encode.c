#include "agent/ai/encode.h"

#include "core/io.h"
#include "core/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <turbojpeg.h>

#define MARGIN_PX 3

struct encode {
    tjhandle tj;
};

/* Pixels to encode: the frame's own, or a smaller copy. */
struct source {
    const uint8_t *pixels;
    int width_px, height_px, stride_bytes;
};

enum err encode_open(struct encode **out)
{
    OWN(encode_close)
    struct encode *e = calloc(1, sizeof(*e));

    if (!e)
        return WS_NOMEM;
    e->tj = tjInitCompress();
    if (!e->tj) {
        log_error("jpeg", "cannot start turbojpeg: %s", tjGetErrorStr2(NULL));
        return WS_NOMEM;
    }
    *out = TAKE(e);
    return WS_OK;
}

void encode_close(struct encode *e)
{
    if (!e)
        return;
    if (e->tj)
        tjDestroy(e->tj);
    free(e);
}

static int held(int v, int max)
{
    return v < 0 ? 0 : v > max ? max : v;
}

void encode_fill(const struct ring_frame *frame, uint8_t *pixels,
                 const struct encode_box *boxes, size_t count)
{
    int width = (int)frame->width_px, height = (int)frame->height_px;

    for (size_t i = 0; i < count; i++) {
        int x0 = held(boxes[i].x_px - MARGIN_PX, width);
        int x1 = held(boxes[i].x_px + boxes[i].width_px + MARGIN_PX, width);
        int y0 = held(boxes[i].y_px - MARGIN_PX, height);
        int y1 = held(boxes[i].y_px + boxes[i].height_px + MARGIN_PX, height);

        for (int y = y0; y < y1 && x1 > x0; y++)
            memset(pixels + (size_t)y * frame->stride_bytes + (size_t)x0 * 4, 0,
                   (size_t)(x1 - x0) * 4);
    }
}

/* Half the sides, each pixel the mean of four. */
static enum err halve(const struct source *from, uint8_t **to)
{
    int width = from->width_px / 2, height = from->height_px / 2;
    uint8_t *px = malloc((size_t)width * (size_t)height * 4);

    if (!px)
        return WS_NOMEM;
    for (int y = 0; y < height; y++) {
        const uint8_t *a =
            from->pixels + (size_t)(2 * y) * (size_t)from->stride_bytes;
        const uint8_t *b = a + from->stride_bytes;
        uint8_t *row = px + (size_t)y * (size_t)width * 4;

        for (int x = 0; x < width; x++)
            for (int c = 0; c < 4; c++)
                row[4 * x + c] =
                    (uint8_t)((a[8 * x + c] + a[8 * x + 4 + c] + b[8 * x + c] +
                               b[8 * x + 4 + c] + 2) /
                              4);
    }
    *to = px;
    return WS_OK;
}

static enum err into_memfd(const void *data, size_t len,
                           struct encode_picture *out)
{
    OWN_FD int fd = memfd_create("picture", MFD_CLOEXEC);
    enum err e;

    if (fd < 0)
        return err_sys("encode: memfd");
    e = io_write_all(fd, data, len);
    if (e)
        return e;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_sys("encode: rewind");
    sha256_hash_hex(data, len, out->sha256);
    out->len = len;
    out->fd = TAKE_FD(fd);
    return WS_OK;
}

enum err encode_frame(struct encode *e, const struct ring_frame *frame,
                      const uint8_t *pixels, const struct encode_how *how,
                      struct encode_picture *out)
{
    struct source s = {pixels, (int)frame->width_px, (int)frame->height_px,
                       (int)frame->stride_bytes};
    OWN_FREE uint8_t *small = NULL;
    unsigned char *jpeg = NULL;
    unsigned long len = 0;
    enum err err;

    if (s.width_px < 1 || s.height_px < 1)
        return WS_INVALID;
    while (how->most_px > 0 && s.width_px > 1 && s.height_px > 1 &&
           (s.width_px > how->most_px || s.height_px > how->most_px)) {
        uint8_t *half;

        err = halve(&s, &half);
        if (err)
            return err;
        free(small);
        small = half;
        s = (struct source){half, s.width_px / 2, s.height_px / 2,
                            s.width_px / 2 * 4};
    }
    if (tjCompress2(e->tj, s.pixels, s.width_px, s.stride_bytes, s.height_px,
                    TJPF_BGRX, &jpeg, &len, TJSAMP_420, how->quality,
                    TJFLAG_FASTDCT) < 0) {
        log_warn("jpeg", "cannot encode %dx%d: %s", s.width_px, s.height_px,
                 tjGetErrorStr2(e->tj));
        tjFree(jpeg);
        return WS_IO;
    }
    err = into_memfd(jpeg, len, out);
    tjFree(jpeg);
    if (err)
        return err;
    out->width_px = s.width_px;
    out->height_px = s.height_px;
    return WS_OK;
}
