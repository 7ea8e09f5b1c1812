/* picture.c - see picture.h. */
#include "agent/capture/picture.h"

#include "agent/ring.h"
#include "core/own.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

static enum err make_room(struct picture *p, uint32_t width, uint32_t height)
{
    uint8_t *pixels;

    if (width == 0 || height == 0 ||
        (uint64_t)width * height > RING_SLOT_PIXEL_BYTES / 4)
        return WS_INVALID;
    if (p->pixels && p->width_px == width && p->height_px == height)
        return WS_OK;
    pixels = malloc((size_t)width * height * 4);
    if (!pixels)
        return WS_NOMEM;
    free(p->pixels);
    *p = (struct picture){pixels, width, height, width * 4};
    return WS_OK;
}

static void close_png(png_image *image)
{
    png_image_free(image);
}
OWN_DEFINE(close_png, png_image *)

static enum err decode_png(const void *data, size_t len, struct picture *out)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    OWN(close_png)
    png_image *owned = &image;
    enum err e;

    (void)owned;
    if (!png_image_begin_read_from_memory(&image, data, len))
        return WS_INVALID;
    image.format = PNG_FORMAT_BGRA;
    e = make_room(out, image.width, image.height);
    if (e)
        return e;
    if (!png_image_finish_read(&image, NULL, out->pixels,
                               (png_int_32)out->stride_bytes, NULL))
        return WS_INVALID;
    return WS_OK;
}

static void close_jpeg(tjhandle handle)
{
    if (handle)
        tjDestroy(handle);
}
OWN_DEFINE(close_jpeg, tjhandle)

static enum err decode_jpeg(const void *data, size_t len, struct picture *out)
{
    OWN(close_jpeg)
    tjhandle handle = tjInitDecompress();
    int width = 0, height = 0, sampling = 0, space = 0; /* of no picture */
    enum err e;

    if (!handle)
        return WS_NOMEM;
    if (tjDecompressHeader3(handle, data, (unsigned long)len, &width, &height,
                            &sampling, &space) < 0)
        return WS_INVALID;
    e = make_room(out, (uint32_t)width, (uint32_t)height);
    if (e)
        return e;
    if (tjDecompress2(handle, data, (unsigned long)len, out->pixels, width,
                      (int)out->stride_bytes, height, TJPF_BGRX,
                      TJFLAG_STOPONWARNING) < 0)
        return WS_INVALID;
    return WS_OK;
}

enum err picture_decode(const void *data, size_t len, struct picture *out)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff};

    if (len > sizeof png && memcmp(data, png, sizeof png) == 0)
        return decode_png(data, len, out);
    if (len > sizeof jpeg && memcmp(data, jpeg, sizeof jpeg) == 0)
        return decode_jpeg(data, len, out);
    return WS_INVALID;
}
