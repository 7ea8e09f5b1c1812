/* picture.h - PNG and JPEG files into pixels, for the file source.
 *
 * Shapes:  BGRX, 32 bits
 * Errors:  WS_INVALID  neither PNG nor JPEG, damaged, or larger than a slot of
 *                      the ring
 * Owns:    the caller frees pixels with free()
 */
#ifndef AGENT_CAPTURE_PICTURE_H
#define AGENT_CAPTURE_PICTURE_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

struct picture {
    uint8_t *pixels;
    uint32_t width_px, height_px, stride_bytes;
};

/* Read one picture; out->pixels must be NULL or from an earlier call: it is
 * used again when the size is the same, else freed. */
enum err picture_decode(const void *data, size_t len,
                        struct picture *out) WS_MUST_CHECK;

#endif
