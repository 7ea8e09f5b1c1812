/* The promises of store_days.h, over every backend of the build's list: a
 * stretch is told the same by days as by quarters, whatever came when. */
#include "server/commit/commit_tally.h"
#include "server/store/store_backends.h"
#include "server/store/store_days.h"
#include "server/store/store_db.h"
#include "server/store/store_views.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_OF(name) #name,
static const char *const backends[] = {STORE_BACKENDS(TEXT_OF)};
#define BACKENDS (sizeof backends / sizeof *backends)

#define QUARTERS STORE_DAY_QUARTERS
#define DAY_NS (QUARTERS * STORE_QUARTER_NS)
#define FIRST_DAY INT64_C(20000)
#define DAYS 70 /* that the tests are about */
#define FIRST (FIRST_DAY * QUARTERS)
#define ALL (DAYS * QUARTERS)

static uint64_t seed = 20261122;

/* At least 0, less than n. */
static int64_t dice(int64_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((seed >> 33) % (uint64_t)n);
}

/* --- metrics, as they are delivered --- */

struct arrival {
    int64_t at_ns, received_ns;
    bool older; /* to a server that does not know days */
};

static struct fact metric_of(const struct arrival *a)
{
    struct fact f = made_metric(1, 1, "k", "{}");

    f.at_ns = a->at_ns;
    f.received_ns = a->received_ns;
    f.metric.scored = dice(4) > 0;
    f.metric.judged = dice(4) > 0;
    f.metric.productivity = (double)dice(800) / 8; /* adds up to the last bit */
    f.metric.anomaly = (double)dice(64) / 64;
    return f;
}

/* In a transaction. */
static void deliver(struct store *s, const struct arrival *a)
{
    struct fact f = metric_of(a);
    struct commit_tally t;

    assert_int_equal(commit_tally_open(&t, 1), WS_OK);
    commit_tally_add(&t, &f);
    commit_tally_finish(&t);
    if (a->older)
        t.stats[0].on_time = 0;
    assert_int_equal(store_facts_add_rollups(s, t.rollups, 1), WS_OK);
    assert_int_equal(store_facts_add_stats(s, t.stats, 1), WS_OK);
    commit_tally_close(&t);
}

static void put(struct store *s, const struct arrival *a)
{
    assert_int_equal(store_begin(s), WS_OK);
    deliver(s, a);
    assert_int_equal(store_commit(s), WS_OK);
}

static int64_t time_of(int64_t day, int64_t of_day)
{
    return (FIRST_DAY + day) * DAY_NS + of_day;
}

/* A metric of each of some days, on time. */
static void put_days(struct store *s, int64_t count)
{
    for (int64_t day = 0; day < count; day++) {
        int64_t at_ns = time_of(day, dice(DAY_NS));

        put(s, &(struct arrival){at_ns, at_ns + 1, false});
    }
}

static void sum(struct store *s, int64_t now_ns)
{
    assert_int_equal(store_begin(s), WS_OK);
    assert_int_equal(store_days_sum(s, 1, store_days_past(now_ns)), WS_OK);
    assert_int_equal(store_commit(s), WS_OK);
}

static int64_t upto(struct store *s)
{
    int64_t day;

    assert_int_equal(store_days_upto(s, 1, &day), WS_OK);
    return day;
}

/* --- what the quarters say --- */

struct told {
    struct store_rollup quarters[ALL];
    struct store_bucket buckets[ALL];
    int64_t observed[ALL];
    size_t bucket_count, observed_count;
};
static struct told want, got;

static int meet_quarter(void *ctx, const struct store_rollup *row)
{
    struct told *t = ctx;

    t->quarters[row->quarter - FIRST] = *row;
    return 1;
}

static void widen(struct store_band *b, bool any, double min, double sum,
                  double max)
{
    if (!any)
        return;
    b->min = b->known && b->min < min ? b->min : min;
    b->max = b->known && b->max > max ? b->max : max;
    b->avg += sum;
    b->known = true;
}

static void add_up(struct told *t, int64_t first, int64_t end, int64_t width)
{
    struct store_bucket *b = t->buckets - 1;
    int64_t last = -1, scored = 0, judged = 0;

    for (int64_t q = first; q <= end; q++) {
        const struct store_rollup *r = &t->quarters[q < end ? q - FIRST : 0];
        bool over = q == end;

        if (!over && !r->observations)
            continue;
        if ((over || q / width != last) && last >= 0) {
            b->not_scored = b->count - scored;
            b->not_judged = b->count - judged;
            b->productivity.avg /= scored ? (double)scored : 1;
            b->anomaly.avg /= judged ? (double)judged : 1;
        }
        if (over)
            break;
        t->observed[t->observed_count++] = q;
        if (q / width != last) {
            *++b = (struct store_bucket){.number = last = q / width};
            t->bucket_count++;
            scored = judged = 0;
        }
        b->count += r->observations;
        scored += r->scored;
        judged += r->judged;
        widen(&b->productivity, r->scored, r->productivity_min,
              r->productivity_sum, r->productivity_max);
        widen(&b->anomaly, r->judged, r->anomaly_min, r->anomaly_sum,
              r->anomaly_max);
    }
}

/* --- what is told --- */

static int meet_bucket(void *ctx, const struct store_bucket *row)
{
    struct told *t = ctx;

    t->buckets[t->bucket_count++] = *row;
    return 1;
}

static int meet_observed(void *ctx, int64_t quarter)
{
    struct told *t = ctx;

    t->observed[t->observed_count++] = quarter;
    return 1;
}

static void same_band(const struct store_band *a, const struct store_band *b)
{
    assert_int_equal(a->known, b->known);
    if (a->known)
        assert_true(a->min == b->min && a->avg == b->avg && a->max == b->max);
}

static void same(const struct told *a, const struct told *b)
{
    assert_int_equal(a->bucket_count, b->bucket_count);
    for (size_t i = 0; i < a->bucket_count; i++) {
        const struct store_bucket *x = &a->buckets[i], *y = &b->buckets[i];

        assert_int_equal(x->number, y->number);
        assert_int_equal(x->count, y->count);
        assert_int_equal(x->not_scored, y->not_scored);
        assert_int_equal(x->not_judged, y->not_judged);
        same_band(&x->productivity, &y->productivity);
        same_band(&x->anomaly, &y->anomaly);
    }
    assert_int_equal(a->observed_count, b->observed_count);
    assert_memory_equal(a->observed, b->observed,
                        a->observed_count * sizeof *a->observed);
}

static void check(struct store *s, int64_t first, int64_t end, int64_t width)
{
    memset(&want, 0, sizeof want);
    memset(&got, 0, sizeof got);
    assert_int_equal(
        store_views_quarters(s, 1, first, end, meet_quarter, &want), WS_OK);
    add_up(&want, first, end, width);
    assert_int_equal(
        store_views_spans(s, 1, first, end, width, meet_bucket, &got), WS_OK);
    assert_int_equal(
        store_views_observed(s, 1, first, end, meet_observed, &got), WS_OK);
    same(&want, &got);
}

/* All of it, and some stretches of it. */
static void check_all(struct store *s)
{
    static const int64_t widths[] = {1, 4, 96, 2 * 96, 7 * 96, 100 * 96};

    check(s, FIRST, FIRST + ALL, 96);
    for (int i = 0; i < 8; i++) {
        int64_t first = FIRST + dice(ALL), end = first + 1 + dice(ALL);

        if (end > FIRST + ALL)
            end = FIRST + ALL;
        check(s, first, end, widths[dice(6)]);
    }
}

/* --- the promises --- */

static void test_store_days_tell_what_quarters_tell_whatever_comes(void **st)
{
    struct made *m = *st;
    int by_days = 0, not_by_days = 0;

    made_session(m->store, 1);
    for (int64_t day = 3; day < DAYS; day += 1 + dice(4)) {
        int64_t now_ns = time_of(day, dice(DAY_NS));

        for (int64_t i = dice(40); i > 0; i--) {
            int64_t ago = dice(5) ? dice(2) : dice(day + 1);
            int64_t at_ns = time_of(day - ago, dice(DAY_NS));

            put(m->store, &(struct arrival){at_ns, now_ns, dice(40) == 0});
        }
        check_all(m->store);
        *(upto(m->store) ? &by_days : &not_by_days) += 1;
        if (dice(3))
            sum(m->store, now_ns);
        check_all(m->store);
        *(upto(m->store) ? &by_days : &not_by_days) += 1;
    }
    assert_true(by_days > 5 && not_by_days > 5);
}

/* Days that say what no quarter says, so that it shows who is asked. */
static void falsify(struct store *s)
{
    assert_int_equal(
        db_exec(store_db_conn(s), "UPDATE rollup_day SET observations = 1000"),
        WS_OK);
}

static int64_t count_all(struct store *s, int64_t width)
{
    int64_t n = 0;

    memset(&got, 0, sizeof got);
    assert_int_equal(
        store_views_spans(s, 1, FIRST, FIRST + ALL, width, meet_bucket, &got),
        WS_OK);
    for (size_t i = 0; i < got.bucket_count; i++)
        n += got.buckets[i].count;
    return n;
}

static void test_store_days_are_read_in_place_of_quarters(void **state)
{
    struct made *m = *state;

    made_session(m->store, 1);
    put_days(m->store, 12);
    assert_int_equal(upto(m->store), 0);
    sum(m->store, time_of(12, 0)); /* the last two can still grow */
    assert_int_equal(upto(m->store), FIRST + 10 * QUARTERS);
    falsify(m->store);
    assert_int_equal(count_all(m->store, QUARTERS), 10 * 1000 + 2);
    assert_int_equal(count_all(m->store, 8 * QUARTERS), 10 * 1000 + 2);
    assert_int_equal(count_all(m->store, 4), 12);
}

static void test_store_days_that_grew_are_left_until_summed_again(void **state)
{
    static const struct arrival late[] = {
        {.at_ns = (FIRST_DAY + 3) * DAY_NS,
         .received_ns = (FIRST_DAY + 12) * DAY_NS},
        {.at_ns = (FIRST_DAY + 12) * DAY_NS,
         .received_ns = (FIRST_DAY + 12) * DAY_NS,
         .older = true}, /* what came on time to an older server may be late */
    };

    struct made *m = *state;

    made_session(m->store, 1);
    put_days(m->store, 12);
    for (int i = 0; i < 2; i++) {
        sum(m->store, time_of(12, 0));
        falsify(m->store);
        put(m->store, &late[i]);
        assert_int_equal(upto(m->store), 0);
        assert_int_equal(count_all(m->store, QUARTERS), 13 + i);
        sum(m->store, time_of(12, 0));
        assert_int_equal(upto(m->store), FIRST + 10 * QUARTERS);
        assert_int_equal(count_all(m->store, QUARTERS), 13 + i);
    }
}

static void test_store_days_summed_are_left_by_what_comes_on_time(void **state)
{
    struct made *m = *state;

    made_session(m->store, 1);
    put_days(m->store, 12);
    sum(m->store, time_of(12, 0));
    falsify(m->store);
    put(m->store, &(struct arrival){time_of(11, 5), time_of(12, 7), false});
    put(m->store, &(struct arrival){time_of(60, 5), time_of(12, 7), false});
    sum(m->store, time_of(14, 0)); /* two days more */
    assert_int_equal(upto(m->store), FIRST + 12 * QUARTERS);
    assert_int_equal(count_all(m->store, QUARTERS), 10 * 1000 + 2 + 2);
}

static void test_store_days_on_time_is_never_past_a_day_later(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now_ns = time_of(dice(DAYS), dice(DAY_NS));
        int64_t at_ns = now_ns - dice(3 * DAY_NS);
        int64_t past = store_days_past(now_ns + DAY_NS);

        if (store_days_on_time(at_ns, now_ns))
            assert_true(at_ns >= past * STORE_QUARTER_NS);
        else
            assert_true(at_ns < now_ns - DAY_NS);
    }
    assert_true(store_days_on_time(time_of(4, 0), time_of(5, DAY_NS - 1)));
    assert_false(store_days_on_time(time_of(4, 0) - 1, time_of(5, 0)));
}

/* A year whose days are not the agent's: its clock says 1970. */
static void test_store_days_before_all_others_are_days_as_well(void **state)
{
    struct made *m = *state;

    made_session(m->store, 1);
    put(m->store, &(struct arrival){0, time_of(0, 0), false});
    put(m->store, &(struct arrival){-DAY_NS - 5, time_of(0, 0), false});
    sum(m->store, time_of(12, 0));
    memset(&got, 0, sizeof got);
    assert_int_equal(store_views_observed(m->store, 1, -9 * QUARTERS, ALL,
                                          meet_observed, &got),
                     WS_OK);
    assert_int_equal(got.observed_count, 2);
    assert_int_equal(got.observed[0], -QUARTERS - 1);
    assert_int_equal(got.observed[1], 0);
}

/* --- several connections --- */

static struct store *open_other(struct made *m)
{
    struct store *other;

    assert_int_equal(store_open(&other, m->address, 0), WS_OK);
    assert_int_equal(
        db_exec(store_db_conn(other), "SET SESSION innodb_lock_wait_timeout=1"),
        WS_OK);
    return other;
}

static const struct arrival late_one = {.at_ns = (FIRST_DAY + 3) * DAY_NS,
                                        .received_ns =
                                            (FIRST_DAY + 12) * DAY_NS};

static void test_store_days_see_what_is_committed_after_the_sum(void **state)
{
    struct made *m = *state;
    OWN(store_close)
    struct store *other = open_other(m);

    made_session(m->store, 1);
    put_days(m->store, 12);
    assert_int_equal(store_begin(other), WS_OK);
    deliver(other, &late_one);
    sum(m->store, time_of(12, 0));
    assert_int_equal(upto(m->store), FIRST + 10 * QUARTERS);
    check_all(m->store);
    assert_int_equal(store_commit(other), WS_OK);
    assert_int_equal(upto(m->store), 0);
    check_all(m->store);
}

static void test_store_days_see_what_is_committed_during_the_sum(void **state)
{
    struct made *m = *state;
    OWN(store_close)
    struct store *other = open_other(m);

    made_session(m->store, 1);
    put_days(m->store, 12);
    assert_int_equal(store_begin(m->store), WS_OK);
    assert_int_equal(
        store_days_sum(m->store, 1, store_days_past(time_of(12, 0))), WS_OK);
    put(other, &late_one); /* nobody who delivers waits for it */
    assert_int_equal(store_commit(m->store), WS_OK);
    assert_int_equal(upto(m->store), 0);
    check_all(m->store);
}

static void test_store_days_summed_by_two_servers_one_waits(void **state)
{
    struct made *m = *state;
    OWN(store_close)
    struct store *other = open_other(m);

    made_session(m->store, 1);
    put_days(m->store, 12);
    for (int64_t day = 12; day < 14; day++) { /* the first time, and later */
        int64_t past = store_days_past(time_of(day, 0));

        assert_int_equal(store_begin(m->store), WS_OK);
        assert_int_equal(store_days_sum(m->store, 1, past), WS_OK);
        assert_int_equal(store_begin(other), WS_OK);
        assert_int_equal(store_days_sum(other, 1, past), WS_AGAIN);
        store_rollback(other);
        assert_int_equal(store_commit(m->store), WS_OK);
        sum(other, time_of(day, 0));
        assert_int_equal(upto(m->store), past);
        check_all(m->store);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_store_days_tell_what_quarters_tell_whatever_comes),
        TEST(test_store_days_are_read_in_place_of_quarters),
        TEST(test_store_days_that_grew_are_left_until_summed_again),
        TEST(test_store_days_summed_are_left_by_what_comes_on_time),
        TEST(test_store_days_on_time_is_never_past_a_day_later),
        TEST(test_store_days_before_all_others_are_days_as_well),
    };
    const struct CMUnitTest of_several[] = {
        TEST(test_store_days_see_what_is_committed_after_the_sum),
        TEST(test_store_days_see_what_is_committed_during_the_sum),
        TEST(test_store_days_summed_by_two_servers_one_waits),
    };
    int failed = 0;

    for (size_t i = 0; i < BACKENDS; i++) {
        if (!made_use(backends[i]))
            continue;
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
        if (strcmp(backends[i], "sqlite") != 0) /* has one writer */
            failed += cmocka_run_group_tests_name("several writers", of_several,
                                                  NULL, NULL);
    }
    return failed;
}
