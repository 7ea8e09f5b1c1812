/* encode.h - a redacted picture of a frame, in a memfd.
 *
 * Flow:    ring pixels + boxes to fill -> [encode] -> client_put
 * Shapes:  JPEG 4:2:0 from BGRX; boxes are filled in the pixels themselves
 *          before anything is encoded, so no copy without them exists
 * Units:   boxes in pixels of the frame; quality 1..100
 * Errors:  WS_INVALID  the frame has no size; WS_NOMEM; WS_IO
 * Owns:    encode_open() hands over the encoder; a picture's fd is the
 *          caller's
 */
#ifndef AGENT_AI_ENCODE_H
#define AGENT_AI_ENCODE_H

#include "agent/ring.h"

#include "core/err.h"
#include "core/own.h"
#include "core/sha256.h"

#include <stddef.h>
#include <stdint.h>

struct encode_box {
    int x_px, y_px, width_px, height_px;
};

struct encode_picture {
    int fd; /* a memfd, at its start */
    size_t len;
    int width_px, height_px;
    char sha256[SHA256_HEX_BYTES];
};

struct encode_how {
    int quality;
    int most_px; /* halve until the longer side fits; 0: full size */
};

struct encode;

enum err encode_open(struct encode **out) WS_MUST_CHECK;
void encode_close(struct encode *e);
OWN_DEFINE(encode_close, struct encode *)

/* Fill boxes, with a margin for what OCR cut off, in a frame's pixels. */
void encode_fill(const struct ring_frame *frame, uint8_t *pixels,
                 const struct encode_box *boxes, size_t count);

/* Encode a frame as it stands. */
enum err encode_frame(struct encode *e, const struct ring_frame *frame,
                      const uint8_t *pixels, const struct encode_how *how,
                      struct encode_picture *out) WS_MUST_CHECK;

#endif
