#include "server/commit/commit_run.h"
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

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_commit_run_reason_class_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
