/* plane.h - one gray picture in memory, 8 bits a pixel.
 *
 * Flow:    ring pixels -> [plane] -> segment, reader, engine
 * Units:   _px pixels; a box is whole when it lies inside its plane
 * Errors:  WS_NOMEM
 * Owns:    plane_open() hands over a plane; plane_close() ends it
 */
#ifndef AGENT_OCR_PLANE_H
#define AGENT_OCR_PLANE_H

#include "core/err.h"
#include "core/own.h"

#include <stdint.h>

struct plane {
    int width_px, height_px; /* rows follow one another without a gap */
    uint8_t *px;
};

struct plane_box {
    int x_px, y_px, width_px, height_px;
};

enum err plane_open(struct plane **out, int width_px,
                    int height_px) WS_MUST_CHECK;
void plane_close(struct plane *p);
OWN_DEFINE(plane_close, struct plane *)

/* Luma of a BGRX picture. */
enum err plane_from_bgrx(struct plane **out, const uint8_t *bgrx, int width_px,
                         int height_px, int stride_bytes) WS_MUST_CHECK;

/* Cut a whole box out, dark text on light, with a border of its own
 * background, enlarged `scale` times. */
enum err plane_cut(struct plane **out, const struct plane *from,
                   const struct plane_box *box, int border_px,
                   int scale) WS_MUST_CHECK;

/* The box, cut down to the plane. */
struct plane_box plane_clip(const struct plane *p, struct plane_box box);

#endif
