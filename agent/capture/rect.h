/* rect.h - a rectangle of pixels, and the little arithmetic it needs.
 *
 * Units:   px; x1 and y1 are the first column and row outside
 */
#ifndef AGENT_CAPTURE_RECT_H
#define AGENT_CAPTURE_RECT_H

#include <stdbool.h>
#include <stdint.h>

struct rect {
    int32_t x0, y0, x1, y1;
};

/* True when there is no pixel in it. */
bool rect_empty(const struct rect *r);

/* The smallest rectangle around both; an empty one adds nothing. */
struct rect rect_union(const struct rect *a, const struct rect *b);

/* The part of r inside a picture of this size. */
struct rect rect_clip(const struct rect *r, int32_t width_px,
                      int32_t height_px);

bool rect_equal(const struct rect *a, const struct rect *b);

#endif
