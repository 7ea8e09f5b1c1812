/* glyphs.c - see glyphs.h. */
#include "agent/capture/glyphs.h"

#include "agent/capture/glyphs_path.h"

#include <stddef.h>

#define FIRST ' '
#define LAST '~'
#define SIGNS 4
#define GLYPHS (LAST - FIRST + 1 + SIGNS)
#define CELL_PX 20
#define CELL_LEFT_PX 2      /* a glyph's origin inside its cell */
#define PGM_HEADER_BYTES 15 /* "P5\n20 1980\n255\n" */

/* GLYPHS_PGM is the picture's path, written down by meson.build. */
__asm__(".section .rodata\n"
        "glyphs_pgm_start:\n"
        ".incbin \"" GLYPHS_PGM "\"\n"
        ".previous\n");
extern const uint8_t glyphs_pgm_start[];

/* clang-format off */
static const uint8_t advances[GLYPHS] = {
    4, 6, 6, 12, 9, 13, 11, 4, 5, 5, 7, 12, 4, 5, 4, 5, 9, 9, 9, 9, 9, 9, 9, 9,
    9, 9, 5, 5, 12, 12, 12, 7, 14, 10, 10, 10, 11, 9, 8, 11, 11, 4, 4, 9, 8,
    12, 10, 11, 8, 11, 10, 9, 9, 10, 10, 14, 10, 9, 10, 5, 5, 5, 12, 7, 7, 9,
    9, 8, 9, 9, 5, 9, 9, 4, 4, 8, 4, 14, 9, 9, 9, 9, 6, 7, 5, 9, 8, 11, 8, 8,
    7, 9, 5, 9, 12, 13, 7, 13, 4,
};
/* clang-format on */

static unsigned glyph_index(char c)
{
    if (c >= FIRST && c <= LAST)
        return (unsigned)(c - FIRST);
    if (c >= 1 && c <= SIGNS)
        return (unsigned)(LAST - FIRST + c);
    return '?' - FIRST;
}

int32_t glyphs_width(const char *text)
{
    int32_t width = 0;

    for (; *text; text++)
        width += advances[glyph_index(*text)];
    return width;
}

static uint8_t blend(uint8_t under, uint32_t over, uint32_t alpha)
{
    return (uint8_t)((under * (255 - alpha) + over * alpha + 127) / 255);
}

static void draw_glyph(const struct glyphs_canvas *c, int32_t x, int32_t y,
                       unsigned glyph, uint32_t rgb)
{
    const uint8_t *alpha =
        glyphs_pgm_start + PGM_HEADER_BYTES + (size_t)glyph * CELL_PX * CELL_PX;
    int32_t column, row;

    for (row = 0; row < CELL_PX; row++) {
        int32_t py = y + row;

        if (py < 0 || py >= c->height_px)
            continue;
        for (column = 0; column < CELL_PX; column++) {
            int32_t px = x + column - CELL_LEFT_PX;
            uint32_t a = alpha[row * CELL_PX + column];
            uint8_t *to;

            if (a == 0 || px < 0 || px >= c->width_px)
                continue;
            to = c->pixels + (size_t)py * c->stride_bytes + (size_t)px * 4;
            to[0] = blend(to[0], rgb & 0xff, a);
            to[1] = blend(to[1], (rgb >> 8) & 0xff, a);
            to[2] = blend(to[2], (rgb >> 16) & 0xff, a);
        }
    }
}

int32_t glyphs_draw(const struct glyphs_canvas *c, int32_t x, int32_t y,
                    const char *text, uint32_t rgb)
{
    for (; *text; text++) {
        unsigned glyph = glyph_index(*text);

        draw_glyph(c, x, y, glyph, rgb);
        x += advances[glyph];
    }
    return x;
}

void glyphs_fill(const struct glyphs_canvas *c, int32_t x, int32_t y,
                 int32_t width, int32_t height, uint32_t rgb)
{
    int32_t x1 = x + width < c->width_px ? x + width : c->width_px;
    int32_t y1 = y + height < c->height_px ? y + height : c->height_px;
    int32_t px, py;

    for (py = y < 0 ? 0 : y; py < y1; py++) {
        uint32_t *line =
            (uint32_t *)(void *)(c->pixels + (size_t)py * c->stride_bytes);

        for (px = x < 0 ? 0 : x; px < x1; px++)
            line[px] = rgb;
    }
}
