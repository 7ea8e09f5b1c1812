/* The contract of store_ledger.h, over every backend of the build's list: runs
 * of seqs against a model of one byte a seq. */
#include "server/store/store.h"
#include "server/store/store_backends.h"
#include "server/store/store_facts.h"
#include "server/store/store_ledger.h"
#include "server/store/store_retention.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_OF(name) #name,
static const char *const backends[] = {STORE_BACKENDS(TEXT_OF)};
#define BACKENDS (sizeof backends / sizeof *backends)

static void begin(struct store *s)
{
    assert_int_equal(store_begin(s), WS_OK);
}

static void commit(struct store *s)
{
    assert_int_equal(store_commit(s), WS_OK);
}

#define MODEL 200
enum { ABSENT, DELIVERED, BURIED };

static void check_against_model(struct store *s, const char *model)
{
    struct store_run runs[MODEL];
    char seen[MODEL + 2] = {0};
    struct store_ledger l;
    int64_t delivered = 0, buried = 0;
    size_t n;

    assert_int_equal(store_ledger_delivered(s, 1, 1, MODEL, runs, MODEL, &n),
                     WS_OK);
    for (size_t i = 0; i < n; i++) {
        assert_true(runs[i].first <= runs[i].last);
        if (i) /* joined: never neighbours */
            assert_true(runs[i].first > runs[i - 1].last + 1);
        for (int64_t q = runs[i].first; q <= runs[i].last; q++)
            seen[q] = DELIVERED;
    }
    assert_int_equal(store_ledger_buried(s, 1, 0, runs, MODEL, &n), WS_OK);
    for (size_t i = 0; i < n; i++)
        for (int64_t q = runs[i].first; q <= runs[i].last; q++) {
            assert_int_equal(seen[q], ABSENT);
            seen[q] = BURIED;
        }
    assert_memory_equal(seen, model, MODEL + 1);
    for (int q = 1; q <= MODEL; q++) {
        delivered += model[q] == DELIVERED;
        buried += model[q] == BURIED;
    }
    assert_int_equal(store_ledger_read(s, 1, &l), WS_OK);
    assert_int_equal(l.accepted, delivered);
    assert_int_equal(l.buried, buried);
    assert_int_equal(l.queued, l.recorded - delivered - buried);
    for (int64_t q = 1, known = 0; q <= MODEL + 1; q++) {
        int64_t count = -1;

        assert_int_equal(store_ledger_known(s, 1, q, &count), WS_OK);
        assert_int_equal(count, known);
        known += q <= MODEL && model[q] != ABSENT;
    }
}

/* Deliver the parts of runs in order that are not delivered, all at once, as
 * the plan does. */
static void deliver_new(struct store *s, char *model,
                        const struct store_run *wanted, size_t count)
{
    struct store_run runs[MODEL];
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        for (int64_t q = wanted[i].first; q <= wanted[i].last; q++) {
            if (model[q] == DELIVERED)
                continue;
            model[q] = DELIVERED;
            if (n && runs[n - 1].last == q - 1)
                runs[n - 1].last = q;
            else
                runs[n++] = (struct store_run){q, q};
        }
    assert_int_equal(store_ledger_deliver(s, 1, runs, n), WS_OK);
}

static void test_store_ledger_equals_a_model_under_random_runs(void **state)
{
    struct made *m = *state;
    char model[MODEL + 2] = {0};

    made_session(m->store, 1);
    model[1] = DELIVERED;
    srand(20261122);
    for (int i = 0; i < 600; i++) {
        int from = rand() % MODEL + 1, to = from + rand() % 6;
        struct store_run run = {from, to > MODEL ? MODEL : to};

        if (i % 200 == 0 && i) { /* and again from nothing but seq 1 */
            store_close(TAKE(m->store));
            assert_int_equal(store_open(&m->store, m->address, 0), WS_OK);
        }
        begin(m->store);
        if (rand() % 2) {
            /* one run, or every other seq of some, as two lanes do */
            struct store_run lane[MODEL / 2];
            size_t n = rand() % 3 ? 0 : (size_t)(rand() % 40);

            lane[0] = run;
            for (size_t k = 1; k <= n && run.last + 2 * (int64_t)k <= MODEL;
                 k++)
                lane[k] = (struct store_run){run.last + 2 * (int64_t)k,
                                             run.last + 2 * (int64_t)k};
            while (n && run.last + 2 * (int64_t)n > MODEL)
                n--;
            deliver_new(m->store, model, lane, n + 1);
        } else {
            /* two runs, in any order, that may overlap */
            int other = rand() % (MODEL - 2) + 1;
            struct store_run runs[] = {run, {other, other + 2}};

            assert_int_equal(
                store_ledger_bury(m->store, 1,
                                  rand() % 2 ? "evicted" : "dead_letter", runs,
                                  2, 0),
                WS_OK);
            for (int r = 0; r < 2; r++)
                for (int64_t q = runs[r].first; q <= runs[r].last; q++)
                    if (model[q] == ABSENT)
                        model[q] = BURIED;
        }
        commit(m->store);
        if (i % 20 == 0)
            check_against_model(m->store, model);
    }
    check_against_model(m->store, model);
}

#define LANE 100

/* Deliver every other seq from `first` on. */
static void deliver_odd(struct store *s, int64_t first, int64_t last)
{
    struct store_run runs[LANE];
    size_t n = 0;

    begin(s);
    for (int64_t q = first; q <= last; q += 2) {
        runs[n++] = (struct store_run){q, q};
        if (n < LANE && q + 2 <= last)
            continue;
        assert_int_equal(store_ledger_deliver(s, 1, runs, n), WS_OK);
        n = 0;
    }
    commit(s);
}

static void test_store_ledger_few_runs_over_many_rows_are_delivered(void **st)
{
    const struct store_run ends[] = {{2, 2}, {1000, 1000}, {2000, 2001}};
    const struct store_run twice[] = {{4, 4}, {999, 999}};
    struct made *m = *st;
    struct store_run runs[3];
    struct store_ledger l;
    size_t n;

    made_session(m->store, 1);
    deliver_odd(m->store, 3, 1999);
    begin(m->store);
    assert_int_equal(store_ledger_deliver(m->store, 1, ends, 3), WS_OK);
    commit(m->store);
    assert_int_equal(store_ledger_read(m->store, 1, &l), WS_OK);
    assert_int_equal(l.accepted, 1 + 999 + 4);
    assert_int_equal(store_ledger_delivered(m->store, 1, 1, 4, runs, 3, &n),
                     WS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(runs[0].first, 1);
    assert_int_equal(runs[0].last, 3);
    assert_int_equal(
        store_ledger_delivered(m->store, 1, 1999, 9999, runs, 3, &n), WS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(runs[0].last, 2001);
    begin(m->store);
    assert_int_equal(store_ledger_deliver(m->store, 1, twice, 2), WS_INVALID);
    store_rollback(m->store);
}

/* --- many sessions in one transaction --- */

#define CROWD 40
#define SEQS 200

static char crowd[CROWD][SEQS + 2]; /* 1: delivered */

/* Some new seqs of a session, in order and apart. Every seventh session gets
 * each other seq, so that it has more rows than a shared statement reads. */
static size_t some_runs(int at, struct store_seqs *out)
{
    bool holes = at % 7 == 3;
    size_t n = 0;

    for (int64_t q = 2; q <= SEQS; q++) {
        if (crowd[at][q] || (holes ? q % 2 : rand() % 12 != 0))
            continue;
        crowd[at][q] = 1;
        if (n && out[n - 1].run.last == q - 1)
            out[n - 1].run.last = q;
        else
            out[n++] = (struct store_seqs){at + 1, {q, q}};
    }
    return n;
}

static void check_crowd(struct store *s, int at)
{
    char seen[SEQS + 2] = {0};
    struct store_run runs[SEQS];
    struct store_ledger l;
    int64_t all = 0;
    size_t n;

    assert_int_equal(store_ledger_delivered(s, at + 1, 1, SEQS, runs, SEQS, &n),
                     WS_OK);
    for (size_t i = 0; i < n; i++) {
        if (i)
            assert_true(runs[i].first > runs[i - 1].last + 1);
        for (int64_t q = runs[i].first; q <= runs[i].last; q++, all++)
            seen[q] = 1;
    }
    assert_memory_equal(seen, crowd[at], sizeof seen);
    assert_int_equal(store_ledger_read(s, at + 1, &l), WS_OK);
    assert_int_equal(l.accepted, all);
}

static void test_store_ledger_many_sessions_arrive_at_once(void **state)
{
    static struct store_seqs runs[CROWD * SEQS];
    struct made *m = *state;

    memset(crowd, 0, sizeof crowd);
    srand(20261123);
    for (int i = 0; i < CROWD; i++) {
        made_session(m->store, i + 1);
        crowd[i][1] = 1;
    }
    for (int round = 0; round < 5; round++) {
        OWN(store_arrivals_close)
        struct store_arrivals *a = NULL;
        size_t n = 0;

        for (int i = 0; i < CROWD; i++)
            if (rand() % 4)
                n += some_runs(i, &runs[n]);
        begin(m->store);
        assert_int_equal(store_arrivals_open(&a, m->store, runs, n), WS_OK);
        assert_int_equal(store_arrivals_put(a, runs, n), WS_OK);
        commit(m->store);
        for (int i = 0; i < CROWD; i++)
            check_crowd(m->store, i);
    }
}

static void test_store_ledger_many_gaps_are_buried_at_once(void **state)
{
    const struct store_run all = {1, 6001};
    struct made *m = *state;
    struct store_run runs[4];
    struct store_ledger l;
    size_t n;

    made_session(m->store, 1);
    deliver_odd(m->store, 3, 6001);
    begin(m->store);
    assert_int_equal(store_ledger_span(m->store, 1, &all, 1), WS_OK);
    for (int i = 0; i < 3; i++) /* again: nothing changes */
        assert_int_equal(store_ledger_bury(m->store, 1, "evicted", &all, 1, 0),
                         WS_OK);
    commit(m->store);
    assert_int_equal(store_ledger_read(m->store, 1, &l), WS_OK);
    assert_int_equal(l.accepted, 3001);
    assert_int_equal(l.buried, 3000);
    assert_int_equal(l.queued, 0);
    assert_int_equal(store_ledger_buried(m->store, 1, 5997, runs, 4, &n),
                     WS_OK);
    assert_int_equal(n, 2);
    assert_int_equal(runs[0].first, 5998);
    assert_int_equal(runs[0].last, 5998);
}

static void test_store_ledger_over_its_span_is_full(void **state)
{
    const int64_t most = 2 * STORE_LEDGER_SPAN;
    const struct store_run wide = {1, most + 20};
    const struct store_run parts[] = {{most + 10, most + 10}, {2, 2}};
    const struct store_run part = {2, most / 2};
    struct made *m = *state;

    made_session(m->store, 1);
    deliver_odd(m->store, 3, most + 19);
    begin(m->store);
    assert_int_equal(store_ledger_span(m->store, 1, &wide, 1), WS_FULL);
    assert_int_equal(store_ledger_span(m->store, 1, parts, 2), WS_FULL);
    assert_int_equal(store_ledger_span(m->store, 1, &part, 1), WS_OK);
    commit(m->store);
}

static void test_store_ledger_delivered_twice_is_invalid(void **state)
{
    struct made *m = *state;

    made_session(m->store, 1);
    begin(m->store);
    assert_int_equal(
        store_ledger_deliver(m->store, 1, &(struct store_run){2, 9}, 1), WS_OK);
    assert_int_equal(
        store_ledger_deliver(m->store, 1, &(struct store_run){9, 12}, 1),
        WS_INVALID);
    store_rollback(m->store);
}

static void test_store_ledger_counts_things_without_a_seq(void **state)
{
    struct made *m = *state;
    struct store_ledger l;

    made_session(m->store, 1);
    begin(m->store);
    assert_int_equal(
        store_ledger_bury(m->store, 1, "frames_dropped", NULL, 0, 5), WS_OK);
    assert_int_equal(
        store_ledger_bury(m->store, 1, "frames_dropped", NULL, 0, 7), WS_OK);
    commit(m->store);
    assert_int_equal(store_ledger_read(m->store, 1, &l), WS_OK);
    assert_int_equal(l.counted, 12);
    assert_int_equal(l.buried, 0);
    assert_int_equal(l.reason_count, 1);
    assert_string_equal(l.reasons[0].reason, "frames_dropped");
}

static void test_store_ledger_of_nobody_is_not_found(void **state)
{
    struct made *m = *state;
    struct store_ledger l;

    assert_int_equal(store_ledger_read(m->store, 12345, &l), WS_NOTFOUND);
}

static void test_store_ledger_expired_fact_stays_delivered(void **state)
{
    struct made *m = *state;
    struct fact f = made_metric(5, 1, "k", "{}");
    const struct fact *list = &f;
    struct fact_found found = {0};
    struct store_run run;
    struct store_ledger l;
    struct store_retention_row rows[STORE_RETENTION_PAGE];
    enum err result;
    size_t n, dropped;

    made_session(m->store, 1);
    f.seq = 2;
    begin(m->store);
    assert_int_equal(store_facts_put(m->store, &list, 1, &result), WS_OK);
    assert_int_equal(
        store_ledger_deliver(m->store, 1, &(struct store_run){2, 2}, 1), WS_OK);
    assert_int_equal(
        store_retention_rows(m->store, STORE_RETENTION_METRIC, 0, rows, &n),
        WS_OK);
    assert_int_equal(n, 1);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(store_retention_drop(m->store, STORE_RETENTION_METRIC,
                                              rows, n, &dropped),
                         WS_OK);
        assert_int_equal(dropped, 1 - twice);
    }
    commit(m->store);
    assert_int_equal(store_facts_find(m->store, f.kind, 1, "k", &found),
                     WS_NOTFOUND);
    assert_int_equal(store_ledger_delivered(m->store, 1, 2, 2, &run, 1, &n),
                     WS_OK);
    assert_int_equal(n, 1);
    assert_int_equal(store_ledger_read(m->store, 1, &l), WS_OK);
    assert_int_equal(l.expired, 1);
    assert_int_equal(l.accepted, 2);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_store_ledger_equals_a_model_under_random_runs),
        TEST(test_store_ledger_few_runs_over_many_rows_are_delivered),
        TEST(test_store_ledger_many_sessions_arrive_at_once),
        TEST(test_store_ledger_many_gaps_are_buried_at_once),
        TEST(test_store_ledger_over_its_span_is_full),
        TEST(test_store_ledger_delivered_twice_is_invalid),
        TEST(test_store_ledger_counts_things_without_a_seq),
        TEST(test_store_ledger_of_nobody_is_not_found),
        TEST(test_store_ledger_expired_fact_stays_delivered),
    };
    int failed = 0;

    for (size_t i = 0; i < BACKENDS; i++) {
        if (!made_use(backends[i]))
            continue;
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
