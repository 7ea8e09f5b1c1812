#include "agent/ocr/plane.h"

#include <stddef.h>
#include <string.h>

enum err plane_open(struct plane **out, int width_px, int height_px)
{
    OWN(plane_close)
    struct plane *p = calloc(1, sizeof(*p));

    if (!p)
        return WS_NOMEM;
    p->width_px = width_px;
    p->height_px = height_px;
    p->px = malloc((size_t)width_px * (size_t)height_px + 1);
    if (!p->px)
        return WS_NOMEM;
    *out = TAKE(p);
    return WS_OK;
}

void plane_close(struct plane *p)
{
    if (!p)
        return;
    free(p->px);
    free(p);
}

enum err plane_from_bgrx(struct plane **out, const uint8_t *bgrx, int width_px,
                         int height_px, int stride_bytes)
{
    struct plane *p;
    enum err e = plane_open(&p, width_px, height_px);

    if (e)
        return e;
    for (int y = 0; y < height_px; y++) {
        const uint8_t *from = bgrx + (size_t)y * (size_t)stride_bytes;
        uint8_t *to = p->px + (size_t)y * (size_t)width_px;

        for (int x = 0; x < width_px; x++)
            to[x] = (uint8_t)((29 * from[4 * x] + 150 * from[4 * x + 1] +
                               77 * from[4 * x + 2]) >>
                              8);
    }
    *out = p;
    return WS_OK;
}

struct plane_box plane_clip(const struct plane *p, struct plane_box box)
{
    int right = box.x_px + box.width_px, bottom = box.y_px + box.height_px;

    if (box.x_px < 0)
        box.x_px = 0;
    if (box.y_px < 0)
        box.y_px = 0;
    if (right > p->width_px)
        right = p->width_px;
    if (bottom > p->height_px)
        bottom = p->height_px;
    box.width_px = right > box.x_px ? right - box.x_px : 0;
    box.height_px = bottom > box.y_px ? bottom - box.y_px : 0;
    return box;
}

/* The most frequent gray, in steps of 4: the background of a text line. */
static int background_of(const struct plane *from, const struct plane_box *box)
{
    unsigned counts[64] = {0};
    int best = 0;

    for (int y = 0; y < box->height_px; y++) {
        const uint8_t *row = from->px +
                             (size_t)(box->y_px + y) * (size_t)from->width_px +
                             box->x_px;

        for (int x = 0; x < box->width_px; x++)
            counts[row[x] >> 2]++;
    }
    for (int i = 1; i < 64; i++)
        if (counts[i] > counts[best])
            best = i;
    return best * 4 + 2;
}

/* Mean gray: on a dark background the text lifts it above the background. */
static int mean_of(const struct plane *from, const struct plane_box *box)
{
    int64_t sum = 0;

    for (int y = 0; y < box->height_px; y++) {
        const uint8_t *row = from->px +
                             (size_t)(box->y_px + y) * (size_t)from->width_px +
                             box->x_px;

        for (int x = 0; x < box->width_px; x++)
            sum += row[x];
    }
    return (int)(sum / ((int64_t)box->width_px * box->height_px));
}

/* Gray levels stretched so that the line uses the whole range. */
static void make_levels(const struct plane *from, const struct plane_box *box,
                        int background, uint8_t levels[256])
{
    int inverted = mean_of(from, box) > background;
    int lowest = 255, highest = 0, reach;

    for (int y = 0; y < box->height_px; y++) {
        const uint8_t *row = from->px +
                             (size_t)(box->y_px + y) * (size_t)from->width_px +
                             box->x_px;

        for (int x = 0; x < box->width_px; x++) {
            if (row[x] < lowest)
                lowest = row[x];
            if (row[x] > highest)
                highest = row[x];
        }
    }
    reach = inverted ? highest - background : background - lowest;
    if (reach < 16)
        reach = 16;
    for (int i = 0; i < 256; i++) {
        int depth = inverted ? i - background : background - i;
        int v = 255 - depth * 255 / reach;

        levels[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

/* The four weights of Catmull-Rom's cubic at `t`, in 1/256. */
static void cubic(double t, int weight[4])
{
    double w[4] = {((-0.5 * t + 1.0) * t - 0.5) * t,
                   (1.5 * t - 2.5) * t * t + 1.0,
                   ((-1.5 * t + 2.0) * t + 0.5) * t, (0.5 * t - 0.5) * t * t};

    for (int i = 0; i < 4; i++)
        weight[i] = (int)(w[i] * 256.0 + (w[i] < 0 ? -0.5 : 0.5));
}

static int held(int v, int max)
{
    return v < 0 ? 0 : v > max ? max : v;
}

/* Enlarge `small` into `big`, whose sides are `scale` times as long. */
static void enlarge(const struct plane *small, struct plane *big, int scale,
                    int *rows)
{
    int w = small->width_px, h = small->height_px;

    for (int y = 0; y < big->height_px; y++) {
        double at = (y + 0.5) / scale - 0.5;
        int y0 = (int)(at + 1.0) - 1;
        int wy[4];

        cubic(at - y0, wy);
        for (int x = 0; x < w; x++) {
            int sum = 0;

            for (int k = 0; k < 4; k++)
                sum += wy[k] *
                       small->px[(size_t)held(y0 - 1 + k, h - 1) * (size_t)w +
                                 (size_t)x];
            rows[x] = sum;
        }
        for (int x = 0; x < big->width_px; x++) {
            double ax = (x + 0.5) / scale - 0.5;
            int x0 = (int)(ax + 1.0) - 1, sum = 0;
            int wx[4];

            cubic(ax - x0, wx);
            for (int k = 0; k < 4; k++)
                sum += wx[k] * (rows[held(x0 - 1 + k, w - 1)] >> 4);
            big->px[(size_t)y * (size_t)big->width_px + (size_t)x] =
                (uint8_t)held(sum >> 12, 255);
        }
    }
}

enum err plane_cut(struct plane **out, const struct plane *from,
                   const struct plane_box *box, int border_px, int scale)
{
    OWN(plane_close)
    struct plane *small = NULL, *big = NULL;
    OWN_FREE int *rows = NULL;
    uint8_t levels[256];
    enum err e;
    int width = box->width_px + 2 * border_px;
    int height = box->height_px + 2 * border_px;

    make_levels(from, box, background_of(from, box), levels);
    e = plane_open(&small, width, height);
    if (e)
        return e;
    memset(small->px, 255, (size_t)width * (size_t)height);
    for (int y = 0; y < box->height_px; y++) {
        const uint8_t *row = from->px +
                             (size_t)(box->y_px + y) * (size_t)from->width_px +
                             box->x_px;
        uint8_t *to =
            small->px + (size_t)(y + border_px) * (size_t)width + border_px;

        for (int x = 0; x < box->width_px; x++)
            to[x] = levels[row[x]];
    }
    if (scale == 1) {
        *out = TAKE(small);
        return WS_OK;
    }
    e = plane_open(&big, width * scale, height * scale);
    if (e)
        return e;
    rows = malloc(sizeof(*rows) * (size_t)width);
    if (!rows)
        return WS_NOMEM;
    enlarge(small, big, scale, rows);
    *out = TAKE(big);
    return WS_OK;
}
