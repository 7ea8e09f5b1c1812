/* store_mysql_rollups.c - figures that are added up beside the facts, and
 * heartbeats: rows that one statement inserts or adds to, sorted by key.
 *
 * MySQL sets the columns of an update from left to right, each from what the
 * ones before it became: conditions read columns that are set after them.
 */
#include "server/store/store_mysql.h"

#define FIGURES                                                                \
    "observations, scored, judged, normal, suspicious, critical, partial,"     \
    " failed,"                                                                 \
    " screenshots, screenshot_bytes, recordings, recording_bytes, events,"     \
    " productivity_sum, productivity_min, productivity_max,"                   \
    " anomaly_sum, anomaly_min, anomaly_max) VALUES "
#define ROW "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define PLUS(name) #name " = " #name " + VALUES(" #name "),"
#define LEAST(name)                                                            \
#name " = least(ifnull(" #name ", VALUES(" #name                           \
          ")), ifnull(VALUES(" #name "), " #name "))"
#define MOST(name)                                                             \
#name " = greatest(ifnull(" #name ", VALUES(" #name                        \
          ")), ifnull(VALUES(" #name "), " #name "))"
#define MERGE                                                                  \
    " ON DUPLICATE KEY UPDATE " PLUS(observations) PLUS(scored) PLUS(judged)   \
        PLUS(normal) PLUS(suspicious) PLUS(critical) PLUS(partial)             \
            PLUS(failed) PLUS(screenshots) PLUS(screenshot_bytes)              \
                PLUS(recordings) PLUS(recording_bytes) PLUS(events)            \
                    PLUS(productivity_sum) LEAST(productivity_min) "," MOST(   \
                        productivity_max) "," PLUS(anomaly_sum)                \
                        LEAST(anomaly_min) "," MOST(anomaly_max)

static const struct store_db_many session_rows = {
    "INSERT INTO rollup (session_id, quarter, " FIGURES, ROW, MERGE};
static const struct store_db_many fleet_rows = {
    "INSERT INTO fleet_rollup (quarter, shard, " FIGURES, ROW, MERGE};

/* Most rows are of metrics alone, all of them scored and judged. Nothing is
 * added to the columns that stay 0, and no extreme is NULL: a statement of 64
 * sessions takes half the time. */
#define METRICS_ROW "(?,?,?,?,?,?,?,?,?,?,0,0,0,0,0,?,?,?,?,?,?)"
#define EXTREME(of, name)                                                      \
#name " = " #of "(ifnull(" #name ", VALUES(" #name ")), VALUES(" #name "))"
#define METRICS_MERGE                                                          \
    " ON DUPLICATE KEY UPDATE " PLUS(observations) PLUS(scored) PLUS(judged)   \
        PLUS(normal) PLUS(suspicious) PLUS(critical) PLUS(partial) PLUS(       \
            failed) PLUS(productivity_sum)                                     \
            EXTREME(least, productivity_min) "," EXTREME(                      \
                greatest, productivity_max) "," PLUS(anomaly_sum)              \
                EXTREME(least, anomaly_min) "," EXTREME(greatest, anomaly_max)

static const struct store_db_many session_metrics = {
    "INSERT INTO rollup (session_id, quarter, " FIGURES, METRICS_ROW,
    METRICS_MERGE};
static const struct store_db_many fleet_metrics = {
    "INSERT INTO fleet_rollup (quarter, shard, " FIGURES, METRICS_ROW,
    METRICS_MERGE};

#define STATS                                                                  \
    "INSERT INTO session_stat (session_id, metrics, screenshots, recordings,"  \
    " events, on_time, last_metric_at, last_screenshot_at, last_received_at)"  \
    " VALUES "
#define LATEST(name) #name " = greatest(" #name ", VALUES(" #name "))"

static const struct store_db_many stat_rows = {
    STATS, "(?,?,?,?,?,?,?,?,?)",
    " ON DUPLICATE KEY UPDATE " PLUS(metrics) PLUS(screenshots) PLUS(recordings)
        PLUS(events) PLUS(on_time) LATEST(last_metric_at) "," LATEST(
            last_screenshot_at) "," LATEST(last_received_at)};
static const struct store_db_many stat_metrics = {
    STATS, "(?,?,0,0,0,?,?,0,?)",
    " ON DUPLICATE KEY UPDATE " PLUS(metrics) PLUS(on_time)
        LATEST(last_metric_at) "," LATEST(last_received_at)};

/* A heartbeat is taken when it is not older; its queue when it says a head. */
#define NEWER "VALUES(last_seen) >= last_seen"
#define SAID NEWER " AND VALUES(head_seq) > 0"
static const struct store_db_many heartbeat_rows = {
    "INSERT INTO heartbeat (session_id, last_seen, head_seq, head_at, pending,"
    " health) VALUES ",
    "(?,?,?,?,?,?)",
    " ON DUPLICATE KEY UPDATE"
    " head_seq = if(" SAID ", VALUES(head_seq), head_seq),"
    " head_at = if(" SAID ", VALUES(head_at), head_at),"
    " pending = if(" SAID ", VALUES(pending), pending),"
    " health = if(" NEWER ", ifnull(VALUES(health), health), health),"
    " last_seen = greatest(last_seen, VALUES(last_seen))"};

static void bind_extreme(struct db_stmt *q, int64_t of, double v)
{
    if (of)
        db_bind_number(q, v);
    else
        db_bind_null(q);
}

static void bind_figures(struct db_stmt *q, const struct store_rollup *r,
                         bool metrics)
{
    const int64_t counts[] = {
        r->observations, r->scored,           r->judged,     r->normal,
        r->suspicious,   r->critical,         r->partial,    r->failed,
        r->screenshots,  r->screenshot_bytes, r->recordings, r->recording_bytes,
        r->events};
    const size_t all = sizeof counts / sizeof *counts, of_metrics = 8;

    for (size_t i = 0; i < (metrics ? of_metrics : all); i++)
        db_bind_int(q, counts[i]);
    db_bind_number(q, r->productivity_sum);
    bind_extreme(q, r->scored, r->productivity_min);
    bind_extreme(q, r->scored, r->productivity_max);
    db_bind_number(q, r->anomaly_sum);
    bind_extreme(q, r->judged, r->anomaly_min);
    bind_extreme(q, r->judged, r->anomaly_max);
}

static bool only_metrics(const struct store_rollup *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!rows[i].scored || !rows[i].judged || rows[i].screenshots ||
            rows[i].recordings || rows[i].events)
            return false;
    return true;
}

/* The two numbers that a row of figures is found by. */
static void bind_key(struct db_stmt *q, const int64_t *shard,
                     const struct store_rollup *r)
{
    db_bind_int(q, shard ? r->quarter : r->session_id);
    db_bind_int(q, shard ? *shard : r->quarter);
}

/* shard: of the fleet's; NULL: of sessions. */
static enum err add(struct store *s, const int64_t *shard,
                    const struct store_rollup *rows, size_t count)
{
    size_t n;

    for (size_t from = 0; from < count; from += n) {
        const struct store_rollup *r = rows + from;
        const struct store_db_many *sql;
        struct db_stmt *q;
        bool metrics;
        enum err e;

        n = store_mysql_db_take(store_db_conn(s), count - from);
        metrics = only_metrics(r, n);
        if (shard)
            sql = metrics ? &fleet_metrics : &fleet_rows;
        else
            sql = metrics ? &session_metrics : &session_rows;
        e = store_mysql_db_rows(store_db_conn(s), sql, n, &q);
        if (e)
            return e;
        for (size_t i = 0; i < n; i++) {
            bind_key(q, shard, &r[i]);
            bind_figures(q, &r[i], metrics);
        }
        e = db_run(q);
        if (e)
            return e;
    }
    return WS_OK;
}

enum err store_mysql_rollups_add(struct store *s,
                                 const struct store_rollup *rows, size_t count)
{
    return add(s, NULL, rows, count);
}

enum err store_mysql_rollups_add_fleet(struct store *s, int64_t shard,
                                       const struct store_rollup *rows,
                                       size_t count)
{
    return add(s, &shard, rows, count);
}

static bool stats_of_metrics(const struct store_stat *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].screenshots || rows[i].recordings || rows[i].events)
            return false;
    return true;
}

static void bind_stat(struct db_stmt *q, const struct store_stat *r,
                      bool metrics)
{
    db_bind_int(q, r->session_id);
    db_bind_int(q, r->metrics);
    if (!metrics) {
        db_bind_int(q, r->screenshots);
        db_bind_int(q, r->recordings);
        db_bind_int(q, r->events);
    }
    db_bind_int(q, r->on_time);
    db_bind_int(q, r->last_metric_ns);
    if (!metrics)
        db_bind_int(q, r->last_screenshot_ns);
    db_bind_int(q, r->last_received_ns);
}

enum err store_mysql_rollups_add_stats(struct store *s,
                                       const struct store_stat *rows,
                                       size_t count)
{
    size_t n;

    for (size_t from = 0; from < count; from += n) {
        bool metrics;
        struct db_stmt *q;
        enum err e;

        n = store_mysql_db_take(store_db_conn(s), count - from);
        metrics = stats_of_metrics(rows + from, n);
        e = store_mysql_db_rows(store_db_conn(s),
                                metrics ? &stat_metrics : &stat_rows, n, &q);
        if (e)
            return e;
        for (size_t i = from; i < from + n; i++)
            bind_stat(q, &rows[i], metrics);
        e = db_run(q);
        if (e)
            return e;
    }
    return WS_OK;
}

static void bind_heartbeat(struct db_stmt *q, const struct store_heartbeat *r)
{
    db_bind_int(q, r->session_id);
    db_bind_int(q, r->last_seen_ns);
    db_bind_int(q, r->head_seq);
    db_bind_int(q, r->head_seq ? r->last_seen_ns : 0);
    db_bind_int(q, r->pending);
    db_bind_text(q, r->health);
}

enum err store_mysql_rollups_put_heartbeats(struct store *s,
                                            const struct store_heartbeat *rows,
                                            size_t count)
{
    size_t n;

    for (size_t from = 0; from < count; from += n) {
        struct db_stmt *q;
        enum err e;

        n = store_mysql_db_take(store_db_conn(s), count - from);
        e = store_mysql_db_rows(store_db_conn(s), &heartbeat_rows, n, &q);
        if (e)
            return e;
        for (size_t i = from; i < from + n; i++)
            bind_heartbeat(q, &rows[i]);
        e = db_run(q);
        if (e)
            return e;
    }
    return WS_OK;
}
