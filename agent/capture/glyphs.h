/* glyphs.h - words into pixels: one small font inside the program.
 *
 * Flow:    badge, synth -> [glyphs] -> BGRX pixels
 * Shapes:  DejaVu Sans 14 px (Bitstream Vera licence), ASCII and four signs;
 *          the alphas are glyphs.pgm, made by tools/make-glyphs
 * Units:   px; a line is GLYPHS_HEIGHT_PX high; colours are 0xRRGGBB
 * Errors:  none: a character that is not there is drawn as "?"
 */
#ifndef AGENT_CAPTURE_GLYPHS_H
#define AGENT_CAPTURE_GLYPHS_H

#include <stdint.h>

#define GLYPHS_HEIGHT_PX 20
#define GLYPHS_DOT "\x01"      /* filled circle */
#define GLYPHS_BAR "\x02"      /* two of them are the sign for a pause */
#define GLYPHS_TRIANGLE "\x03" /* points up */
#define GLYPHS_MIDDLE "\x04"   /* middle dot */

struct glyphs_canvas {
    uint8_t *pixels;
    int32_t width_px, height_px;
    uint32_t stride_bytes;
};

/* Width of the text as glyphs_draw() sets it. */
int32_t glyphs_width(const char *text);

/* Blend the text onto the canvas, clipped; returns the x behind it. */
int32_t glyphs_draw(const struct glyphs_canvas *c, int32_t x, int32_t y,
                    const char *text, uint32_t rgb);

/* Fill a rectangle, clipped. */
void glyphs_fill(const struct glyphs_canvas *c, int32_t x, int32_t y,
                 int32_t width, int32_t height, uint32_t rgb);

#endif
