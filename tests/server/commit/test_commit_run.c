#include "server/commit/commit_run.h"
#include "server/store/store_db.h"
#include "server/store/store_ledger.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LETTERS                                                                \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void bury(struct made *m, const char *reason)
{
    struct commit_run run = {.store = m->store, .env = &env_system};
    struct commit_item it = made_item(1, reason, "{}"), *list = &it;

    it.fact.kind = WIRE_ITEM_TOMBSTONE;
    it.fact.tombstone = (struct fact_tombstone){.reason = reason, .count = 1};
    commit_run_group(&run, &list, 1);
    assert_int_equal(it.verdict, COMMIT_ACCEPTED);
}

static void test_commit_run_reason_class_is_cut_between_characters(void **state)
{
    struct made *m = *state;
    struct store_ledger l;

    assert_int_equal(strlen(LETTERS), 63);
    made_session(m->store, 1);
    bury(m, LETTERS "\xc3\xa9");
    bury(m, LETTERS "b: and why");
    assert_int_equal(store_ledger_read(m->store, 1, &l), WS_OK);
    assert_int_equal(l.reason_count, 2);
    assert_string_equal(l.reasons[0].reason, LETTERS);
    assert_string_equal(l.reasons[1].reason, LETTERS "b");
}

/* --- a lock that another connection holds --- */

struct held {
    struct store *by;
    int waits, until; /* the wait that ends it; 0: none does */
};

/* How long to wait for is asked between two tries. */
static void let_go(void *ctx, void *out, size_t len)
{
    struct held *h = ctx;

    if (++h->waits == h->until)
        store_rollback(h->by);
    env_random(&env_system, out, len);
}

static enum commit_verdict run_locked(struct made *m, int until,
                                      struct counters *counters, char *log,
                                      size_t log_size)
{
    OWN(store_close)
    struct store *by = NULL;
    struct held h = {.until = until};
    struct env env = env_system;
    struct commit_run run = {.store = m->store,
                             .env = &env,
                             .counters = counters,
                             .next_id = 1,
                             .end_id = 9};
    struct commit_item it = made_item(1, "k", "{}"), *list = &it;
    struct made_log l;

    env.random = let_go;
    env.ctx = &h;
    made_session(m->store, 1);
    assert_int_equal(
        db_exec(store_db_conn(m->store), "PRAGMA busy_timeout = 0"), WS_OK);
    assert_int_equal(store_open(&by, m->address, 0), WS_OK);
    h.by = by;
    assert_int_equal(store_begin(by), WS_OK);
    made_log_begin(&l, LOG_LEVEL_INFO);
    commit_run_group(&run, &list, 1);
    made_log_end(&l, log, log_size);
    return it.verdict;
}

static void test_commit_run_replay_that_succeeds_is_no_warning(void **state)
{
    struct counters counters = {0};
    char log[4096];

    assert_int_equal(run_locked(*state, 1, &counters, log, sizeof log),
                     COMMIT_ACCEPTED);
    assert_int_equal(counters.replays, 1);
    assert_non_null(strstr(log, "commit_replayed"));
    assert_null(strstr(log, "\"warn\""));
}

static void test_commit_run_last_try_that_fails_is_one_warning(void **state)
{
    struct counters counters = {0};
    char log[4096], *warning;

    assert_int_equal(run_locked(*state, 0, &counters, log, sizeof log),
                     COMMIT_RETRY);
    assert_int_equal(counters.replays, COMMIT_PLAN_TRIES - 1);
    warning = strstr(log, "\"warn\"");
    assert_non_null(warning);
    assert_non_null(strstr(warning, "commit_step_failed"));
    assert_null(strstr(warning + 1, "\"warn\""));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_commit_run_reason_class_is_cut_between_characters),
        TEST(test_commit_run_replay_that_succeeds_is_no_warning),
        TEST(test_commit_run_last_try_that_fails_is_one_warning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
