/* trim.h - takes the ends of pills and tags off a line's box.
 *
 * Flow:    segment -> [trim] -> segment
 * Shapes:  a mask of the page, one byte a pixel, not 0 where an edge is
 * Process: pure
 */
#ifndef AGENT_OCR_TRIM_H
#define AGENT_OCR_TRIM_H

#include "agent/ocr/plane.h"

/* Cut borders of a filled shape off both sides, then empty rows and columns.
 * A border is an edge with another background on either side of it; a letter
 * has the same on both. */
void trim_box(const struct plane *page, const uint8_t *mask,
              struct plane_box *box);

#endif
