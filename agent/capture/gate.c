/* gate.c - see gate.h.
 *
 * A band of 64 rows is first compared line by line over the whole dirty width
 * (one memcmp a line, which streams through memory once); only a line that
 * differs is looked at tile by tile, and only in tiles not yet known to differ.
 */
#include "agent/capture/gate.h"

#include <stdbool.h>
#include <string.h>

#define MAX_TILES_PER_ROW 1024
#define PIXEL_BYTES 4

struct band {
    bool changed[MAX_TILES_PER_ROW];
    uint32_t count;       /* of changed tiles */
    uint32_t first, last; /* tile columns to look at, last excluded */
};

static size_t tile_width_bytes(const struct gate_picture *p, uint32_t column)
{
    uint32_t x = column * GATE_TILE_PX;
    uint32_t w = p->width_px - x;

    return (size_t)(w < GATE_TILE_PX ? w : GATE_TILE_PX) * PIXEL_BYTES;
}

static void compare_line(const struct gate_picture *p, struct band *b,
                         size_t line_at)
{
    const uint8_t *now = p->now + line_at;
    const uint8_t *before = p->before + line_at;
    size_t from = (size_t)b->first * GATE_TILE_PX * PIXEL_BYTES;
    size_t to = (size_t)(b->last - 1) * GATE_TILE_PX * PIXEL_BYTES +
                tile_width_bytes(p, b->last - 1);
    uint32_t column;

    if (memcmp(now + from, before + from, to - from) == 0)
        return;
    for (column = b->first; column < b->last; column++) {
        size_t at = (size_t)column * GATE_TILE_PX * PIXEL_BYTES;

        if (b->changed[column] ||
            memcmp(now + at, before + at, tile_width_bytes(p, column)) == 0)
            continue;
        b->changed[column] = true;
        b->count++;
    }
}

static uint32_t compare_band(const struct gate_picture *p, uint32_t row0,
                             uint32_t row1, uint32_t first, uint32_t last)
{
    struct band b = {.first = first, .last = last};
    uint32_t row;

    for (row = row0; row < row1 && b.count < last - first; row++)
        compare_line(p, &b, (size_t)row * p->stride_bytes);
    return b.count;
}

static uint32_t tiles_of(uint32_t px)
{
    return (px + GATE_TILE_PX - 1) / GATE_TILE_PX;
}

struct gate_result gate_compare(const struct gate_picture *p)
{
    struct gate_result r = {.tiles =
                                tiles_of(p->width_px) * tiles_of(p->height_px)};
    struct rect d =
        rect_clip(&p->dirty, (int32_t)p->width_px, (int32_t)p->height_px);
    uint32_t first, last, band;

    if (r.tiles == 0)
        return r;
    if (!p->before || tiles_of(p->width_px) > MAX_TILES_PER_ROW) {
        r.changed = r.tiles;
    } else if (!rect_empty(&d)) {
        first = (uint32_t)d.x0 / GATE_TILE_PX;
        last = tiles_of((uint32_t)d.x1);
        for (band = (uint32_t)d.y0 / GATE_TILE_PX;
             band < tiles_of((uint32_t)d.y1); band++) {
            uint32_t end = (band + 1) * GATE_TILE_PX;

            r.changed += compare_band(p, band * GATE_TILE_PX,
                                      end < p->height_px ? end : p->height_px,
                                      first, last);
        }
    }
    r.changed_share = (double)r.changed / r.tiles;
    return r;
}
