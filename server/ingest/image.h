/* image.h - what a picture says of itself: format and size, never its pixels.
 *
 * Flow:    screenshots -> [image]
 * Units:   pixels
 * Errors:  WS_INVALID  not a PNG, JPEG or WebP, or its header is broken
 *          WS_FULL     over IMAGE_MAX_SIDE_PX or IMAGE_MAX_PX
 *          WS_IO       the file could not be read
 * Source:  PNG (RFC 2083) IHDR; JPEG (ITU T.81) SOFn; WebP container (RFC 9649)
 */
#ifndef SERVER_INGEST_IMAGE_H
#define SERVER_INGEST_IMAGE_H

#include "core/bytes.h"
#include "core/err.h"
#include "server/store/store_facts.h"

#include <stdint.h>

#define IMAGE_MAX_SIDE_PX 16384
#define IMAGE_MAX_PX INT64_C(64000000)

struct image {
    enum fact_format format;
    int64_t width_px, height_px;
};

enum err image_read(const struct bytes *b, struct image *out) WS_MUST_CHECK;

#endif
