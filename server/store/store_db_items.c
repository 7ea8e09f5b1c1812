/* Metrics and pictures of a session as people see them. */
#include "server/store/store_db.h"
#include "server/store/store_views_backend.h"

#define METRIC                                                                 \
    "SELECT id, session_id, coalesce(seq, 0), at, received_at, source_type, "  \
    "label, pipeline, scored, judged, productivity, anomaly, source_ref, "     \
    "feature_version, \"key\", ocr_text_hash, error_code, error_message, "     \
    "payload "                                                                 \
    "FROM metric "
#define SCREENSHOT                                                             \
    "SELECT id, session_id, coalesce(seq, 0), at, received_at, bytes, width, " \
    "height, format, output, tier, masks, \"blob\", thumbnail, sha256, "       \
    "coalesce((SELECT m.id FROM metric m WHERE m.session_id=s.session_id AND " \
    "m.at=s.at ORDER BY m.session_id, m.at, m.id LIMIT 1), 0) "                \
    "FROM screenshot s "
#define LEFT                                                                   \
    "WHERE session_id=?1 AND at>=?2 AND at<?3 AND at<=?4 "                     \
    "AND (at<?4 OR id<?5) ORDER BY at DESC, id DESC"
#define RANGE LEFT STORE_DB_LIMIT
/* Looks are short, and a day has 8,640 of them: more a statement. */
#define LOOKS_PAGE 1024
#define LOOKS_RANGE LEFT " LIMIT 1024" /* LOOKS_PAGE */

static void bind_range(struct db_stmt *q, const struct store_range *r)
{
    db_bind_int(q, r->session_id);
    db_bind_int(q, r->from_ns);
    db_bind_int(q, r->to_ns);
    db_bind_int(q, r->before_ns);
    db_bind_int(q, r->before_id);
}

/* How far a page came. */
struct page {
    size_t rows;
    int64_t last_ns, last_id;
    bool stopped;
};

static enum err walk_metrics(struct db_stmt *q, struct page *p,
                             int (*each)(void *ctx,
                                         const struct store_metric_view *row),
                             void *ctx)
{
    enum err e;

    for (*p = (struct page){0}; (e = db_step(q)) == WS_OK; p->rows++) {
        struct store_metric_view row = {
            .id = db_int(q, 0),
            .session_id = db_int(q, 1),
            .seq = db_int(q, 2),
            .at_ns = db_int(q, 3),
            .received_ns = db_int(q, 4),
            .source_type = (enum fact_source)db_int(q, 5),
            .label = (enum fact_label)db_int(q, 6),
            .pipeline = (enum fact_pipeline)db_int(q, 7),
            .scored = db_int(q, 8) != 0,
            .judged = db_int(q, 9) != 0,
            .productivity = db_number(q, 10),
            .anomaly = db_number(q, 11),
            .source_ref = db_text(q, 12),
            .feature_version = db_text(q, 13),
            .key = db_text(q, 14),
            .ocr_text_hash = db_text(q, 15),
            .error_code = db_text(q, 16),
            .error_message = db_text(q, 17),
        };

        row.payload = db_blob(q, 18, &row.payload_len);
        p->last_ns = row.at_ns;
        p->last_id = row.id;
        p->stopped = !each(ctx, &row);
        if (p->stopped)
            break;
    }
    db_reset(q);
    return e;
}

static enum err
metrics(struct store *s, const struct store_range *range,
        int (*each)(void *ctx, const struct store_metric_view *row), void *ctx)
{
    struct store_range left = *range;
    struct page p;

    do {
        struct db_stmt *q;
        enum err e = db_stmt(store_db_conn(s), METRIC RANGE, &q);

        if (e)
            return e;
        bind_range(q, &left);
        e = walk_metrics(q, &p, each, ctx);
        if (e && e != WS_NOTFOUND)
            return e;
        left.before_ns = p.last_ns;
        left.before_id = p.last_id;
    } while (!p.stopped && p.rows == STORE_DB_PAGE);
    return WS_OK;
}

/* each stops the walk itself, so WS_OK means that a row was there. */
struct once {
    void *row_ctx;
    int (*metric)(void *ctx, const struct store_metric_view *row);
    int (*screenshot)(void *ctx, const struct store_screenshot_view *row);
};

static int once_metric(void *ctx, const struct store_metric_view *row)
{
    struct once *o = ctx;

    (void)o->metric(o->row_ctx, row);
    return 0;
}

static int once_screenshot(void *ctx, const struct store_screenshot_view *row)
{
    struct once *o = ctx;

    (void)o->screenshot(o->row_ctx, row);
    return 0;
}

static enum err
metric(struct store *s, int64_t id,
       int (*each)(void *ctx, const struct store_metric_view *row), void *ctx)
{
    struct once once = {.row_ctx = ctx, .metric = each};
    struct db_stmt *q;
    struct page p;
    enum err e = db_stmt(store_db_conn(s), METRIC "WHERE id=?", &q);

    if (e)
        return e;
    db_bind_int(q, id);
    return walk_metrics(q, &p, once_metric, &once);
}

/* One page; *more: there may be another, from left on. */
static enum err
page_of_looks(struct store *s, struct store_range *left, bool *more,
              int (*each)(void *ctx, const struct store_look_view *row),
              void *ctx)
{
    struct db_stmt *q;
    size_t rows = 0;
    enum err e =
        db_stmt(store_db_conn(s),
                "SELECT id, at, told, category FROM metric " LOOKS_RANGE, &q);

    if (e)
        return e;
    bind_range(q, left);
    for (*more = true; *more && (e = db_step(q)) == WS_OK; rows++) {
        struct store_look_view row = {
            .id = db_int(q, 0),
            .at_ns = db_int(q, 1),
            .told = db_int(q, 2) != 0,
            .category = db_text(q, 3),
        };

        left->before_ns = row.at_ns;
        left->before_id = row.id;
        *more = each(ctx, &row);
    }
    db_reset(q);
    *more = *more && rows == LOOKS_PAGE;
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err looks(struct store *s, const struct store_range *range,
                      int (*each)(void *ctx, const struct store_look_view *row),
                      void *ctx)
{
    struct store_range left = *range;
    bool more = true;
    enum err e = WS_OK;

    while (more && !e)
        e = page_of_looks(s, &left, &more, each, ctx);
    return e;
}

static enum err screenshot_at(struct store *s, int64_t session_id,
                              int64_t at_ns, int64_t *id)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT id FROM screenshot WHERE session_id=? AND "
                         "at=? LIMIT 1",
                         &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, at_ns);
    e = db_step(q);
    if (e && e != WS_NOTFOUND)
        return e;
    *id = e ? 0 : db_int(q, 0);
    db_reset(q);
    return WS_OK;
}

static enum err extent(struct store *s, int64_t session_id, int64_t *first_ns,
                       int64_t *last_ns)
{
    struct db_stmt *q;
    bool none;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT (SELECT min(at) FROM metric WHERE "
                         "session_id=?1), (SELECT max(at) FROM metric WHERE "
                         "session_id=?1)",
                         &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    e = db_step(q);
    if (e)
        return e;
    none = db_is_null(q, 0);
    if (!none) {
        *first_ns = db_int(q, 0);
        *last_ns = db_int(q, 1);
    }
    db_reset(q);
    return none ? WS_NOTFOUND : WS_OK;
}

static struct store_band band(struct db_stmt *q, int from)
{
    if (db_is_null(q, from))
        return (struct store_band){.known = false};
    return (struct store_band){
        .known = true,
        .min = db_number(q, from),
        .avg = db_number(q, from + 1),
        .max = db_number(q, from + 2),
    };
}

/* What is not scored, or not judged, is NULL here, and aggregates pass NULL by;
 * so is an activity that is no number. Rows of older servers (told=0) have it
 * in the payload alone: two parts, so that the other one needs nothing but the
 * index metric_day. */
#define PARTS_OF(value, name)                                                  \
    "min(" value ") AS " name "_min, sum(" value ") AS " name                  \
    "_sum, count(" value ") AS " name "_n, max(" value ") AS " name "_max"
#define PART(number, activity, told)                                           \
    "SELECT " number " AS n, count(*) AS c, sum(NOT scored) AS u, "            \
    "sum(NOT judged) AS j, " PARTS_OF(                                         \
        "CASE WHEN scored THEN productivity END",                              \
        "p") ", " PARTS_OF("CASE WHEN judged THEN anomaly END",                \
                           "a") ", " PARTS_OF(activity,                        \
                                              "v") " FROM metric WHERE "       \
                                                   "session_id=?2 AND at>=?3 " \
                                                   "AND at<?4 AND told=" told  \
                                                   " GROUP BY 1"
#define WHOLE(name)                                                            \
    "min(" name "_min), sum(" name "_sum)/sum(" name "_n), max(" name "_max)"
#define BUCKETS(number, activity)                                              \
    "SELECT n, sum(c), sum(u), sum(j), " WHOLE("p") ", " WHOLE(                \
        "a") ", " WHOLE("v") " FROM (" PART(number, "activity",                \
                                            "1") " UNION ALL " PART(number,    \
                                                                    activity,  \
                                                                    "0") ") "  \
                                                                         "AS " \
                                                                         "par" \
                                                                         "ts " \
                                                                         "GRO" \
                                                                         "UP " \
                                                                         "BY " \
                                                                         "n "  \
                                                                         "ORD" \
                                                                         "ER " \
                                                                         "BY " \
                                                                         "n"

static const char *const buckets_sql[STORE_DIALECTS] = {
    [STORE_SQLITE] =
        BUCKETS("at/?1", "CASE WHEN json_type(CAST(payload AS TEXT), "
                         "'$.features.activity') IN ('integer', 'real') THEN "
                         "json_extract(CAST(payload AS TEXT), "
                         "'$.features.activity') END"),
    [STORE_MYSQL] =
        BUCKETS("at DIV ?1",
                "CASE WHEN json_type(json_extract(convert(payload USING "
                "utf8mb4), '$.features.activity')) IN ('INTEGER', "
                "'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') THEN 0e0 + "
                "json_unquote(json_extract(convert(payload USING utf8mb4), "
                "'$.features.activity')) END"),
};

static enum err buckets(struct store *s, int64_t session_id, int64_t from_ns,
                        int64_t to_ns, int64_t width_ns,
                        int (*each)(void *ctx, const struct store_bucket *row),
                        void *ctx)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), store_db_sql(s, buckets_sql), &q);

    if (e)
        return e;
    db_bind_int(q, width_ns);
    db_bind_int(q, session_id);
    db_bind_int(q, from_ns);
    db_bind_int(q, to_ns);
    while ((e = db_step(q)) == WS_OK) {
        struct store_bucket row = {
            .number = db_int(q, 0),
            .count = db_int(q, 1),
            .not_scored = db_int(q, 2),
            .not_judged = db_int(q, 3),
            .productivity = band(q, 4),
            .anomaly = band(q, 7),
            .activity = band(q, 10),
        };

        if (!each(ctx, &row))
            break;
    }
    db_reset(q);
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err walk_screenshots(
    struct db_stmt *q, struct page *p,
    int (*each)(void *ctx, const struct store_screenshot_view *row), void *ctx)
{
    enum err e;

    for (*p = (struct page){0}; (e = db_step(q)) == WS_OK; p->rows++) {
        size_t len;
        struct store_screenshot_view row = {
            .id = db_int(q, 0),
            .session_id = db_int(q, 1),
            .seq = db_int(q, 2),
            .at_ns = db_int(q, 3),
            .received_ns = db_int(q, 4),
            .bytes = db_int(q, 5),
            .width_px = db_int(q, 6),
            .height_px = db_int(q, 7),
            .format = (enum fact_format)db_int(q, 8),
            .output = db_text(q, 9),
            .tier = db_int(q, 10),
            .masks = db_int(q, 11),
            .blob = db_text(q, 12),
            .thumbnail = db_text(q, 13),
            .sha256 = db_blob(q, 14, &len),
            .metric_id = db_int(q, 15),
        };

        p->last_ns = row.at_ns;
        p->last_id = row.id;
        p->stopped = !each(ctx, &row);
        if (p->stopped)
            break;
    }
    db_reset(q);
    return e;
}

static enum err
screenshots(struct store *s, const struct store_range *range,
            int (*each)(void *ctx, const struct store_screenshot_view *row),
            void *ctx)
{
    struct store_range left = *range;
    struct page p;

    do {
        struct db_stmt *q;
        enum err e = db_stmt(store_db_conn(s), SCREENSHOT RANGE, &q);

        if (e)
            return e;
        bind_range(q, &left);
        e = walk_screenshots(q, &p, each, ctx);
        if (e && e != WS_NOTFOUND)
            return e;
        left.before_ns = p.last_ns;
        left.before_id = p.last_id;
    } while (!p.stopped && p.rows == STORE_DB_PAGE);
    return WS_OK;
}

static enum err screenshot(struct store *s, int64_t id,
                           int (*each)(void *ctx,
                                       const struct store_screenshot_view *row),
                           void *ctx)
{
    struct once once = {.row_ctx = ctx, .screenshot = each};
    struct db_stmt *q;
    struct page p;
    enum err e = db_stmt(store_db_conn(s), SCREENSHOT "WHERE id=?", &q);

    if (e)
        return e;
    db_bind_int(q, id);
    return walk_screenshots(q, &p, once_screenshot, &once);
}

const struct store_items_ops store_db_items = {
    .metrics = metrics,
    .metric = metric,
    .looks = looks,
    .screenshot_at = screenshot_at,
    .extent = extent,
    .buckets = buckets,
    .screenshots = screenshots,
    .screenshot = screenshot,
};
