/* gate.h - how much of the picture changed, exactly.
 *
 * Flow:    source -> [gate] -> ring
 * Shapes:  tiles of 64 x 64 px; a tile changed when one byte of it differs
 * Units:   changed_share 0..1 of all tiles
 * Source:  issue 2 part B: "exact 64-px tile compare"
 */
#ifndef AGENT_CAPTURE_GATE_H
#define AGENT_CAPTURE_GATE_H

#include "agent/capture/rect.h"

#include <stddef.h>
#include <stdint.h>

#define GATE_TILE_PX 64

struct gate_picture {
    const uint8_t *now;
    const uint8_t *before; /* NULL: there is none, so all tiles changed */
    uint32_t width_px, height_px, stride_bytes;
    struct rect dirty; /* the caller knows that all outside is equal */
};

struct gate_result {
    uint32_t tiles, changed;
    double changed_share;
};

/* Compare two pictures of one size. */
struct gate_result gate_compare(const struct gate_picture *p);

#endif
