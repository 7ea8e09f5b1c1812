/* How a line is found, whatever its colours:
 *
 *   1 edges    a pixel that differs from its left or upper neighbour
 *   2 rules    edges that go straight for RULE_PX are borders, not glyphs:
 *              they are taken out, and nothing is joined across an upright one
 *   3 smear    gaps of up to SMEAR_PX within a row are filled
 *   4 parts    what then hangs together is a word or a few (union-find on runs)
 *   5 lines    parts side by side at the same height are one line; a part that
 *              is far taller than a line is cut at its empty rows
 */
#include "agent/ocr/segment.h"

#include "agent/ocr/trim.h"

#include <stdlib.h>
#include <string.h>

#define EDGE_LEVELS 20 /* gray levels that make an edge */
#define RULE_PX 44     /* a straight edge this long is a border */
#define LEVEL_GAP_PX 1 /* borders cross: a straight edge is broken there */
#define UPRIGHT_GAP_PX 3
#define SMEAR_PX 9
#define MIN_HEIGHT_PX 5
#define CORNER_PX 9 /* nothing larger around it: a rounded corner */
#define MAX_LINE_PX 64
#define HOLLOW_PX 20 /* smaller outlines may be letters */
#define MAX_PARTS 20000

enum { EDGE_ACROSS = 1, EDGE_DOWN = 2, EDGE_RULE = 4 };

struct part {
    int x0, y0, x1, y1; /* inclusive */
    int edges;          /* edge pixels inside */
    int parent;
};

struct run {
    int x0, x1, part;
};

struct parts {
    struct part *list;
    int count;
    bool cut; /* MAX_PARTS were not enough */
};

static void mark_edges(const struct plane *page, uint8_t *mask)
{
    size_t w = (size_t)page->width_px;

    memset(mask, 0, w * (size_t)page->height_px);
    for (int y = 1; y < page->height_px; y++) {
        const uint8_t *row = page->px + (size_t)y * w;
        uint8_t *to = mask + (size_t)y * w;

        for (size_t x = 1; x < w; x++) {
            int across = row[x] - row[x - 1];
            int down = row[x] - row[x - w];

            to[x] = (uint8_t)((abs(across) >= EDGE_LEVELS) |
                              ((abs(down) >= EDGE_LEVELS) << 1));
        }
    }
}

/* Turn straight edges into rules: level ones cease to be edges, upright ones
 * also stop the smear. */
static void take_out_rules(const struct plane *page, uint8_t *mask, int *since,
                           int *last)
{
    int w = page->width_px, h = page->height_px;

    for (int y = 0; y < h; y++) {
        uint8_t *row = mask + (size_t)y * (size_t)w;
        int start = -1, end = -1;

        for (int x = 0; x <= w; x++) {
            if (x < w && (row[x] & EDGE_DOWN)) {
                if (start < 0)
                    start = x;
                end = x;
                continue;
            }
            if (start < 0 || (x < w && x - end <= LEVEL_GAP_PX))
                continue;
            if (end - start + 1 >= RULE_PX)
                for (int i = start; i <= end; i++)
                    row[i] = (uint8_t)(row[i] & ~EDGE_DOWN);
            start = -1;
        }
    }
    for (int x = 0; x < w; x++)
        since[x] = last[x] = -1;
    for (int y = 0; y <= h; y++) {
        uint8_t *row = mask + (size_t)y * (size_t)w;

        for (int x = 0; x < w; x++) {
            if (y < h && (row[x] & EDGE_ACROSS)) {
                if (since[x] < 0)
                    since[x] = y;
                last[x] = y;
                continue;
            }
            if (since[x] < 0 || (y < h && y - last[x] <= UPRIGHT_GAP_PX))
                continue;
            if (last[x] - since[x] + 1 >= RULE_PX)
                for (int i = since[x]; i <= last[x]; i++)
                    mask[(size_t)i * (size_t)w + (size_t)x] = EDGE_RULE;
            since[x] = -1;
        }
    }
}

static int root_of(struct parts *p, int i)
{
    while (p->list[i].parent != i) {
        p->list[i].parent = p->list[p->list[i].parent].parent;
        i = p->list[i].parent;
    }
    return i;
}

static void take_in(struct part *to, const struct part *from)
{
    if (from->x0 < to->x0)
        to->x0 = from->x0;
    if (from->y0 < to->y0)
        to->y0 = from->y0;
    if (from->x1 > to->x1)
        to->x1 = from->x1;
    if (from->y1 > to->y1)
        to->y1 = from->y1;
    to->edges += from->edges;
}

static int join(struct parts *p, int a, int b)
{
    a = root_of(p, a);
    b = root_of(p, b);
    if (a == b)
        return a;
    take_in(&p->list[a], &p->list[b]);
    p->list[b].parent = a;
    return a;
}

/* The runs of one row, gaps closed; returns how many. */
static int row_runs(const uint8_t *row, int w, struct run *runs, int *edges)
{
    int count = 0, last = -1;

    for (int x = 0; x < w; x++) {
        if (row[x] & EDGE_RULE) {
            last = -1;
            continue;
        }
        if (!row[x])
            continue;
        if (last >= 0 && x - last - 1 <= SMEAR_PX) {
            runs[count - 1].x1 = x;
            edges[count - 1]++;
        } else {
            runs[count] = (struct run){x, x, -1};
            edges[count++] = 1;
        }
        last = x;
    }
    return count;
}

/* Give each run of a row to the parts above that it touches. */
static void link_row(struct parts *p, struct run *now, const int *edges,
                     int count, const struct run *above, int above_count, int y)
{
    int j = 0;

    for (int i = 0; i < count; i++) {
        struct part own = {now[i].x0, y, now[i].x1, y, edges[i], 0};

        while (j > 0 && above[j - 1].x1 >= now[i].x0 - 1)
            j--;
        for (; j < above_count && above[j].x0 <= now[i].x1 + 1; j++) {
            if (above[j].x1 < now[i].x0 - 1 || above[j].part < 0)
                continue;
            if (now[i].part < 0)
                now[i].part = root_of(p, above[j].part);
            else
                now[i].part = join(p, now[i].part, above[j].part);
        }
        if (now[i].part >= 0) {
            take_in(&p->list[root_of(p, now[i].part)], &own);
        } else if (p->count < MAX_PARTS) {
            now[i].part = own.parent = p->count;
            p->list[p->count++] = own;
        } else {
            p->cut = true;
        }
    }
}

static enum err find_parts(const struct plane *page, const uint8_t *mask,
                           struct parts *p)
{
    int w = page->width_px, above_count = 0;
    OWN_FREE struct run *now = calloc((size_t)w + 1, sizeof(*now));
    OWN_FREE struct run *above = calloc((size_t)w + 1, sizeof(*above));
    OWN_FREE int *edges = calloc((size_t)w + 1, sizeof(*edges));

    if (!now || !above || !edges)
        return WS_NOMEM;
    for (int y = 0; y < page->height_px; y++) {
        struct run *swap = above;
        int count = row_runs(mask + (size_t)y * (size_t)w, w, now, edges);

        link_row(p, now, edges, count, above, above_count, y);
        above = now;
        now = swap;
        above_count = count;
    }
    return WS_OK;
}

static int by_left(const void *a, const void *b)
{
    const struct part *p = a, *q = b;

    return p->x0 != q->x0 ? (p->x0 > q->x0) - (p->x0 < q->x0)
                          : (p->y0 > q->y0) - (p->y0 < q->y0);
}

/* Outlines of icons, photos and buttons. Text has 5 to 8 edges in each column,
 * at any size; an outline has 4 at most. */
static bool is_hollow(const struct part *p)
{
    int w = p->x1 - p->x0 + 1, h = p->y1 - p->y0 + 1;

    return h >= HOLLOW_PX && p->edges * 2 < w * 9;
}

/* Keep the roots that may be glyphs, sorted from left to right. */
static void keep_roots(struct parts *p)
{
    int kept = 0;

    for (int i = 0; i < p->count; i++)
        if (p->list[i].parent == i &&
            (!is_hollow(&p->list[i]) ||
             p->list[i].y1 - p->list[i].y0 >= MAX_LINE_PX))
            p->list[kept++] = p->list[i];
    p->count = kept;
    qsort(p->list, (size_t)kept, sizeof(*p->list), by_left);
    for (int i = 0; i < kept; i++)
        p->list[i].parent = i;
}

static int height_of(const struct part *p)
{
    return p->y1 - p->y0 + 1;
}

static int overlap(int a0, int a1, int b0, int b1)
{
    int from = a0 > b0 ? a0 : b0, to = a1 < b1 ? a1 : b1;

    return to - from + 1;
}

/* Dots, accents and broken glyphs belong to the part they stand over. */
static bool is_accent(const struct part *a, const struct part *b)
{
    const struct part *small = height_of(a) < height_of(b) ? a : b;
    const struct part *big = small == a ? b : a;
    int gap = -overlap(a->y0, a->y1, b->y0, b->y1);

    if (height_of(big) > MAX_LINE_PX || height_of(small) * 2 > height_of(big))
        return false;
    if (small->x1 - small->x0 + 1 > 2 * height_of(big))
        return false;
    return gap <= height_of(big) / 5 && overlap(a->x0, a->x1, b->x0, b->x1) > 0;
}

/* Side by side at one height, no further apart than a wide blank. */
static bool is_same_line(const struct part *a, const struct part *b)
{
    int ha = height_of(a), hb = height_of(b);
    int low = ha < hb ? ha : hb, high = ha < hb ? hb : ha;
    int gap = -overlap(a->x0, a->x1, b->x0, b->x1);
    int reach = high > 14 ? high : 14;

    if (high > MAX_LINE_PX || gap > reach)
        return false;
    if (overlap(a->y0, a->y1, b->y0, b->y1) * 10 < low * 6)
        return false;
    return high <= low * 5 / 2 || low < 10;
}

/* True when an upright rule stands between two parts. */
static bool is_walled(const struct plane *page, const uint8_t *mask,
                      const struct part *a, const struct part *b)
{
    int from = a->x1 < b->x0 ? a->x1 : b->x1;
    int to = a->x1 < b->x0 ? b->x0 : a->x0;
    int y = (a->y0 > b->y0 ? a->y0 : b->y0) + 1;

    if (y >= page->height_px)
        return false;
    for (int x = from + 1; x < to; x++)
        if (mask[(size_t)y * (size_t)page->width_px + (size_t)x] & EDGE_RULE)
            return true;
    return false;
}

static void
merge_parts(const struct plane *page, const uint8_t *mask, struct parts *p,
            bool (*together)(const struct part *, const struct part *))
{
    keep_roots(p);
    for (int i = 0; i < p->count; i++) {
        for (int j = i + 1; j < p->count; j++) {
            int a = root_of(p, i), b = root_of(p, j);

            if (p->list[j].x0 > p->list[a].x1 + MAX_LINE_PX)
                break;
            if (a != b && together(&p->list[a], &p->list[b]) &&
                !is_walled(page, mask, &p->list[a], &p->list[b]))
                join(p, a, b);
        }
    }
    keep_roots(p);
}

static bool looks_like_text(const struct part *p)
{
    int w = p->x1 - p->x0 + 1, h = height_of(p);

    if (h < MIN_HEIGHT_PX || w < 3 || w * 8 < h)
        return false;
    if (w < CORNER_PX && h < CORNER_PX)
        return false;
    return p->edges >= w;
}

static void add_line(struct segment_lines *out, const struct plane *page,
                     const uint8_t *mask, const struct part *p)
{
    struct plane_box box = {p->x0, p->y0, p->x1 - p->x0 + 1, height_of(p)};

    if (!looks_like_text(p))
        return;
    if (out->count >= SEGMENT_MAX_LINES) {
        out->cut = true;
        return;
    }
    trim_box(page, mask, &box);
    box = (struct plane_box){box.x_px - 1, box.y_px - 1, box.width_px + 2,
                             box.height_px + 2};
    out->list[out->count++] = (struct segment_line){
        .box = plane_clip(page, box),
        .block = height_of(p) > MAX_LINE_PX,
    };
}

/* Cut a tall part at rows that hold almost no edge. */
static void add_rows(struct segment_lines *out, const struct plane *page,
                     const uint8_t *mask, const struct part *p)
{
    int start = -1;

    for (int y = p->y0; y <= p->y1 + 1; y++) {
        int edges = 0;

        if (y <= p->y1)
            for (int x = p->x0; x <= p->x1; x++)
                edges += mask[(size_t)y * (size_t)page->width_px + (size_t)x] &&
                         mask[(size_t)y * (size_t)page->width_px + (size_t)x] !=
                             EDGE_RULE;
        if (edges > (p->x1 - p->x0) / 60) {
            if (start < 0)
                start = y;
            continue;
        }
        if (start >= 0) {
            struct part row = *p;

            row.y0 = start;
            row.y1 = y - 1;
            row.edges = (row.x1 - row.x0 + 1) * height_of(&row);
            add_line(out, page, mask, &row);
        }
        start = -1;
    }
}

static int by_reading_order(const void *a, const void *b)
{
    const struct segment_line *p = a, *q = b;

    if (p->box.y_px != q->box.y_px)
        return (p->box.y_px > q->box.y_px) - (p->box.y_px < q->box.y_px);
    return (p->box.x_px > q->box.x_px) - (p->box.x_px < q->box.x_px);
}

enum err segment_page(const struct plane *page, struct segment_lines *out)
{
    size_t size = (size_t)page->width_px * (size_t)page->height_px;
    OWN_FREE uint8_t *mask = malloc(size + 1);
    OWN_FREE int *since =
        malloc(sizeof(int) * (2 * (size_t)page->width_px + 1));
    OWN_FREE struct part *list = malloc(sizeof(*list) * MAX_PARTS);
    OWN_FREE struct segment_line *lines =
        malloc(sizeof(*lines) * SEGMENT_MAX_LINES);
    struct parts parts = {.list = list};
    enum err e;

    if (!mask || !since || !list || !lines)
        return WS_NOMEM;
    *out = (struct segment_lines){.list = lines};
    mark_edges(page, mask);
    take_out_rules(page, mask, since, since + page->width_px);
    e = find_parts(page, mask, &parts);
    if (e)
        return e;
    out->cut = parts.cut;
    merge_parts(page, mask, &parts, is_accent);
    merge_parts(page, mask, &parts, is_same_line);
    merge_parts(page, mask, &parts, is_accent);
    for (int i = 0; i < parts.count; i++) {
        if (height_of(&parts.list[i]) > MAX_LINE_PX)
            add_rows(out, page, mask, &parts.list[i]);
        else
            add_line(out, page, mask, &parts.list[i]);
    }
    qsort(lines, out->count, sizeof(*lines), by_reading_order);
    out->list = TAKE(lines);
    return WS_OK;
}
