/* The promises of days.h, and of the end of days, over every backend of the
 * build's list. */
#include "server/retention/days.h"
#include "server/server.h"
#include "server/store/store_backends.h"
#include "server/store/store_days.h"
#include "server/store/store_db.h"
#include "server/store/store_facts.h"
#include "server/store/store_views.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TEXT_OF(name) #name,
static const char *const backends[] = {STORE_BACKENDS(TEXT_OF)};
#define BACKENDS (sizeof backends / sizeof *backends)

#define QUARTERS STORE_DAY_QUARTERS
#define DAY_NS (QUARTERS * STORE_QUARTER_NS)
#define TODAY INT64_C(20000)
#define PAST ((TODAY - 2) * QUARTERS)

static const struct settings settings = {
    .keep_pictures_ms = INT64_C(7) * 86400000,
    .keep_recordings_ms = INT64_C(7) * 86400000,
    .keep_metrics_ms = INT64_C(90) * 86400000,
    .keep_rollups_ms = INT64_C(396) * 86400000 + 3600000,
    .keep_audit_ms = INT64_C(365) * 86400000};

static int writes;

static enum err write_here(void *ctx, enum err (*fn)(struct store *s, void *),
                           void *arg)
{
    struct store *s = ctx;
    enum err e = store_begin(s);

    writes++;
    if (!e)
        e = fn(s, arg);
    return e ? e : store_commit(s);
}

static struct sweep sweep_of(struct made *m, int64_t day)
{
    return (struct sweep){.settings = &settings,
                          .reader = m->store,
                          .now_ns = day * DAY_NS + DAY_NS / 2,
                          .write = write_here,
                          .ctx = m->store};
}

/* How many sessions were summed. */
static int run(struct made *m, int64_t day)
{
    struct sweep w = sweep_of(m, day);

    writes = 0;
    assert_int_equal(days_run(&w), WS_OK);
    return writes;
}

static int64_t upto(struct made *m, int64_t session_id)
{
    int64_t day;

    assert_int_equal(store_days_upto(m->store, session_id, &day), WS_OK);
    return day;
}

/* Metrics of a session in the first quarters of a day; `late`: of them. */
static void put(struct made *m, int64_t session_id, int64_t day, int64_t count,
                int64_t late)
{
    struct store_rollup r = {.session_id = session_id,
                             .quarter = day * QUARTERS,
                             .observations = count};
    struct store_stat stat = {.session_id = session_id,
                              .metrics = count,
                              .on_time = count - late,
                              .last_metric_ns = day * DAY_NS};

    assert_int_equal(store_begin(m->store), WS_OK);
    assert_int_equal(store_facts_add_rollups(m->store, &r, 1), WS_OK);
    assert_int_equal(store_facts_add_stats(m->store, &stat, 1), WS_OK);
    assert_int_equal(store_commit(m->store), WS_OK);
}

static void test_days_of_long_sessions_alone_are_summed(void **state)
{
    struct made *m = *state;

    for (int64_t id = 1; id <= 2 * STORE_DAYS_PAGE; id += 300)
        made_session(m->store, id);
    made_session(m->store, 2);
    put(m, 2, TODAY - 9, DAYS_LEAST_METRICS - 1, 0);
    for (int64_t id = 1; id <= 2 * STORE_DAYS_PAGE; id += 300)
        put(m, id, TODAY - 9, DAYS_LEAST_METRICS, 0);
    assert_int_equal(run(m, TODAY), 4);
    assert_int_equal(upto(m, 1), PAST);
    assert_int_equal(upto(m, 901), PAST);
    assert_int_equal(upto(m, 2), 0);
    put(m, 2, TODAY - 8, 1, 0);
    assert_int_equal(run(m, TODAY), 1);
    assert_int_equal(upto(m, 2), PAST);
}

static void test_days_are_summed_again_when_something_was_added(void **state)
{
    struct made *m = *state;

    made_session(m->store, 1);
    put(m, 1, TODAY - 9, DAYS_LEAST_METRICS, 0);
    assert_int_equal(run(m, TODAY), 1);
    assert_int_equal(run(m, TODAY), 0);
    put(m, 1, TODAY, 5, 0);
    assert_int_equal(run(m, TODAY), 0);
    put(m, 1, TODAY - 20, 5, 5);
    assert_int_equal(upto(m, 1), 0);
    assert_int_equal(run(m, TODAY), 1);
    assert_int_equal(upto(m, 1), PAST);
    assert_int_equal(run(m, TODAY + 1), 1); /* another day is over */
    assert_int_equal(run(m, TODAY + 9), 1);
    assert_int_equal(run(m, TODAY + 30), 0); /* it has no more */
    assert_int_equal(upto(m, 1), PAST + 9 * QUARTERS);
}

static int64_t metrics_of(struct made *m);

static void test_days_of_a_clock_that_was_ahead_are_brought_back(void **state)
{
    struct made *m = *state;

    made_session(m->store, 1);
    put(m, 1, TODAY, DAYS_LEAST_METRICS, 0);
    assert_int_equal(run(m, TODAY + 30), 1);
    put(m, 1, TODAY, 7, 0); /* on time, yet summed already */
    assert_int_equal(run(m, TODAY), 1);
    assert_int_equal(upto(m, 1), PAST);
    assert_int_equal(metrics_of(m), DAYS_LEAST_METRICS + 7);
    assert_int_equal(run(m, TODAY + 5), 1);
    assert_int_equal(metrics_of(m), DAYS_LEAST_METRICS + 7);
}

/* --- their end --- */

static int add(void *ctx, const struct store_bucket *row)
{
    *(int64_t *)ctx += row->count;
    return 1;
}

/* By days, where they are summed. */
static int64_t metrics_of(struct made *m)
{
    int64_t n = 0;

    assert_int_equal(store_views_spans(m->store, 1, 0, (TODAY + 9) * QUARTERS,
                                       QUARTERS, add, &n),
                     WS_OK);
    return n;
}

static int64_t rows_of(struct made *m, const char *sql)
{
    struct db_stmt *q;
    int64_t n;

    assert_int_equal(db_stmt(store_db_conn(m->store), sql, &q), WS_OK);
    assert_int_equal(db_step(q), WS_OK);
    n = db_int(q, 0);
    db_reset(q);
    return n;
}

static int64_t days_of(struct made *m)
{
    return rows_of(m, "SELECT count(*) FROM rollup_day");
}

static int64_t sweep(struct made *m, bool dry_run)
{
    struct sweep w = sweep_of(m, TODAY);

    w.dry_run = dry_run;
    assert_int_equal(sweep_run(&w), WS_OK);
    return w.counts[SWEEP_ROLLUPS].rows;
}

static void test_days_go_with_their_quarters(void **state)
{
    struct made *m = *state;

    made_session(m->store, 1);
    put(m, 1, TODAY - 396, DAYS_LEAST_METRICS, 0); /* not yet all of it */
    put(m, 1, TODAY - 397, 2, 0);
    put(m, 1, TODAY - 403, 3, 0);
    put(m, 1, TODAY - 3, 4, 0);
    assert_int_equal(run(m, TODAY), 1);
    assert_int_equal(days_of(m), 4);
    assert_int_equal(sweep(m, true), 4);
    assert_int_equal(sweep(m, false), 4);
    assert_int_equal(days_of(m), 2);
    assert_int_equal(upto(m, 1), PAST);
    assert_int_equal(metrics_of(m), DAYS_LEAST_METRICS + 4);
    assert_int_equal(sweep(m, false), 0);
}

static void test_days_go_when_an_older_server_took_their_quarters(void **state)
{
    struct made *m = *state;

    made_session(m->store, 1);
    put(m, 1, TODAY - 400, DAYS_LEAST_METRICS, 0);
    assert_int_equal(run(m, TODAY), 1);
    assert_int_equal(db_exec(store_db_conn(m->store), "DELETE FROM rollup"),
                     WS_OK);
    assert_int_equal(days_of(m), 1);
    assert_int_equal(sweep(m, false), 1);
    assert_int_equal(days_of(m), 0);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_days_of_long_sessions_alone_are_summed),
        TEST(test_days_are_summed_again_when_something_was_added),
        TEST(test_days_of_a_clock_that_was_ahead_are_brought_back),
        TEST(test_days_go_with_their_quarters),
        TEST(test_days_go_when_an_older_server_took_their_quarters),
    };
    int failed = 0;

    for (size_t i = 0; i < BACKENDS; i++) {
        if (!made_use(backends[i]))
            continue;
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
