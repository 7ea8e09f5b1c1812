/* rect.c - see rect.h. */
#include "agent/capture/rect.h"

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t most(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

bool rect_empty(const struct rect *r)
{
    return r->x1 <= r->x0 || r->y1 <= r->y0;
}

struct rect rect_union(const struct rect *a, const struct rect *b)
{
    if (rect_empty(a))
        return *b;
    if (rect_empty(b))
        return *a;
    return (struct rect){least(a->x0, b->x0), least(a->y0, b->y0),
                         most(a->x1, b->x1), most(a->y1, b->y1)};
}

struct rect rect_clip(const struct rect *r, int32_t width_px, int32_t height_px)
{
    return (struct rect){most(r->x0, 0), most(r->y0, 0), least(r->x1, width_px),
                         least(r->y1, height_px)};
}

bool rect_equal(const struct rect *a, const struct rect *b)
{
    return a->x0 == b->x0 && a->y0 == b->y0 && a->x1 == b->x1 && a->y1 == b->y1;
}
