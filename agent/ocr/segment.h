/* segment.h - finds the lines of text of a screen.
 *
 * Flow:    plane -> [segment] -> reader
 * Shapes:  boxes in reading order (top to bottom, then left to right)
 * Units:   _px pixels of the plane
 * Errors:  WS_NOMEM
 * Process: pure; no state between calls
 */
#ifndef AGENT_OCR_SEGMENT_H
#define AGENT_OCR_SEGMENT_H

#include "agent/ocr/plane.h"

#include <stdbool.h>
#include <stddef.h>

#define SEGMENT_MAX_LINES 4096

struct segment_line {
    struct plane_box box;
    bool block; /* too tall for one line: read it as a block of text */
};

struct segment_lines {
    struct segment_line *list;
    size_t count;
    bool cut; /* the page has more than can be kept in mind */
};

/* Find every line of a page. The caller ends the list with free(). */
enum err segment_page(const struct plane *page,
                      struct segment_lines *out) WS_MUST_CHECK;

#endif
