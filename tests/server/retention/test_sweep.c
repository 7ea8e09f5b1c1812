/* The promises of sweep.h and fleet.h, over every backend of the build's
 * list. */
#include "server/blob/blob.h"
#include "server/retention/fleet.h"
#include "server/server.h"
#include "server/store/store_audit.h"
#include "server/store/store_backends.h"
#include "server/store/store_facts.h"
#include "server/store/store_fleet.h"
#include "server/store/store_ledger.h"
#include "server/store/store_views.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_OF(name) #name,
static const char *const backends[] = {STORE_BACKENDS(TEXT_OF)};
#define BACKENDS (sizeof backends / sizeof *backends)

#define DAY_NS (INT64_C(86400) * 1000000000)
#define DAY_MS (INT64_C(86400) * 1000)
#define NOW (INT64_C(20000) * DAY_NS)
#define TODAY (NOW / STORE_QUARTER_NS)

static const struct settings settings = {.keep_pictures_ms = 7 * DAY_MS,
                                         .keep_recordings_ms = 7 * DAY_MS,
                                         .keep_metrics_ms = 90 * DAY_MS,
                                         .keep_rollups_ms = 396 * DAY_MS,
                                         .keep_audit_ms = 365 * DAY_MS};

static void begin(struct store *s)
{
    assert_int_equal(store_begin(s), WS_OK);
}

static void commit(struct store *s)
{
    assert_int_equal(store_commit(s), WS_OK);
}

static enum err write_here(void *ctx, enum err (*fn)(struct store *s, void *),
                           void *arg)
{
    struct store *s = ctx;
    enum err e = store_begin(s);

    if (!e)
        e = fn(s, arg);
    return e ? e : store_commit(s);
}

static struct sweep sweep_of(struct made *m, bool dry_run)
{
    return (struct sweep){.settings = &settings,
                          .reader = m->store,
                          .now_ns = NOW,
                          .dry_run = dry_run,
                          .write = write_here,
                          .ctx = m->store};
}

/* Sweep; how many rows of each class went. */
static void sweep(struct made *m, bool dry_run, int64_t out[SWEEP_CLASSES])
{
    struct blob_options place = {.spool_dir = m->dir};
    struct sweep w = sweep_of(m, dry_run);
    char address[80];

    snprintf(address, sizeof address, "file:%s/blobs", m->dir);
    place.address = address;
    assert_int_equal(blob_open(&w.blob, &place), WS_OK);
    assert_int_equal(sweep_run(&w), WS_OK);
    blob_close(w.blob);
    for (int i = 0; i < SWEEP_CLASSES; i++)
        out[i] = w.counts[i].rows;
}

static void expect(const int64_t got[SWEEP_CLASSES], int64_t pictures,
                   int64_t recordings, int64_t metrics, int64_t rollups,
                   int64_t audit)
{
    const int64_t want[] = {pictures, recordings, metrics, rollups, audit};

    for (int i = 0; i < SWEEP_CLASSES; i++)
        if (got[i] != want[i])
            fail_msg("%s: %lld, not %lld", sweep_class_names[i],
                     (long long)got[i], (long long)want[i]);
}

/* --- what is swept --- */

static void put(struct store *s, const struct fact *f)
{
    const struct fact *list = f;
    enum err result;

    begin(s);
    assert_int_equal(store_facts_put(s, &list, 1, &result), WS_OK);
    assert_int_equal(result, WS_OK);
    commit(s);
}

static struct fact fact_of(enum wire_item_kind kind, int64_t id,
                           const char *key, int64_t days)
{
    struct fact f = made_metric(id, 1, key, "{}");
    struct fact_metric metric = f.metric;

    f.kind = kind;
    f.seq = id + 1;
    f.at_ns = f.received_ns = NOW - days * DAY_NS;
    memset(&f.metric, 0, sizeof f.metric);
    if (kind == WIRE_ITEM_METRIC)
        f.metric = metric;
    if (kind == WIRE_ITEM_SCREENSHOT)
        f.screenshot = (struct fact_screenshot){.blob = "1/aa", .bytes = 5};
    if (kind == WIRE_ITEM_RECORDING)
        f.recording = (struct fact_recording){.video_path = "v"};
    if (kind == WIRE_ITEM_EVENT)
        f.event = (struct fact_event){.type = "lock"};
    if (kind == WIRE_ITEM_NOTICE_ACK)
        f.notice_ack = (struct fact_notice_ack){.notice_hash = "n", .tier = 1};
    return f;
}

/* Two of a kind: one just too old, one that is kept for another day. */
static void put_pair(struct made *m, enum wire_item_kind kind, int64_t days)
{
    struct fact old = fact_of(kind, 10 * (int64_t)kind, "old", days + 1);
    struct fact young = fact_of(kind, 10 * (int64_t)kind + 1, "y", days - 1);

    put(m->store, &old);
    put(m->store, &young);
}

static void put_all(struct made *m)
{
    made_session(m->store, 1);
    put_pair(m, WIRE_ITEM_SCREENSHOT, 7);
    put_pair(m, WIRE_ITEM_RECORDING, 7);
    put_pair(m, WIRE_ITEM_METRIC, 90);
    put_pair(m, WIRE_ITEM_EVENT, 90);
}

static void test_sweep_dry_run_counts_and_removes_nothing(void **state)
{
    int64_t got[SWEEP_CLASSES];

    put_all(*state);
    for (int twice = 0; twice < 2; twice++) {
        sweep(*state, true, got);
        expect(got, 1, 1, 2, 0, 0);
    }
}

static void test_sweep_takes_what_is_older_than_its_class_is_kept(void **state)
{
    struct made *m = *state;
    struct store_ledger l;
    int64_t got[SWEEP_CLASSES];

    put_all(m);
    sweep(m, false, got);
    expect(got, 1, 1, 2, 0, 0);
    sweep(m, false, got);
    expect(got, 0, 0, 0, 0, 0);
    assert_int_equal(store_ledger_read(m->store, 1, &l), WS_OK);
    assert_int_equal(l.expired, 4);
}

static void test_sweep_meets_old_rows_behind_a_block_of_young_ones(void **state)
{
    struct made *m = *state;
    struct fact young = fact_of(WIRE_ITEM_METRIC, 1, "y", 0);
    struct fact old =
        fact_of(WIRE_ITEM_METRIC, 3 * STORE_ID_BLOCK + 7, "old", 91);
    int64_t got[SWEEP_CLASSES];

    made_session(m->store, 1);
    put(m->store, &young);
    put(m->store, &old);
    sweep(m, false, got);
    expect(got, 0, 0, 1, 0, 0);
}

static void test_sweep_old_rows_between_young_ones_go_alone(void **state)
{
    struct made *m = *state;
    int64_t got[SWEEP_CLASSES];
    char keys[9][8];

    made_session(m->store, 1);
    for (int i = 0; i < 9; i++) {
        struct fact f;

        snprintf(keys[i], sizeof keys[i], "k%d", i);
        f = fact_of(WIRE_ITEM_METRIC, 1 + i, keys[i], i % 2 ? 91 : 89);
        put(m->store, &f);
    }
    sweep(m, false, got);
    expect(got, 0, 0, 4, 0, 0);
}

/* --- roll-ups --- */

static void put_rollup(struct made *m, int64_t days, int64_t shard)
{
    struct store_rollup r = {.session_id = 1,
                             .quarter = TODAY - 96 * days,
                             .observations = 2,
                             .scored = 1,
                             .productivity_sum = (double)shard,
                             .productivity_min = (double)shard,
                             .productivity_max = (double)shard};
    struct store_stat stat = {.session_id = 1, .metrics = 2};

    begin(m->store);
    assert_int_equal(store_facts_add_rollups(m->store, &r, 1), WS_OK);
    assert_int_equal(store_facts_add_stats(m->store, &stat, 1), WS_OK);
    r.session_id = 0;
    assert_int_equal(store_facts_add_fleet(m->store, shard, &r, 1), WS_OK);
    commit(m->store);
}

static void test_sweep_rollups_of_sessions_and_fleet_go(void **state)
{
    int64_t got[SWEEP_CLASSES];

    made_session(((struct made *)*state)->store, 1);
    put_rollup(*state, 2000, 0); /* farther apart than one lot */
    put_rollup(*state, 397, 0);
    put_rollup(*state, 395, 0);
    sweep(*state, true, got);
    expect(got, 0, 0, 0, 4, 0);
    sweep(*state, false, got);
    expect(got, 0, 0, 0, 4, 0);
    sweep(*state, false, got);
    expect(got, 0, 0, 0, 0, 0);
}

struct quarters {
    size_t rows;
    struct store_rollup last;
};

static int meet_quarter(void *ctx, const struct store_rollup *row)
{
    struct quarters *q = ctx;

    q->rows++;
    q->last = *row;
    return 1;
}

static void test_fleet_past_quarter_is_one_row_of_the_same_sum(void **state)
{
    static const struct store_scope all = {.width = STORE_SCOPE_EVERYONE};
    struct made *m = *state;
    struct sweep w = sweep_of(m, false);
    int64_t rows;

    put_rollup(m, 1, 3);
    put_rollup(m, 1, 9);
    for (int again = 0; again < 2; again++) {
        struct quarters q = {0};

        put_rollup(m, 1, 5); /* delivered late: folded the next time */
        assert_int_equal(fleet_run(&w), WS_OK);
        assert_int_equal(store_fleet_before(m->store, TODAY, &rows), WS_OK);
        assert_int_equal(rows, 1);
        assert_int_equal(
            store_views_fleet(m->store, &all, 0, TODAY, meet_quarter, &q),
            WS_OK);
        assert_int_equal(q.rows, 1);
        assert_int_equal(q.last.observations, 6 + 2 * again);
        assert_int_equal(q.last.scored, 3 + again);
        assert_true(q.last.productivity_sum == 17 + 5 * again);
        assert_true(q.last.productivity_min == 3);
        assert_true(q.last.productivity_max == 9);
    }
}

static void test_fleet_counts_the_same_before_and_after_the_job(void **state)
{
    static const struct store_scope all = {.width = STORE_SCOPE_EVERYONE};
    struct made *m = *state;
    struct sweep w = sweep_of(m, false);
    struct store_agents before, after;
    struct store_fleet_count kept;

    for (int64_t id = 1; id <= 3; id++) /* of one agent, created at 2 ns */
        made_session(m->store, id);
    assert_int_equal(store_views_agents(m->store, &all, 1, 1, &before), WS_OK);
    assert_int_equal(before.sessions, 3);
    assert_int_equal(before.offline, 1);
    assert_int_equal(fleet_run(&w), WS_OK);
    assert_int_equal(store_fleet_kept(m->store, &kept), WS_OK);
    assert_int_equal(kept.sessions, 3);
    assert_int_equal(kept.agents, 1);
    assert_int_equal(store_views_agents(m->store, &all, 1, 1, &after), WS_OK);
    assert_memory_equal(&before, &after, sizeof before);

    w.now_ns = INT64_C(600) * 1000000000; /* all is newer than the watermark */
    assert_int_equal(fleet_run(&w), WS_OK);
    assert_int_equal(store_fleet_kept(m->store, &kept), WS_OK);
    assert_int_equal(kept.sessions, 0);
    assert_int_equal(store_views_agents(m->store, &all, 1, 1, &after), WS_OK);
    assert_memory_equal(&before, &after, sizeof before);
}

/* --- the access log and notices --- */

static void append(struct store *s, int64_t days)
{
    struct store_audit row = {.at_ns = NOW - days * DAY_NS,
                              .actor = "ana",
                              .action = "look",
                              .object = "screenshot:1",
                              .detail = "",
                              .address = "192.0.2.1",
                              .request = "r"};

    begin(s);
    assert_int_equal(store_audit_append(s, &row), WS_OK);
    commit(s);
}

static void verify(struct store *s, int64_t rows)
{
    int64_t got = -1, bad = -1;

    assert_int_equal(store_audit_verify(s, &got, &bad), WS_OK);
    assert_int_equal(got, rows);
}

static void test_sweep_old_audit_goes_and_the_rest_verifies(void **state)
{
    struct made *m = *state;
    int64_t got[SWEEP_CLASSES];

    for (int i = 0; i < 600; i++) /* more than one lot */
        append(m->store, 400);
    append(m->store, 364);
    append(m->store, 1);
    sweep(m, true, got);
    expect(got, 0, 0, 0, 0, 600);
    verify(m->store, 602);
    sweep(m, false, got);
    expect(got, 0, 0, 0, 0, 600);
    verify(m->store, 2);
    append(m->store, 0);
    verify(m->store, 3);
}

static void test_sweep_all_of_the_audit_old_leaves_a_chain(void **state)
{
    struct made *m = *state;
    int64_t got[SWEEP_CLASSES];

    append(m->store, 400);
    append(m->store, 399);
    sweep(m, false, got);
    expect(got, 0, 0, 0, 0, 2);
    verify(m->store, 0);
    append(m->store, 0);
    verify(m->store, 1);
}

static void test_sweep_notice_stays_while_its_session_is_heard(void **state)
{
    struct made *m = *state;
    struct store_heartbeat beat = {.session_id = 1,
                                   .last_seen_ns = NOW - DAY_NS};
    struct fact heard = fact_of(WIRE_ITEM_NOTICE_ACK, 5, "a", 400);
    struct fact silent = fact_of(WIRE_ITEM_NOTICE_ACK, 6, "b", 400);
    struct fact young = fact_of(WIRE_ITEM_NOTICE_ACK, 7, "c", 300);
    int64_t got[SWEEP_CLASSES], tier;

    silent.session_id = young.session_id = 2;
    made_session(m->store, 1);
    made_session(m->store, 2);
    put(m->store, &heard);
    put(m->store, &silent);
    put(m->store, &young);
    begin(m->store);
    assert_int_equal(store_sessions_put_heartbeats(m->store, &beat, 1), WS_OK);
    commit(m->store);
    sweep(m, false, got);
    expect(got, 0, 0, 0, 0, 1);
    assert_int_equal(store_sessions_tier(m->store, 1, 100, &tier), WS_OK);
    assert_int_equal(tier, 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sweep_dry_run_counts_and_removes_nothing),
        TEST(test_sweep_takes_what_is_older_than_its_class_is_kept),
        TEST(test_sweep_meets_old_rows_behind_a_block_of_young_ones),
        TEST(test_sweep_old_rows_between_young_ones_go_alone),
        TEST(test_sweep_rollups_of_sessions_and_fleet_go),
        TEST(test_fleet_past_quarter_is_one_row_of_the_same_sum),
        TEST(test_fleet_counts_the_same_before_and_after_the_job),
        TEST(test_sweep_old_audit_goes_and_the_rest_verifies),
        TEST(test_sweep_all_of_the_audit_old_leaves_a_chain),
        TEST(test_sweep_notice_stays_while_its_session_is_heard),
    };
    int failed = 0;

    for (size_t i = 0; i < BACKENDS; i++) {
        if (!made_use(backends[i]))
            continue;
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
