/* The plan alone: outcomes in, steps out, no store and no clock. The outcomes
 * come from a row of answers that each test writes down. */
#include "server/commit/commit_plan.h"
#include "server/commit/commit_tally.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MAX_ITEMS 16

/* What the world says; zero: everything is fine and new. */
struct world {
    char seen[256];        /* B T L P F U R C - w */
    int64_t poison;        /* a fact of this session can't be stored */
    enum err at_commit[8]; /* outcomes of the commits, then WS_OK */
    size_t commits;
    enum err at_begin;
    int64_t dead_session;       /* its token is revoked */
    int64_t wide_session;       /* its tombstones touch too much */
    struct store_run delivered; /* of every session */
    const char *taken;          /* this key has a row already: */
    enum wire_item_kind taken_kind;
    const char *taken_payload;
    int64_t wait_ms;
    size_t puts; /* facts offered in all */
    struct store_rollup rollups[MAX_ITEMS], fleet[MAX_ITEMS];
    struct store_seqs runs[MAX_ITEMS];
    size_t rollup_count, fleet_count, run_count;
};

static char letter(enum commit_action a)
{
    return "BTLPFURC-w."[a];
}

static enum err put(struct world *w, const struct commit_step *st)
{
    for (size_t i = 0; i < st->fact_count; i++) {
        const struct fact *f = st->facts[i];

        if (i) { /* sorted by session, then key */
            const struct fact *before = st->facts[i - 1];

            assert_true(before->session_id < f->session_id ||
                        (before->session_id == f->session_id &&
                         strcmp(before->key, f->key) <= 0));
        }
        if (w->poison && f->session_id == w->poison)
            return WS_INVALID;
        if (w->taken && strcmp(w->taken, f->key) == 0)
            st->results[i] = WS_EXISTS;
    }
    w->puts += st->fact_count;
    return WS_OK;
}

static enum err find(struct world *w, const struct commit_step *st)
{
    struct fact f;

    if (!w->taken || strcmp(w->taken, st->find->key) != 0)
        return WS_NOTFOUND;
    if (st->find->kind != w->taken_kind && !st->any_kind)
        return WS_NOTFOUND;
    f = made_metric(77, 1, w->taken, w->taken_payload);
    st->found->kind = w->taken_kind;
    st->found->id = 77;
    memcpy(st->found->payload_sha256, f.payload_sha256, 32);
    buf_clear(&st->found->payload);
    buf_append_text(&st->found->payload, w->taken_payload);
    snprintf(st->found->blob, sizeof st->found->blob, "blob");
    return WS_OK;
}

static enum err answer(struct world *w, struct commit_plan *p,
                       const struct commit_step *st)
{
    switch (st->action) {
    case COMMIT_BEGIN:
        return w->at_begin;
    case COMMIT_READ_TOKENS:
        for (size_t i = 0; i < st->token_count; i++) {
            struct store_token *t = &st->tokens[i];

            t->live = t->session_id != w->dead_session;
            made_token(t->session_id, t->token_sha256);
        }
        return WS_OK;
    case COMMIT_READ_LEDGER:
        for (size_t i = 0; w->delivered.first && i < st->asked_count; i++)
            commit_plan_known(p, st->asked[i].session_id, w->delivered);
        for (size_t i = 0; i < st->tombstone_count; i++)
            if (st->tombstones[i]->session_id == w->wide_session)
                commit_plan_refuse(p, st->tombstones[i]);
        return WS_OK;
    case COMMIT_PUT_FACTS:
        return put(w, st);
    case COMMIT_FIND:
        return find(w, st);
    case COMMIT_PUT_LEDGER:
        memcpy(w->runs, st->runs, st->run_count * sizeof *st->runs);
        w->run_count = st->run_count;
        return WS_OK;
    case COMMIT_PUT_ROLLUPS:
        memcpy(w->rollups, st->rollups,
               st->rollup_count * sizeof w->rollups[0]);
        memcpy(w->fleet, st->fleet, st->fleet_count * sizeof w->fleet[0]);
        w->rollup_count = st->rollup_count;
        w->fleet_count = st->fleet_count;
        return WS_OK;
    case COMMIT_COMMIT:
        return w->commits < 8 ? w->at_commit[w->commits++] : WS_OK;
    case COMMIT_WAIT:
        w->wait_ms += st->wait_ms;
        return WS_OK;
    default:
        return WS_OK;
    }
}

static void drive(struct world *w, struct commit_item *items, size_t count)
{
    OWN(commit_plan_close)
    struct commit_plan *p = NULL;
    struct commit_item *list[MAX_ITEMS];
    const struct commit_step *st;
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        list[i] = &items[i];
    assert_int_equal(commit_plan_open(&p, list, count, 1000), WS_OK);
    st = commit_plan_next(p, WS_OK);
    while (st->action != COMMIT_DONE) {
        assert_true(n < sizeof w->seen - 1);
        w->seen[n++] = letter(st->action);
        st = commit_plan_next(p, answer(w, p, st));
    }
}

static void test_commit_plan_new_items_are_one_transaction(void **state)
{
    struct world w = {0};
    struct commit_item items[] = {made_item(2, "b", "{}"),
                                  made_item(1, "z", "{}"),
                                  made_item(1, "a", "{}")};

    (void)state;
    drive(&w, items, 3);
    assert_string_equal(w.seen, "BTPRC");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(items[i].verdict, COMMIT_ACCEPTED);
        assert_int_equal(items[i].id, 1000 + (int64_t)i);
    }
}

static void test_commit_plan_equal_keys_in_a_group_insert_once(void **state)
{
    struct world w = {0};
    struct commit_item items[] = {
        made_item(1, "k", "{\"a\":1}"), made_item(1, "k", "{ \"a\": 1.0 }"),
        made_item(1, "k", "{\"a\":2}"), made_item(1, "k", "{\"a\":2}"),
        made_item(2, "k", "{\"a\":2}")};

    (void)state;
    items[3].strict = true;
    drive(&w, items, 5);
    assert_int_equal(w.puts, 2);
    assert_int_equal(items[0].verdict, COMMIT_ACCEPTED);
    assert_int_equal(items[1].verdict, COMMIT_DUPLICATE);
    assert_int_equal(items[2].verdict, COMMIT_CONFLICT);
    assert_int_equal(items[3].verdict, COMMIT_REUSED);
    assert_int_equal(items[4].verdict, COMMIT_ACCEPTED);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(items[i].id, items[0].id);
}

static void test_commit_plan_known_key_is_judged_by_its_payload(void **state)
{
    struct world w = {.taken = "k",
                      .taken_kind = WIRE_ITEM_METRIC,
                      .taken_payload = "{\"a\":1}"};
    struct commit_item same = made_item(1, "k", "{\"a\": 1}");
    struct commit_item other = made_item(1, "k", "{\"a\": 2}");
    struct commit_item strict = other;

    (void)state;
    drive(&w, &same, 1);
    assert_string_equal(w.seen, "BTPFC");
    assert_int_equal(same.verdict, COMMIT_DUPLICATE);
    assert_int_equal(same.id, 77);
    assert_string_equal(same.blob, "blob");
    drive(&w, &other, 1);
    assert_int_equal(other.verdict, COMMIT_CONFLICT);
    strict.strict = true;
    drive(&w, &strict, 1);
    assert_int_equal(strict.verdict, COMMIT_REUSED);
}

static void test_commit_plan_known_seq_is_not_inserted(void **state)
{
    struct world w = {.delivered = {1, 5}};
    struct commit_item gone = made_item(1, "k", "{}");

    (void)state;
    gone.fact.seq = 5;
    drive(&w, &gone, 1);
    assert_string_equal(w.seen, "BTLFC");
    assert_int_equal(w.puts, 0);
    assert_int_equal(gone.verdict, COMMIT_DUPLICATE);
    assert_int_equal(gone.id, 0);
}

static void test_commit_plan_seq_with_other_bytes_is_reused(void **state)
{
    struct world w = {.delivered = {5, 5},
                      .taken = "k",
                      .taken_kind = WIRE_ITEM_METRIC,
                      .taken_payload = "{\"a\":1}"};
    struct commit_item bytes = made_item(1, "k", "{\"a\": 1}");
    struct commit_item kind = made_item(1, "k", "{\"a\":1}");

    (void)state;
    bytes.fact.seq = kind.fact.seq = 5;
    kind.fact.kind = WIRE_ITEM_EVENT;
    drive(&w, &bytes, 1);
    assert_int_equal(bytes.verdict, COMMIT_REUSED);
    drive(&w, &kind, 1);
    assert_int_equal(kind.verdict, COMMIT_REUSED);
}

static void test_commit_plan_seqs_are_delivered_as_runs(void **state)
{
    struct world w = {0};
    struct commit_item items[5];
    const int64_t seqs[] = {7, 5, 6, 9, 2};
    char keys[5][2] = {"c", "a", "e", "b", "d"};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        items[i] = made_item(i == 4 ? 2 : 1, keys[i], "{}");
        items[i].fact.seq = seqs[i];
    }
    drive(&w, items, 5);
    assert_string_equal(w.seen, "BTLPURC");
    assert_int_equal(w.run_count, 3);
    assert_int_equal(w.runs[0].run.first, 5);
    assert_int_equal(w.runs[0].run.last, 7);
    assert_int_equal(w.runs[1].run.first, 9);
    assert_int_equal(w.runs[2].session_id, 2);
}

static void test_commit_plan_revoked_token_stores_nothing(void **state)
{
    struct world w = {.dead_session = 2};
    struct commit_item items[] = {made_item(1, "a", "{}"),
                                  made_item(2, "a", "{}"),
                                  made_item(3, "a", "{}")};

    (void)state;
    made_token(9, items[2].token_sha256); /* replaced meanwhile */
    drive(&w, items, 3);
    assert_int_equal(w.puts, 1);
    assert_int_equal(items[0].verdict, COMMIT_ACCEPTED);
    assert_int_equal(items[1].verdict, COMMIT_DENIED);
    assert_int_equal(items[2].verdict, COMMIT_DENIED);
    assert_int_equal(items[1].id, 0);
}

static void test_commit_plan_wide_tombstone_is_rejected_alone(void **state)
{
    struct world w = {.wide_session = 2, .delivered = {9, 9}};
    const struct store_run all = {1, 100};
    struct commit_item items[4];
    const char *const keys[] = {"a", "a", "b", "c"};
    const int64_t seqs[] = {7, 7, 8, 9};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        items[i] = made_item(i ? 2 : 1, keys[i], "{}");
        items[i].fact.seq = seqs[i];
    }
    for (size_t i = 1; i < 4; i += 2) {
        items[i].fact.kind = WIRE_ITEM_TOMBSTONE;
        items[i].fact.tombstone = (struct fact_tombstone){
            .reason = "evicted", .runs = &all, .run_count = 1};
    }
    drive(&w, items, 4);
    assert_string_equal(w.seen, "BTLPFURC"); /* one transaction, no halves */
    assert_int_equal(items[0].verdict, COMMIT_ACCEPTED);
    assert_int_equal(items[1].verdict, COMMIT_REJECTED);
    assert_int_equal(items[2].verdict, COMMIT_ACCEPTED);
    assert_int_equal(items[3].verdict, COMMIT_DUPLICATE); /* known: it stays */
}

static void test_commit_plan_poison_is_found_by_halves(void **state)
{
    for (int64_t bad = 1; bad <= 8; bad++) {
        struct world w = {.poison = bad};
        struct commit_item items[8];

        (void)state;
        for (int64_t i = 0; i < 8; i++)
            items[i] = made_item(i + 1, "k", "{}");
        drive(&w, items, 8);
        for (int64_t i = 0; i < 8; i++)
            assert_int_equal(items[i].verdict,
                             i + 1 == bad ? COMMIT_REJECTED : COMMIT_ACCEPTED);
        assert_int_equal(w.commits, 3); /* 4 + 2 + 1 neighbours */
    }
}

static void test_commit_plan_deadlock_is_replayed_whole(void **state)
{
    struct world w = {.at_commit = {WS_AGAIN, WS_AGAIN, WS_OK}};
    struct commit_item item = made_item(1, "k", "{}");

    (void)state;
    drive(&w, &item, 1);
    assert_string_equal(w.seen, "BTPRC-wBTPRC-wBTPRC");
    assert_int_equal(item.verdict, COMMIT_ACCEPTED);
    assert_true(w.wait_ms > 0);
}

static void test_commit_plan_deadlock_each_time_is_retry(void **state)
{
    struct world w = {.at_commit = {WS_AGAIN, WS_AGAIN, WS_AGAIN}};
    struct commit_item item = made_item(1, "k", "{}");

    (void)state;
    drive(&w, &item, 1);
    assert_int_equal(w.commits, COMMIT_PLAN_TRIES);
    assert_int_equal(item.verdict, COMMIT_RETRY);
    assert_int_equal(item.id, 0);
}

static void test_commit_plan_unknown_outcome_is_retry_for_all(void **state)
{
    struct world w = {.at_commit = {WS_IO}, .dead_session = 2};
    struct commit_item items[] = {made_item(1, "a", "{}"),
                                  made_item(1, "a", "{}"),
                                  made_item(2, "b", "{}")};

    (void)state;
    drive(&w, items, 3);
    assert_string_equal(w.seen, "BTPRC-");
    assert_int_equal(items[0].verdict, COMMIT_RETRY);
    assert_int_equal(items[1].verdict, COMMIT_RETRY);
    assert_int_equal(items[2].verdict, COMMIT_DENIED);
}

static void test_commit_plan_invalid_at_commit_rejects_nobody(void **state)
{
    struct world w = {.at_commit = {WS_INVALID}};
    struct commit_item item = made_item(1, "k", "{}");

    (void)state;
    drive(&w, &item, 1);
    assert_int_equal(item.verdict, COMMIT_RETRY);
}

static void test_commit_plan_full_disk_is_no_room(void **state)
{
    struct world w = {.at_commit = {WS_FULL}};
    struct commit_item item = made_item(1, "k", "{}");

    (void)state;
    drive(&w, &item, 1);
    assert_int_equal(item.verdict, COMMIT_NO_ROOM);
}

static void test_commit_plan_store_away_at_begin_is_retry(void **state)
{
    struct world w = {.at_begin = WS_IO};
    struct commit_item item = made_item(1, "k", "{}");

    (void)state;
    drive(&w, &item, 1);
    assert_string_equal(w.seen, "B");
    assert_int_equal(item.verdict, COMMIT_RETRY);
}

static void test_commit_plan_rollups_are_aggregated_and_sorted(void **state)
{
    struct world w = {0};
    struct commit_item items[6];

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        static const char *const keys[] = {"a", "b", "c", "d", "e", "f"};

        items[i] = made_item(i < 4 ? 2 : 1, keys[i], "{}");
    }
    items[0].fact.at_ns += 3 * STORE_QUARTER_NS;
    items[1].fact.metric.scored = false;
    items[2].fact.metric.judged = false;
    items[3].fact.metric.anomaly = 0.75;
    items[2].fact.metric.productivity = 10;
    items[2].fact.metric.label = FACT_CRITICAL;
    drive(&w, items, 6);
    assert_int_equal(w.rollup_count, 3);
    assert_int_equal(w.rollups[0].session_id, 1);
    assert_int_equal(w.rollups[0].observations, 2);
    assert_int_equal(w.rollups[1].session_id, 2);
    assert_true(w.rollups[1].quarter < w.rollups[2].quarter);
    assert_int_equal(w.rollups[1].observations, 3);
    assert_int_equal(w.rollups[1].scored, 2);
    assert_int_equal(w.rollups[1].judged, 2);
    assert_int_equal(w.rollups[1].critical, 0);
    assert_int_equal(w.rollups[1].normal, 2);
    assert_true(w.rollups[1].anomaly_sum == 1);
    assert_true(w.rollups[1].anomaly_min == 0.25);
    assert_true(w.rollups[1].anomaly_max == 0.75);
    assert_true(w.rollups[1].productivity_sum == 80);
    assert_true(w.rollups[1].productivity_min == 10);
    assert_true(w.rollups[1].productivity_max == 70);
    assert_int_equal(w.fleet_count, 2);
    assert_int_equal(w.fleet[0].observations, 5);
    assert_int_equal(w.fleet[0].session_id, 0);
    assert_int_equal(w.fleet[1].observations, 1);
}

static void test_commit_plan_duplicates_enter_no_rollup(void **state)
{
    struct world w = {
        .taken = "k", .taken_kind = WIRE_ITEM_METRIC, .taken_payload = "{}"};
    struct commit_item item = made_item(1, "k", "{}");

    (void)state;
    drive(&w, &item, 1);
    assert_int_equal(w.rollup_count, 0);
    assert_null(strchr(w.seen, 'R'));
}

static void test_commit_tally_quarter_before_1970_rounds_down(void **state)
{
    (void)state;
    assert_int_equal(commit_tally_quarter(0), 0);
    assert_int_equal(commit_tally_quarter(STORE_QUARTER_NS - 1), 0);
    assert_int_equal(commit_tally_quarter(STORE_QUARTER_NS), 1);
    assert_int_equal(commit_tally_quarter(-1), -1);
    assert_int_equal(commit_tally_quarter(-STORE_QUARTER_NS), -1);
    assert_int_equal(commit_tally_quarter(-STORE_QUARTER_NS - 1), -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commit_plan_new_items_are_one_transaction),
        cmocka_unit_test(test_commit_plan_equal_keys_in_a_group_insert_once),
        cmocka_unit_test(test_commit_plan_known_key_is_judged_by_its_payload),
        cmocka_unit_test(test_commit_plan_known_seq_is_not_inserted),
        cmocka_unit_test(test_commit_plan_seq_with_other_bytes_is_reused),
        cmocka_unit_test(test_commit_plan_seqs_are_delivered_as_runs),
        cmocka_unit_test(test_commit_plan_revoked_token_stores_nothing),
        cmocka_unit_test(test_commit_plan_wide_tombstone_is_rejected_alone),
        cmocka_unit_test(test_commit_plan_poison_is_found_by_halves),
        cmocka_unit_test(test_commit_plan_deadlock_is_replayed_whole),
        cmocka_unit_test(test_commit_plan_deadlock_each_time_is_retry),
        cmocka_unit_test(test_commit_plan_unknown_outcome_is_retry_for_all),
        cmocka_unit_test(test_commit_plan_invalid_at_commit_rejects_nobody),
        cmocka_unit_test(test_commit_plan_full_disk_is_no_room),
        cmocka_unit_test(test_commit_plan_store_away_at_begin_is_retry),
        cmocka_unit_test(test_commit_plan_rollups_are_aggregated_and_sorted),
        cmocka_unit_test(test_commit_plan_duplicates_enter_no_rollup),
        cmocka_unit_test(test_commit_tally_quarter_before_1970_rounds_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
