/* draw.h - screens that a test draws itself, with leptonica's built-in font. */
#ifndef TESTS_OCR_DRAW_H
#define TESTS_OCR_DRAW_H

#include <leptonica/allheaders.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct draw {
    int width_px, height_px;
    uint8_t *bgrx;
};

__attribute__((unused)) static void draw_open(struct draw *d, int width_px,
                                              int height_px, uint8_t gray)
{
    size_t bytes = (size_t)width_px * (size_t)height_px * 4;

    *d = (struct draw){width_px, height_px, malloc(bytes)};
    memset(d->bgrx, gray, bytes);
}

__attribute__((unused)) static void draw_close(struct draw *d)
{
    free(d->bgrx);
}

__attribute__((unused)) static void draw_box(struct draw *d, int x, int y,
                                             int w, int h, uint8_t gray)
{
    for (int row = y; row < y + h; row++)
        memset(d->bgrx + ((size_t)row * (size_t)d->width_px + (size_t)x) * 4,
               gray, (size_t)w * 4);
}

/* Write one line with its baseline at y; size is 4 to 20, even. */
__attribute__((unused)) static void draw_text(struct draw *d, int x, int y,
                                              int size, uint8_t gray,
                                              const char *text)
{
    L_BMF *font = bmfCreate(NULL, size);
    PIX *pix = pixCreate(d->width_px, d->height_px, 8);
    int width, overflow;

    pixSetTextline(pix, font, text, 255, x, y, &width, &overflow);
    for (int row = 0; row < d->height_px; row++)
        for (int col = 0; col < d->width_px; col++) {
            l_uint32 v;

            pixGetPixel(pix, col, row, &v);
            if (v)
                draw_box(d, col, row, 1, 1, gray);
        }
    pixDestroy(&pix);
    bmfDestroy(&font);
}

#endif
