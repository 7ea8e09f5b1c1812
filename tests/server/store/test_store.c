/* The contract of server/store: run over every backend of the build's list. */
#include "server/store/store.h"
#include "server/store/store_backends.h"
#include "server/store/store_db.h"
#include "server/store/store_facts.h"
#include "server/store/store_ledger.h"
#include "server/store/store_retention.h"
#include "server/store/store_views.h"
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

static void test_store_migrate_twice_applies_once(void **state)
{
    struct made *m = *state;
    struct store_migrations all;
    size_t applied = 9;

    assert_int_equal(store_migrate(m->store, &applied), WS_OK);
    assert_int_equal(applied, 0);
    assert_int_equal(store_migrations(m->store, &all), WS_OK);
    assert_true(all.count >= 1);
    assert_int_equal(all.pending, 0);
    assert_int_equal(all.ahead, 0);
    for (size_t i = 0; i < all.count; i++) {
        assert_int_equal(all.list[i].version, (int64_t)i + 1);
        assert_true(all.list[i].applied_ns > 0);
    }
}

#define LATER 2 /* migrations of a program to come: one adds, one shuts out */

/* Migrate as a later program would; how many it applied. */
static size_t migrate_later(struct store *s)
{
    struct store_db *own = (struct store_db *)s;
    const struct store_sql *known = own->migrations;
    size_t count = own->migration_count, applied = 0;
    struct store_sql list[STORE_MAX_MIGRATIONS];
    enum err e;

    memcpy(list, known, count * sizeof *list);
    for (size_t i = 0; i < LATER; i++)
        list[count + i] =
            (struct store_sql){.version = (int64_t)(count + i + 1),
                               .least = i == 0 ? 0 : (int64_t)(count + i + 1),
                               .name = "later",
                               .text = i == 0 ? "CREATE TABLE later (a BIGINT)"
                                              : "CREATE TABLE last (a BIGINT)"};
    own->migrations = list;
    for (size_t i = 1; i <= LATER; i++) {
        struct store_migrations now;
        size_t n;

        own->migration_count = count + i;
        e = store_migrate(s, &n);
        assert_int_equal(e, WS_OK);
        applied += n;
        own->migrations = known;
        own->migration_count = count;
        assert_int_equal(store_migrations(s, &now), WS_OK);
        assert_int_equal(now.ahead, (int64_t)i);
        assert_int_equal(now.pending, 0);
        assert_int_equal(store_migrations_shut_out(&now), i == LATER);
        assert_int_equal(store_migrate(s, &n), i == LATER ? WS_DENIED : WS_OK);
        own->migrations = list;
    }
    own->migrations = known;
    return applied;
}

static void test_store_newer_schema_is_used_unless_it_says_otherwise(void **st)
{
    struct made *m = *st;

    assert_int_equal(migrate_later(m->store), LATER);
}

static void test_store_open_unknown_backend_is_invalid(void **state)
{
    struct store *s = NULL;

    (void)state;
    assert_int_equal(store_open(&s, "tape:/dev/st0", 0), WS_INVALID);
    assert_int_equal(store_open(&s, "no colon", 0), WS_INVALID);
    assert_null(s);
}

static void test_store_reader_cannot_write(void **state)
{
    struct made *m = *state;
    OWN(store_close)
    struct store *reader = NULL;
    int64_t first;

    assert_int_equal(store_open(&reader, m->address, STORE_READ), WS_OK);
    if (store_begin(reader) == WS_OK) {
        assert_int_not_equal(store_take_ids(reader, "fact", 1, &first), WS_OK);
        store_rollback(reader);
    }
}

static void test_store_reader_sees_commits_alone(void **state)
{
    struct made *m = *state;
    OWN(store_close)
    struct store *reader = NULL;
    struct fact f = made_metric(7, 1, "k", "{}");
    const struct fact *list = &f;
    struct fact_found found = {0};
    enum err result;

    made_session(m->store, 1);
    assert_int_equal(store_open(&reader, m->address, STORE_READ), WS_OK);
    begin(m->store);
    assert_int_equal(store_facts_put(m->store, &list, 1, &result), WS_OK);
    assert_int_equal(store_facts_find(reader, f.kind, 1, "k", &found),
                     WS_NOTFOUND);
    commit(m->store);
    assert_int_equal(store_facts_find(reader, f.kind, 1, "k", &found), WS_OK);
    assert_int_equal(found.id, 7);
    assert_string_equal(buf_text(&found.payload), "{}");
    buf_fini(&found.payload);
}

static void test_store_rollback_leaves_nothing(void **state)
{
    struct made *m = *state;
    struct fact f = made_metric(7, 1, "k", "{}");
    const struct fact *list = &f;
    struct fact_found found = {0};
    enum err result;

    begin(m->store);
    assert_int_equal(store_facts_put(m->store, &list, 1, &result), WS_OK);
    store_rollback(m->store);
    assert_int_equal(store_facts_find(m->store, f.kind, 1, "k", &found),
                     WS_NOTFOUND);
}

static void test_store_take_ids_never_gives_one_twice(void **state)
{
    struct made *m = *state;
    int64_t a, b, c, other;

    begin(m->store);
    assert_int_equal(store_take_ids(m->store, "fact", 100, &a), WS_OK);
    assert_int_equal(store_take_ids(m->store, "other", 1, &other), WS_OK);
    commit(m->store);
    assert_int_equal(a, 1);
    assert_int_equal(other, 1);
    begin(m->store);
    assert_int_equal(store_take_ids(m->store, "fact", 5, &b), WS_OK);
    store_rollback(m->store);
    store_close(TAKE(m->store));
    assert_int_equal(store_open(&m->store, m->address, 0), WS_OK);
    begin(m->store);
    assert_int_equal(store_take_ids(m->store, "fact", 1, &c), WS_OK);
    commit(m->store);
    assert_int_equal(c, 101);
}

static void test_store_key_is_taken_within_its_session_alone(void **state)
{
    struct made *m = *state;
    struct fact a = made_metric(1, 1, "k", "{}");
    struct fact b = made_metric(2, 2, "k", "{}");
    struct fact again = made_metric(3, 1, "k", "{\"x\":1}");
    struct fact upper = made_metric(4, 1, "K", "{}");
    const struct fact *list[] = {&a, &again, &upper, &b};
    enum err results[4];

    begin(m->store);
    assert_int_equal(store_facts_put(m->store, list, 4, results), WS_OK);
    commit(m->store);
    assert_int_equal(results[0], WS_OK);
    assert_int_equal(results[1], WS_EXISTS);
    assert_int_equal(results[2], WS_OK);
    assert_int_equal(results[3], WS_OK);
}

static void test_store_every_kind_is_kept_and_found(void **state)
{
    struct made *m = *state;

    for (enum wire_item_kind k = WIRE_ITEM_METRIC; k < WIRE_ITEM_KINDS; k++) {
        struct fact f = made_metric(100 + k, 1, "key", "{\"a\":1}");
        const struct fact *list = &f;
        struct fact_found found = {0};
        enum err result;

        f.kind = k;
        f.seq = 10 + k;
        memset(&f.metric, 0, sizeof f.screenshot);
        if (k == WIRE_ITEM_METRIC)
            f.metric = made_metric(1, 1, "", "").metric;
        if (k == WIRE_ITEM_SCREENSHOT)
            f.screenshot.blob = "1/2";
        if (k == WIRE_ITEM_RECORDING)
            f.recording.video_path = "v";
        if (k == WIRE_ITEM_EVENT)
            f.event.type = "pause";
        if (k == WIRE_ITEM_NOTICE_ACK)
            f.notice_ack.notice_hash = "n";
        if (k == WIRE_ITEM_TOMBSTONE)
            f.tombstone.reason = "evicted";
        begin(m->store);
        assert_int_equal(store_facts_put(m->store, &list, 1, &result), WS_OK);
        commit(m->store);
        assert_int_equal(store_facts_find(m->store, k, 1, "key", &found),
                         WS_OK);
        assert_int_equal(found.id, 100 + k);
        assert_int_equal(found.seq, 10 + k);
        assert_memory_equal(found.payload_sha256, f.payload_sha256, 32);
        assert_string_equal(found.blob, k == WIRE_ITEM_SCREENSHOT ? "1/2" : "");
        buf_fini(&found.payload);
    }
}

static void test_store_session_uid_and_token_are_unique(void **state)
{
    struct made *m = *state;
    struct store_session_key key;
    struct store_session row = {.id = 3,
                                .session_uid =
                                    "00000000000000000000000000000001",
                                .agent_name = "a",
                                .agent_version = "1",
                                .hostname = "h",
                                .username = "u",
                                .ip_address = "x",
                                .peer = "p",
                                .payload = ""};
    uint8_t token[32], other[32];

    made_session(m->store, 1);
    made_token(1, token);
    made_token(9, other);
    begin(m->store);
    assert_int_equal(store_sessions_put(m->store, &row, other), WS_EXISTS);
    store_rollback(m->store);
    row.session_uid = NULL;
    begin(m->store);
    assert_int_equal(store_sessions_put(m->store, &row, token), WS_EXISTS);
    store_rollback(m->store);
    assert_int_equal(store_sessions_by_token(m->store, token, &key), WS_OK);
    assert_int_equal(key.session_id, 1);
    assert_false(key.revoked);
    assert_int_equal(store_sessions_by_uid(
                         m->store, "00000000000000000000000000000001", &key),
                     WS_OK);
    assert_int_equal(store_sessions_by_token(m->store, other, &key),
                     WS_NOTFOUND);
    assert_int_equal(store_sessions_by_id(m->store, 77, &key), WS_NOTFOUND);
}

static void test_store_token_replaced_or_revoked_is_gone(void **state)
{
    struct made *m = *state;
    struct store_session_key key;
    uint8_t old[32], fresh[32];

    made_session(m->store, 1);
    made_token(1, old);
    made_token(8, fresh);
    begin(m->store);
    assert_int_equal(store_sessions_replace_token(m->store, 1, fresh, 5),
                     WS_OK);
    commit(m->store);
    assert_int_equal(store_sessions_by_token(m->store, old, &key), WS_NOTFOUND);
    begin(m->store);
    assert_int_equal(store_sessions_revoke_token(m->store, 1, 6), WS_OK);
    assert_int_equal(store_sessions_revoke_token(m->store, 1, 7), WS_NOTFOUND);
    assert_int_equal(store_sessions_revoke_token(m->store, 2, 7), WS_NOTFOUND);
    commit(m->store);
    assert_int_equal(store_sessions_by_token(m->store, fresh, &key), WS_OK);
    assert_true(key.revoked);
}

static void test_store_tokens_of_many_sessions_are_told_at_once(void **state)
{
    struct made *m = *state;
    struct store_token rows[131];
    uint8_t token[32];

    for (int i = 0; i < 131; i++) {
        rows[i] = (struct store_token){.session_id = i + 1, .live = i == 130};
        if (i < 130)
            made_session(m->store, i + 1);
    }
    begin(m->store);
    assert_int_equal(store_sessions_revoke_token(m->store, 70, 6), WS_OK);
    commit(m->store);
    assert_int_equal(store_sessions_tokens(m->store, rows, 131), WS_OK);
    for (int i = 0; i < 131; i++) {
        assert_int_equal(rows[i].live, i + 1 != 70 && i < 130);
        made_token(i + 1, token);
        if (rows[i].live)
            assert_memory_equal(rows[i].token_sha256, token, 32);
    }
    rows[69].live = true;
    assert_int_equal(store_sessions_tokens(m->store, rows + 69, 1), WS_OK);
    assert_false(rows[69].live);
}

static void test_store_older_heartbeat_never_replaces_a_newer(void **state)
{
    struct made *m = *state;
    struct store_ledger l;
    struct store_heartbeat rows[] = {
        {.session_id = 1, .last_seen_ns = 20, .head_seq = 9, .pending = 3},
        {.session_id = 1, .last_seen_ns = 10, .head_seq = 4, .pending = 1},
        {.session_id = 1, .last_seen_ns = 30, .pending = -1},
    };

    made_session(m->store, 1);
    begin(m->store);
    assert_int_equal(store_sessions_put_heartbeats(m->store, rows, 3), WS_OK);
    commit(m->store);
    assert_int_equal(store_ledger_read(m->store, 1, &l), WS_OK);
    assert_int_equal(l.head_seq, 9);
    assert_int_equal(l.head_ns, 20);
    assert_int_equal(l.pending, 3);
}

static int copy_rollup(void *ctx, const struct store_rollup *row)
{
    *(struct store_rollup *)ctx = *row;
    return 1;
}

static void
test_store_rollups_add_up_and_nothing_scored_moves_no_extreme(void **state)
{
    struct made *m = *state;
    const struct store_rollup rows[] = {
        {1, 7, .observations = 1}, /* nothing scored */
        {1, 7, .observations = 2, .scored = 1, .judged = 1,
         .productivity_sum = 40, .productivity_min = 40, .productivity_max = 40,
         .anomaly_sum = .5, .anomaly_min = .5, .anomaly_max = .5},
        {1, 7, .observations = 3, .failed = 2, .judged = 1, .anomaly_sum = 0.25,
         .anomaly_min = .25, .anomaly_max = .25},
        {1, 7, .observations = 1, .scored = 1, .productivity_sum = 10,
         .productivity_min = 10, .productivity_max = 10, .screenshots = 2,
         .screenshot_bytes = 99},
    };
    struct store_rollup r = {0};

    begin(m->store);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(store_facts_add_rollups(m->store, &rows[i], 1), WS_OK);
    commit(m->store);
    assert_int_equal(store_views_quarters(m->store, 1, 7, 8, copy_rollup, &r),
                     WS_OK);
    assert_int_equal(r.observations, 7);
    assert_int_equal(r.scored, 2);
    assert_int_equal(r.failed, 2);
    assert_int_equal(r.screenshots, 2);
    assert_int_equal(r.screenshot_bytes, 99);
    assert_int_equal(r.judged, 2);
    assert_true(r.productivity_sum == 50 && r.anomaly_sum == .75);
    assert_true(r.productivity_min == 10 && r.productivity_max == 40);
    assert_true(r.anomaly_min == .25 && r.anomaly_max == .5);
}

static void test_store_tier_is_the_last_notice_before_the_seq(void **state)
{
    struct made *m = *state;
    struct fact f = made_metric(5, 1, "k", "{}");
    const struct fact *list = &f;
    enum err result;
    int64_t tier;

    made_session(m->store, 1);
    f.kind = WIRE_ITEM_NOTICE_ACK;
    f.seq = 4;
    f.notice_ack = (struct fact_notice_ack){.notice_hash = "n", .tier = 3};
    begin(m->store);
    assert_int_equal(store_facts_put(m->store, &list, 1, &result), WS_OK);
    commit(m->store);
    assert_int_equal(store_sessions_tier(m->store, 1, 4, &tier), WS_OK);
    assert_int_equal(tier, -1);
    assert_int_equal(store_sessions_tier(m->store, 1, 5, &tier), WS_OK);
    assert_int_equal(tier, 3);
    assert_int_equal(store_sessions_tier(m->store, 2, 5, &tier), WS_NOTFOUND);
}

/* Layer 1: every session is an agent of its own. */
static void put_layer1_session(struct store *s, int64_t id)
{
    uint8_t token[32];
    struct store_session row = {.id = id,
                                .agent_name = "a",
                                .agent_version = "1",
                                .hostname = "h",
                                .username = "u",
                                .ip_address = "UNKNOWN",
                                .peer = "127.0.0.1",
                                .tier = -1,
                                .payload = "{}",
                                .payload_len = 2};

    made_token(id, token);
    assert_int_equal(store_begin(s), WS_OK);
    assert_int_equal(store_sessions_put(s, &row, token), WS_OK);
    assert_int_equal(store_commit(s), WS_OK);
}

static void test_store_agents_count_by_their_latest_session(void **state)
{
    static const struct store_scope all = {.width = STORE_SCOPE_EVERYONE};
    struct made *m = *state;
    struct store_heartbeat beats[] = {{.session_id = 1, .last_seen_ns = 900},
                                      {.session_id = 2, .last_seen_ns = 500},
                                      {.session_id = 3, .last_seen_ns = 950}};
    struct store_agents a;

    assert_int_equal(store_views_agents(m->store, &all, 800, 400, &a), WS_OK);
    assert_int_equal(a.sessions + a.online + a.late + a.offline, 0);
    made_session(m->store, 1); /* the older one of an agent: not counted */
    made_session(m->store, 2);
    put_layer1_session(m->store, 3);
    put_layer1_session(m->store, 4); /* never heard of */
    assert_int_equal(store_sessions_put_heartbeats(m->store, beats, 3), WS_OK);
    assert_int_equal(store_views_agents(m->store, &all, 800, 400, &a), WS_OK);
    assert_int_equal(a.sessions, 4);
    assert_int_equal(a.online, 1);
    assert_int_equal(a.late, 1);
    assert_int_equal(a.offline, 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_store_migrate_twice_applies_once),
        TEST(test_store_newer_schema_is_used_unless_it_says_otherwise),
        TEST(test_store_open_unknown_backend_is_invalid),
        TEST(test_store_reader_cannot_write),
        TEST(test_store_reader_sees_commits_alone),
        TEST(test_store_rollback_leaves_nothing),
        TEST(test_store_take_ids_never_gives_one_twice),
        TEST(test_store_key_is_taken_within_its_session_alone),
        TEST(test_store_every_kind_is_kept_and_found),
        TEST(test_store_session_uid_and_token_are_unique),
        TEST(test_store_token_replaced_or_revoked_is_gone),
        TEST(test_store_tokens_of_many_sessions_are_told_at_once),
        TEST(test_store_older_heartbeat_never_replaces_a_newer),
        TEST(test_store_rollups_add_up_and_nothing_scored_moves_no_extreme),
        TEST(test_store_agents_count_by_their_latest_session),
        TEST(test_store_tier_is_the_last_notice_before_the_seq),
    };
    int failed = 0;

    for (size_t i = 0; i < BACKENDS; i++) {
        if (!made_use(backends[i]))
            continue;
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
