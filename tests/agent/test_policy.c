#include "agent/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

static void test_policy_says_what_is_allowed(void **state)
{
    static const struct {
        const char *text;
        int64_t revision, tier_max;
    } rows[] = {
        {"{\"revision\":1,\"tier_max\":4,\"heartbeat_s\":10}", 1, 4},
        {"{\"revision\":5,\"tier_max\":0}", 5, 0},
        {"{\"revision\":2}", 2, 4}, /* a member that is missing */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy p;

        assert_int_equal(policy_parse(rows[i].text, strlen(rows[i].text), &p),
                         WS_OK);
        assert_int_equal(p.revision, rows[i].revision);
        assert_int_equal(p.tier_max, rows[i].tier_max);
    }
}

static void test_policy_that_is_none_changes_nothing(void **state)
{
    static const char *const bad[] = {"",
                                      "<html>",
                                      "{}",
                                      "[]",
                                      "{\"tier_max\":2}",
                                      "{\"revision\":0,\"tier_max\":2}",
                                      "{\"revision\":1,\"tier_max\":5}",
                                      "{\"revision\":1,\"tier_max\":\"L1\"}",
                                      "{\"revision\":1,\"tier_max\":-1}"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct policy p = {.revision = 7, .tier_max = 1};

        assert_int_not_equal(policy_parse(bad[i], strlen(bad[i]), &p), WS_OK);
        assert_int_equal(p.revision, 7);
        assert_int_equal(p.tier_max, 1);
    }
}

static void test_policy_is_kept_for_the_next_run(void **state)
{
    char dir[] = "/tmp/ws-policy-XXXXXX", path[64];
    struct policy p = {.revision = 3, .tier_max = 2}, back = {0};

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(policy_load(dir, &back), WS_NOTFOUND);
    assert_int_equal(policy_save(dir, &p), WS_OK);
    assert_int_equal(policy_load(dir, &back), WS_OK);
    assert_int_equal(back.revision, 3);
    assert_int_equal(back.tier_max, 2);
    snprintf(path, sizeof path, "%s/policy.json", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy_says_what_is_allowed),
        cmocka_unit_test(test_policy_that_is_none_changes_nothing),
        cmocka_unit_test(test_policy_is_kept_for_the_next_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
