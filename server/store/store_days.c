#include "server/store/store_days.h"

#include "server/store/store_db_run.h"

#define DAY_NS (STORE_DAY_QUARTERS * STORE_QUARTER_NS)
#define ON_TIME_DAYS 1 /* the day itself and the next one */
/* One day more, for clocks apart and the time until a metric is committed. */
#define PAST_DAYS (ON_TIME_DAYS + 1)

bool store_days_on_time(int64_t at_ns, int64_t received_ns)
{
    return at_ns / DAY_NS >= received_ns / DAY_NS - ON_TIME_DAYS;
}

int64_t store_days_past(int64_t now_ns)
{
    return (now_ns / DAY_NS - PAST_DAYS) * STORE_DAY_QUARTERS;
}

#define KNOWN                                                                  \
    "SELECT t.session_id, t.metrics, t.metrics - t.on_time, "                  \
    "t.last_metric_at, coalesce(d.upto, 0), coalesce(d.late, 0) "              \
    "FROM session_stat t LEFT JOIN rollup_day_upto d "                         \
    "ON d.session_id=t.session_id "

_Static_assert(STORE_DAYS_PAGE == 512, "the limit of store_days_read()");

static void read_known(struct db_stmt *q, void *row)
{
    *(struct store_days *)row = (struct store_days){
        .session_id = db_int(q, 0),
        .metrics = db_int(q, 1),
        .late = db_int(q, 2),
        .last_metric_ns = db_int(q, 3),
        .upto = db_int(q, 4),
        .late_then = db_int(q, 5),
    };
}

enum err store_days_read(struct store *s, int64_t after_session,
                         struct store_days *out, size_t *count)
{
    const struct store_db_rows rows = {.read = read_known,
                                       .list = out,
                                       .row_bytes = sizeof *out,
                                       .max = STORE_DAYS_PAGE,
                                       .count = count};

    return store_db_run_list(s,
                             KNOWN "WHERE t.session_id > ? "
                                   "ORDER BY t.session_id LIMIT 512",
                             STORE_DB_VALUES(INT(after_session)), &rows);
}

static enum err read_one(struct store *s, int64_t session_id,
                         struct store_days *out)
{
    struct db_stmt *q;
    enum err e = store_db_run_first(s, KNOWN "WHERE t.session_id=?",
                                    STORE_DB_VALUES(INT(session_id)), &q);

    if (e)
        return e;
    read_known(q, out);
    db_reset(q);
    return WS_OK;
}

/* From here on another server waits for this one. */
static enum err keep(struct store *s, const struct store_days *d, int64_t upto)
{
    enum err e =
        store_db_run(s, "DELETE FROM rollup_day_upto WHERE session_id=?",
                     STORE_DB_VALUES(INT(d->session_id)));

    if (e)
        return e;
    return store_db_run(
        s,
        "INSERT INTO rollup_day_upto (session_id, upto, late) "
        "VALUES (?,?,?)",
        STORE_DB_VALUES(INT(d->session_id), INT(upto), INT(d->late)));
}

/* A quarter is one bit of its half of the day. */
static const char sum_sql[] =
    "INSERT INTO rollup_day (session_id, quarter, observations, scored, "
    "judged, productivity_sum, productivity_min, productivity_max, "
    "anomaly_sum, anomaly_min, anomaly_max, observed_am, observed_pm) "
    "SELECT session_id, quarter - quarter % 96, sum(observations), "
    "sum(scored), sum(judged), sum(productivity_sum), min(productivity_min), "
    "max(productivity_max), sum(anomaly_sum), min(anomaly_min), "
    "max(anomaly_max), "
    "sum(CASE WHEN quarter % 96 < 48 THEN 1 << quarter % 96 ELSE 0 END), "
    "sum(CASE WHEN quarter % 96 < 48 THEN 0 ELSE 1 << quarter % 96 - 48 END) "
    "FROM rollup WHERE session_id=? AND quarter>=? AND quarter<? AND "
    "observations>0 GROUP BY session_id, quarter - quarter % 96";

_Static_assert(STORE_DAY_QUARTERS == 96, "the halves of sum_sql");

enum err store_days_sum(struct store *s, int64_t session_id, int64_t upto)
{
    struct store_days d;
    int64_t from;
    enum err e = read_one(s, session_id, &d);

    if (e)
        return e;
    from = d.late == d.late_then ? d.upto : 0;
    e = keep(s, &d, upto);
    if (!e)
        e = store_db_run(
            s,
            "DELETE FROM rollup_day WHERE session_id=? AND quarter>=? "
            "AND quarter<?",
            STORE_DB_VALUES(INT(session_id), INT(from), INT(upto)));
    if (e)
        return e;
    return store_db_run(s, sum_sql,
                        STORE_DB_VALUES(INT(session_id), INT(from), INT(upto)));
}

enum err store_days_upto(struct store *s, int64_t session_id, int64_t *upto)
{
    struct store_days d;
    enum err e = read_one(s, session_id, &d);

    if (e && e != WS_NOTFOUND)
        return e;
    *upto = !e && d.late == d.late_then ? d.upto : 0;
    return WS_OK;
}
