/* One session's quarters and days as people see them.
 *
 * A stretch is up to three pieces: quarters up to the first whole day, the days
 * that are summed (store_days.h), and quarters again. A bucket may have some of
 * each.
 */
#include "server/store/store_days.h"
#include "server/store/store_db.h"
#include "server/store/store_views_backend.h"

#define PIECES 3
#define HALF (STORE_DAY_QUARTERS / 2)

struct piece {
    int64_t first, end; /* quarters */
    bool days;
};

/* Only days from 1970 on are summed. */
static enum err cut(struct store *s, int64_t session_id, int64_t first,
                    int64_t end, struct piece out[PIECES])
{
    int64_t before = first > 0 ? first + STORE_DAY_QUARTERS - 1 : 0;
    int64_t from = before - before % STORE_DAY_QUARTERS;
    int64_t to = end - end % STORE_DAY_QUARTERS, upto = 0;
    enum err e = from < to ? store_days_upto(s, session_id, &upto) : WS_OK;

    if (to > upto)
        to = upto;
    if (from >= to)
        from = to = end;
    out[0] = (struct piece){first, from, false};
    out[1] = (struct piece){from, to, true};
    out[2] = (struct piece){to, end, false};
    return e;
}

static enum err begin(struct store *s, const char *sql, int64_t session_id,
                      const struct piece *p, struct db_stmt **q)
{
    enum err e = db_stmt(store_db_conn(s), sql, q);

    if (e)
        return e;
    db_bind_int(*q, session_id);
    db_bind_int(*q, p->first);
    db_bind_int(*q, p->end);
    return WS_OK;
}

#define RANGE "WHERE session_id=?1 AND quarter>=?2 AND quarter<?3 "

static enum err quarters(struct store *s, int64_t session_id, int64_t first,
                         int64_t end,
                         int (*each)(void *ctx, const struct store_rollup *row),
                         void *ctx)
{
    struct db_stmt *q;
    enum err e = begin(s,
                       "SELECT quarter, " STORE_DB_FIGURES " FROM rollup " RANGE
                       "ORDER BY quarter",
                       session_id, &(struct piece){first, end, false}, &q);

    return e ? e : store_db_views_walk(q, session_id, each, ctx);
}

/* --- buckets --- */

/* What entered a band so far. */
struct sums {
    int64_t count;
    double min, sum, max;
};

struct spans {
    struct store_bucket bucket;
    struct sums productivity, anomaly;
    int (*each)(void *ctx, const struct store_bucket *row);
    void *ctx;
    bool stopped;
};

#define SPANS(number, table)                                                   \
    "SELECT " number ", sum(observations), sum(scored), "                      \
    "min(productivity_min), sum(productivity_sum), max(productivity_max), "    \
    "sum(judged), min(anomaly_min), sum(anomaly_sum), max(anomaly_max) "       \
    "FROM " table " " RANGE "AND observations>0 GROUP BY 1 ORDER BY 1"

static void add(struct sums *to, struct db_stmt *q, int from)
{
    int64_t count = db_int(q, from);
    double min = db_number(q, from + 1), max = db_number(q, from + 3);

    if (count == 0)
        return;
    if (!to->count || min < to->min)
        to->min = min;
    if (!to->count || max > to->max)
        to->max = max;
    to->sum += db_number(q, from + 2);
    to->count += count;
}

static struct store_band band_of(const struct sums *s)
{
    if (s->count == 0)
        return (struct store_band){.known = false};
    return (struct store_band){.known = true,
                               .min = s->min,
                               .avg = s->sum / (double)s->count,
                               .max = s->max};
}

/* Hand over the bucket, if there is one, and begin another. */
static void end_bucket(struct spans *w, int64_t number)
{
    struct store_bucket *b = &w->bucket;

    if (b->count) {
        b->not_scored = b->count - w->productivity.count;
        b->not_judged = b->count - w->anomaly.count;
        b->productivity = band_of(&w->productivity);
        b->anomaly = band_of(&w->anomaly);
        w->stopped = !w->each(w->ctx, b);
    }
    *b = (struct store_bucket){.number = number};
    w->productivity = w->anomaly = (struct sums){0};
}

static enum err walk_spans(struct spans *w, struct db_stmt *q)
{
    enum err e = WS_OK;

    while (!w->stopped && !(e = db_step(q))) {
        int64_t number = db_int(q, 0);

        if (number != w->bucket.number)
            end_bucket(w, number);
        w->bucket.count += db_int(q, 1);
        add(&w->productivity, q, 2);
        add(&w->anomaly, q, 6);
    }
    db_reset(q);
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err spans(struct store *s, int64_t session_id, int64_t first,
                      int64_t end, int64_t quarters,
                      int (*each)(void *ctx, const struct store_bucket *row),
                      void *ctx)
{
    static const char *const sql[][STORE_DIALECTS] = {
        {[STORE_SQLITE] = SPANS("quarter/?4", "rollup"),
         [STORE_MYSQL] = SPANS("quarter DIV ?4", "rollup")},
        {[STORE_SQLITE] = SPANS("quarter/?4", "rollup_day"),
         [STORE_MYSQL] = SPANS("quarter DIV ?4", "rollup_day")},
    };
    struct piece pieces[PIECES] = {{first, end, false}};
    struct spans w = {.each = each, .ctx = ctx};
    enum err e = WS_OK;

    if (quarters % STORE_DAY_QUARTERS == 0)
        e = cut(s, session_id, first, end, pieces);
    for (const struct piece *p = pieces; !e && p < pieces + PIECES; p++) {
        struct db_stmt *q;

        if (p->first >= p->end)
            continue;
        e = begin(s, store_db_sql(s, sql[p->days]), session_id, p, &q);
        if (e)
            return e;
        db_bind_int(q, quarters);
        e = walk_spans(&w, q);
    }
    if (!e && !w.stopped)
        end_bucket(&w, 0);
    return e;
}

/* --- which quarters --- */

/* The bits of half a day. False: stopped. */
static bool tell_half(int64_t quarter, int64_t bits,
                      int (*each)(void *ctx, int64_t quarter), void *ctx)
{
    for (int i = 0; i < HALF; i++)
        if (bits >> i & 1 && !each(ctx, quarter + i))
            return false;
    return true;
}

static enum err observed(struct store *s, int64_t session_id, int64_t first,
                         int64_t end, int (*each)(void *ctx, int64_t quarter),
                         void *ctx)
{
    static const char *const sql[] = {
        "SELECT quarter, 1, 0 FROM rollup " RANGE
        "AND observations>0 ORDER BY quarter",
        "SELECT quarter, observed_am, observed_pm FROM rollup_day " RANGE
        "ORDER BY quarter",
    };
    struct piece pieces[PIECES];
    bool go_on = true;
    enum err e = cut(s, session_id, first, end, pieces);

    for (const struct piece *p = pieces; !e && p < pieces + PIECES; p++) {
        struct db_stmt *q;

        if (p->first >= p->end)
            continue;
        e = begin(s, sql[p->days], session_id, p, &q);
        while (go_on && !e && !(e = db_step(q)))
            go_on = tell_half(db_int(q, 0), db_int(q, 1), each, ctx) &&
                    tell_half(db_int(q, 0) + HALF, db_int(q, 2), each, ctx);
        if (e && e != WS_NOTFOUND)
            return e;
        db_reset(q);
        e = WS_OK;
    }
    return e;
}

const struct store_rollups_ops store_db_rollups = {
    .quarters = quarters,
    .spans = spans,
    .observed = observed,
};
