#include "agent/ocr/trim.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#define OTHER_LEVELS 30 /* backgrounds that differ by this are two */
#define MOST_CUTS 3     /* a border has an outer and an inner line */
#define SAMPLES 5

static bool column_has_edge(const struct plane *page, const uint8_t *mask,
                            const struct plane_box *box, int x)
{
    for (int y = box->y_px; y < box->y_px + box->height_px; y++)
        if (mask[(size_t)y * (size_t)page->width_px + (size_t)x])
            return true;
    return false;
}

static bool row_has_edge(const struct plane *page, const uint8_t *mask,
                         const struct plane_box *box, int y)
{
    const uint8_t *row = mask + (size_t)y * (size_t)page->width_px;

    for (int x = box->x_px; x < box->x_px + box->width_px; x++)
        if (row[x])
            return true;
    return false;
}

/* Mean gray of a column's middle half. */
static int gray_at(const struct plane *page, const struct plane_box *box, int x)
{
    int sum = 0;

    x = x < 0 ? 0 : x >= page->width_px ? page->width_px - 1 : x;
    for (int i = 0; i < SAMPLES; i++) {
        int y = box->y_px + box->height_px / 4 +
                i * (box->height_px / 2) / (SAMPLES - 1);

        sum += page->px[(size_t)y * (size_t)page->width_px + (size_t)x];
    }
    return sum / SAMPLES;
}

/* Columns to cut at one end (step 1: the left one, -1: the right one): the
 * outermost edge, if another background begins behind it; else 0. */
static int border_width(const struct plane *page, const uint8_t *mask,
                        const struct plane_box *box, int step)
{
    int first = step > 0 ? box->x_px : box->x_px + box->width_px - 1;
    int at = 0, edge, gap;

    while (at < box->width_px &&
           !column_has_edge(page, mask, box, first + step * at))
        at++;
    edge = at;
    while (at < box->width_px &&
           column_has_edge(page, mask, box, first + step * at))
        at++;
    gap = at;
    while (at < box->width_px &&
           !column_has_edge(page, mask, box, first + step * at))
        at++;
    if (at - gap < 2 || at == box->width_px)
        return 0;
    if (abs(gray_at(page, box, first + step * (edge - 3)) -
            gray_at(page, box, first + step * (gap + (at - gap) / 2))) <
        OTHER_LEVELS)
        return 0;
    return gap;
}

static void cut_empty_rows(const struct plane *page, const uint8_t *mask,
                           struct plane_box *box)
{
    while (box->height_px > 1 && !row_has_edge(page, mask, box, box->y_px)) {
        box->y_px++;
        box->height_px--;
    }
    while (box->height_px > 1 &&
           !row_has_edge(page, mask, box, box->y_px + box->height_px - 1))
        box->height_px--;
}

static void cut_empty_columns(const struct plane *page, const uint8_t *mask,
                              struct plane_box *box)
{
    while (box->width_px > 1 && !column_has_edge(page, mask, box, box->x_px)) {
        box->x_px++;
        box->width_px--;
    }
    while (box->width_px > 1 &&
           !column_has_edge(page, mask, box, box->x_px + box->width_px - 1))
        box->width_px--;
}

void trim_box(const struct plane *page, const uint8_t *mask,
              struct plane_box *box)
{
    bool cut = false;

    for (int side = 1; side >= -1; side -= 2)
        for (int i = 0; i < MOST_CUTS; i++) {
            int width = border_width(page, mask, box, side);

            if (width == 0)
                break;
            cut = true;
            box->width_px -= width;
            if (side > 0)
                box->x_px += width;
        }
    if (!cut)
        return;
    cut_empty_columns(page, mask, box);
    cut_empty_rows(page, mask, box);
}
