/* store_sqlite_rollups.c - figures that are added up beside the facts.
 *
 * A minimum or maximum over nothing is NULL in the table and an infinity on
 * the way in, which SQLite's min() and max() of two values cannot take: hence
 * the ifnull()s.
 */
#include "server/store/store_sqlite_parts.h"

#define FIGURES                                                                \
    "observations, scored, judged, normal, suspicious, critical, partial, "    \
    "failed,"                                                                  \
    " screenshots, screenshot_bytes, recordings, recording_bytes, events,"     \
    " productivity_sum, productivity_min, productivity_max,"                   \
    " anomaly_sum, anomaly_min, anomaly_max"
#define VALUES "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define PLUS(name) #name " = " #name " + excluded." #name ","
#define LEAST(name)                                                            \
#name " = min(ifnull(" #name ", excluded." #name                           \
          "), ifnull(excluded." #name ", " #name "))"
#define MOST(name)                                                             \
#name " = max(ifnull(" #name ", excluded." #name                           \
          "), ifnull(excluded." #name ", " #name "))"
#define MERGE                                                                  \
    " DO UPDATE SET " PLUS(observations) PLUS(scored) PLUS(judged)             \
        PLUS(normal) PLUS(suspicious) PLUS(critical) PLUS(partial)             \
            PLUS(failed) PLUS(screenshots) PLUS(screenshot_bytes)              \
                PLUS(recordings) PLUS(recording_bytes) PLUS(events)            \
                    PLUS(productivity_sum) LEAST(productivity_min) "," MOST(   \
                        productivity_max) "," PLUS(anomaly_sum)                \
                        LEAST(anomaly_min) "," MOST(anomaly_max)

static void bind_extreme(struct db_stmt *q, int64_t of, double v)
{
    if (of)
        db_bind_number(q, v);
    else
        db_bind_null(q);
}

static void bind_figures(struct db_stmt *q, const struct store_rollup *r)
{
    const int64_t counts[] = {
        r->observations, r->scored,           r->judged,     r->normal,
        r->suspicious,   r->critical,         r->partial,    r->failed,
        r->screenshots,  r->screenshot_bytes, r->recordings, r->recording_bytes,
        r->events};

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        db_bind_int(q, counts[i]);
    db_bind_number(q, r->productivity_sum);
    bind_extreme(q, r->scored, r->productivity_min);
    bind_extreme(q, r->scored, r->productivity_max);
    db_bind_number(q, r->anomaly_sum);
    bind_extreme(q, r->judged, r->anomaly_min);
    bind_extreme(q, r->judged, r->anomaly_max);
}

enum err store_sqlite_rollups_add(struct store *s,
                                  const struct store_rollup *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct db_stmt *q;
        enum err e =
            db_stmt(store_db_conn(s),
                    "INSERT INTO rollup (session_id, quarter, " FIGURES
                    ") " VALUES " ON CONFLICT (session_id, quarter)" MERGE,
                    &q);

        if (e)
            return e;
        db_bind_int(q, rows[i].session_id);
        db_bind_int(q, rows[i].quarter);
        bind_figures(q, &rows[i]);
        e = db_run(q);
        if (e)
            return e;
    }
    return WS_OK;
}

enum err store_sqlite_rollups_add_fleet(struct store *s, int64_t shard,
                                        const struct store_rollup *rows,
                                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct db_stmt *q;
        enum err e =
            db_stmt(store_db_conn(s),
                    "INSERT INTO fleet_rollup (quarter, shard, " FIGURES
                    ") " VALUES " ON CONFLICT (quarter, shard)" MERGE,
                    &q);

        if (e)
            return e;
        db_bind_int(q, rows[i].quarter);
        db_bind_int(q, shard);
        bind_figures(q, &rows[i]);
        e = db_run(q);
        if (e)
            return e;
    }
    return WS_OK;
}

enum err store_sqlite_rollups_add_stats(struct store *s,
                                        const struct store_stat *rows,
                                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct store_stat *r = &rows[i];
        struct db_stmt *q;
        enum err e = db_stmt(
            store_db_conn(s),
            "UPDATE session_stat SET metrics = metrics + ?,"
            " screenshots = screenshots + ?, recordings = recordings + ?,"
            " events = events + ?, on_time = on_time + ?,"
            " last_metric_at = max(last_metric_at, ?),"
            " last_screenshot_at = max(last_screenshot_at, ?),"
            " last_received_at = max(last_received_at, ?)"
            " WHERE session_id = ?",
            &q);

        if (e)
            return e;
        db_bind_int(q, r->metrics);
        db_bind_int(q, r->screenshots);
        db_bind_int(q, r->recordings);
        db_bind_int(q, r->events);
        db_bind_int(q, r->on_time);
        db_bind_int(q, r->last_metric_ns);
        db_bind_int(q, r->last_screenshot_ns);
        db_bind_int(q, r->last_received_ns);
        db_bind_int(q, r->session_id);
        e = db_run(q);
        if (e)
            return e;
    }
    return WS_OK;
}
