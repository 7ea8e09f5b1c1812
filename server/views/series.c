/* The charts' data: columns of equal length, a bucket each.
 *
 * Up to a day of a session is read from its facts, anything longer, or denser
 * than MAX_FACTS, from its roll-ups: a page costs what it shows. Buckets lie
 * on multiples of their width, so they stay where they are while time goes on.
 */
#include "core/clock.h"
#include "server/http/readers.h"
#include "server/views/page.h"
#include "server/views/views.h"

#include <stddef.h>
#include <stdlib.h>

#define MAX_POINTS 5000
#define DEFAULT_POINTS 600
#define DAY_NS (INT64_C(86400) * CLOCK_NS_PER_S)
#define MAX_FACTS 50000
/* Agents' clocks may be wrong by centuries; a chart need not show that, and
 * the numbers of its buckets stay far from the ends of an int64_t. */
#define MAX_SPAN_NS (100 * 365 * DAY_NS)

struct column_set {
    struct store_bucket *rows;
    size_t count, max;
    int64_t width_ns;
    int64_t facts; /* of a first look at the quarters */
};

static int add_bucket(void *ctx, const struct store_bucket *row)
{
    struct column_set *c = ctx;

    if (c->count == c->max)
        return 0;
    c->rows[c->count++] = *row;
    return 1;
}

static int count_facts(void *ctx, const struct store_rollup *row)
{
    struct column_set *c = ctx;

    c->facts += row->observations;
    return 1;
}

static void write_value(struct jsonw *w, bool known, double v)
{
    if (known)
        jsonw_number(w, NULL, v);
    else
        jsonw_null(w, NULL);
}

static void write_band(const struct column_set *c, struct jsonw *w,
                       const char *key, size_t offset)
{
    static const char *const names[] = {"min", "avg", "max"};
    size_t i, k;

    jsonw_object(w, key);
    for (k = 0; k < 3; k++) {
        jsonw_array(w, names[k]);
        for (i = 0; i < c->count; i++) {
            const char *at = (const char *)&c->rows[i] + offset;
            const struct store_band *b = (const void *)at;
            const double values[] = {b->min, b->avg, b->max};

            write_value(w, b->known, values[k]);
        }
        jsonw_array_end(w);
    }
    jsonw_object_end(w);
}

static void write_series(const struct column_set *c, int64_t from_ns,
                         int64_t to_ns, struct jsonw *w)
{
    size_t i;

    jsonw_object(w, NULL);
    jsonw_time(w, "from", from_ns ? from_ns : 1); /* 0 would be no time */
    jsonw_time(w, "to", to_ns);
    jsonw_int(w, "bucket_ms", c->width_ns / CLOCK_NS_PER_MS);
    jsonw_array(w, "t_ms");
    for (i = 0; i < c->count; i++)
        jsonw_int(w, NULL, c->rows[i].number * (c->width_ns / CLOCK_NS_PER_MS));
    jsonw_array_end(w);
    jsonw_array(w, "count");
    for (i = 0; i < c->count; i++)
        jsonw_int(w, NULL, c->rows[i].count);
    jsonw_array_end(w);
    jsonw_array(w, "not_scored");
    for (i = 0; i < c->count; i++)
        jsonw_int(w, NULL, c->rows[i].not_scored);
    jsonw_array_end(w);
    jsonw_array(w, "not_judged");
    for (i = 0; i < c->count; i++)
        jsonw_int(w, NULL, c->rows[i].not_judged);
    jsonw_array_end(w);
    write_band(c, w, "productivity",
               offsetof(struct store_bucket, productivity));
    write_band(c, w, "anomaly", offsetof(struct store_bucket, anomaly));
    write_band(c, w, "activity", offsetof(struct store_bucket, activity));
    jsonw_object_end(w);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* How many buckets of a width the range touches. */
static int64_t touched(int64_t from_ns, int64_t to_ns, int64_t width_ns)
{
    return floor_div(to_ns - 1, width_ns) - floor_div(from_ns, width_ns) + 1;
}

/* The least width, on a grid people know, that needs no more than max_points;
 * for quarters a multiple of theirs. */
static int64_t width_for(int64_t from_ns, int64_t to_ns, int64_t max_points,
                         bool quarters)
{
    static const int64_t grid_ms[] = {
        1,       10,      100,     1000,     2000,     5000,     10000,
        15000,   30000,   60000,   120000,   300000,   600000,   900000,
        1800000, 3600000, 7200000, 10800000, 21600000, 43200000, 86400000};
    int64_t least_ns = quarters ? STORE_QUARTER_NS : CLOCK_NS_PER_MS;
    int64_t width_ns = DAY_NS;
    size_t i;

    for (i = 0; i < sizeof(grid_ms) / sizeof(grid_ms[0]); i++) {
        width_ns = grid_ms[i] * CLOCK_NS_PER_MS;
        if (width_ns >= least_ns && width_ns % least_ns == 0 &&
            touched(from_ns, to_ns, width_ns) <= max_points)
            return width_ns;
    }
    while (touched(from_ns, to_ns, width_ns) > max_points &&
           width_ns < INT64_MAX / 4)
        width_ns *= 2;
    return width_ns;
}

/* Absent ends are the session's own. WS_NOTFOUND: it has no metrics. */
static enum err find_span(struct store *s, int64_t id, int64_t *from_ns,
                          int64_t *to_ns)
{
    int64_t first_ns = 0, last_ns = 0;
    enum err e;

    if (*from_ns != INT64_MIN && *to_ns != INT64_MAX)
        return WS_OK;
    e = store_views_extent(s, id, &first_ns, &last_ns);
    if (e && e != WS_NOTFOUND)
        return e;
    if (*from_ns == INT64_MIN)
        *from_ns = first_ns < *to_ns ? first_ns : *to_ns - 1;
    if (*to_ns == INT64_MAX)
        *to_ns = last_ns >= *from_ns ? last_ns + 1 : *from_ns + 1;
    return WS_OK;
}

/* A range that is given is bounded; one that follows from the data is cut at
 * its far end. False: answered. */
static bool bound_span(struct page *page, int64_t *from_ns, int64_t to_ns)
{
    int64_t span_ns;

    if (!__builtin_sub_overflow(to_ns, *from_ns, &span_ns) &&
        span_ns <= MAX_SPAN_NS)
        return true;
    if (page->from_ns == INT64_MIN) {
        *from_ns = to_ns - MAX_SPAN_NS;
        return true;
    }
    page_problem(page, "from",
                 "is more than 100 years before the end of the range; use a "
                 "later time");
    return !page_refused(page);
}

static enum err fill(struct store *s, int64_t id, struct column_set *c,
                     int64_t *from_ns, int64_t *to_ns, bool ends_given)
{
    bool quarters = *to_ns - *from_ns > DAY_NS;
    int64_t end_ns;
    enum err e;

    if (!quarters) {
        e = store_views_quarters(s, id, floor_div(*from_ns, STORE_QUARTER_NS),
                                 floor_div(*to_ns - 1, STORE_QUARTER_NS) + 1,
                                 count_facts, c);
        if (e)
            return e;
        quarters = c->facts > MAX_FACTS;
    }
    c->width_ns = width_for(*from_ns, *to_ns, (int64_t)c->max, quarters);
    if (!ends_given &&
        !__builtin_mul_overflow(floor_div(*to_ns - 1, c->width_ns) + 1,
                                c->width_ns, &end_ns))
        *to_ns = end_ns;
    if (!quarters)
        return store_views_buckets(s, id, *from_ns, *to_ns, c->width_ns,
                                   add_bucket, c);
    *from_ns = floor_div(*from_ns, STORE_QUARTER_NS) * STORE_QUARTER_NS;
    *to_ns = (floor_div(*to_ns - 1, STORE_QUARTER_NS) + 1) * STORE_QUARTER_NS;
    return store_views_spans(s, id, *from_ns / STORE_QUARTER_NS,
                             *to_ns / STORE_QUARTER_NS,
                             c->width_ns / STORE_QUARTER_NS, add_bucket, c);
}

void views_series(struct exchange *x)
{
    static const char *const known[] = {"from", "to", "max_points", NULL};
    struct store *s = readers_context();
    struct store_scope scope = page_scope(x);
    struct column_set c = {.count = 0};
    OWN_FREE struct store_bucket *rows = NULL;
    int64_t id = exchange_path_id(x), from_ns, to_ns;
    struct buf b = BUF_EMPTY;
    struct page page;
    struct jsonw w;
    enum err e;

    page_begin(&page, x, known);
    page_read_range(&page);
    c.max = (size_t)page_read_int(&page, "max_points", 1, MAX_POINTS,
                                  DEFAULT_POINTS);
    if (page_refused(&page))
        return;
    from_ns = page.from_ns;
    to_ns = page.to_ns;
    rows = calloc(c.max, sizeof(*rows));
    c.rows = rows;
    e = rows ? store_views_may_see(s, &scope, id) : WS_NOMEM;
    if (!e)
        e = find_span(s, id, &from_ns, &to_ns);
    if (!e && !bound_span(&page, &from_ns, to_ns))
        return;
    if (!e)
        e = fill(s, id, &c, &from_ns, &to_ns, page.to_ns != INT64_MAX);
    if (e) {
        page_fail(x, e);
        return;
    }
    jsonw_init(&w, &b);
    write_series(&c, from_ns, to_ns, &w);
    page_reply(x, &b);
}
