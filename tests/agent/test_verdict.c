#include "agent/cli/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/cli/commands.h"
#include "core/buf.h"

#define NOW INT64_C(1000000)

/* Judge an answer whose observation is this old; more are further members of
 * the board, queue of the queue. */
static struct verdict judge(int64_t age_s, const char *state, bool enrolled,
                            const char *more, const char *queue)
{
    OWN(json_free)
    struct json *answer = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    struct settings s = {.every_ms = 10000, .ocr = OCR_OFF};
    struct verdict v;

    buf_printf(&text,
               "{\"ok\":true,\"enrolled\":%s,\"queue\":{%s},\"board\":{"
               "\"roles\":[{\"name\":\"capture\",\"pid\":7}],"
               "\"last_observation_wall_ms\":%lld,"
               "\"server_features\":1,\"capture_state\":\"%s\"%s%s}}",
               enrolled ? "true" : "false", queue,
               (long long)((1000 - age_s) * 1000), state, *more ? "," : "",
               more);
    assert_int_equal(json_parse(text.data, text.len, &answer, NULL), WS_OK);
    verdict_judge(answer, &s, NOW, &v);
    return v;
}

static void test_verdict_fresh_observation_is_recording(void **state)
{
    struct verdict v = judge(12, "capturing", true, "", "");

    (void)state;
    assert_string_equal(v.word, "RECORDING");
    assert_int_equal(v.exit, COMMANDS_OK);
    assert_int_equal(v.warning_count, 0);
}

static void test_verdict_older_than_two_intervals_is_not_recording(void **state)
{
    struct verdict v = judge(21, "capturing", true, "", "");

    (void)state;
    assert_string_equal(v.word, "NOT RECORDING");
    assert_int_equal(v.exit, COMMANDS_DEGRADED);
}

static void test_verdict_of_another_clock_is_not_recording(void **state)
{
    struct verdict v = judge(-3600, "capturing", true, "", "");

    (void)state;
    assert_string_equal(v.word, "NOT RECORDING");
}

static void test_verdict_backing_off_says_why(void **state)
{
    struct verdict v = judge(
        1, "capturing", true,
        "\"upload_lane\":2,\"upload_trouble\":\"no answer: expired\"", "");

    (void)state;
    assert_int_equal(v.exit, COMMANDS_DEGRADED);
    assert_int_equal(v.warning_count, 2);
    assert_string_equal(v.warnings[1], "upload: no answer: expired");
}

static void test_verdict_paused_is_5_also_with_warnings(void **state)
{
    struct verdict v = judge(60, "paused", true,
                             "\"paused_until_wall_ms\":1001000", "\"dead\":1");

    (void)state;
    assert_string_equal(v.word, "PAUSED");
    assert_int_equal(v.exit, COMMANDS_PAUSED);
    assert_int_equal(v.warning_count, 1);
}

static void test_verdict_refused_and_never_taken_is_not_enrolled(void **state)
{
    struct verdict v = judge(1, "capturing", false, "\"upload_lane\":3", "");

    (void)state;
    assert_int_equal(v.exit, COMMANDS_NOT_ENROLLED);
    v = judge(1, "capturing", true, "\"upload_lane\":3", "");
    assert_int_equal(v.exit, COMMANDS_DEGRADED);
}

static void test_verdict_trouble_is_named_and_degrades(void **state)
{
    static const struct {
        const char *board, *queue, *word;
    } troubles[] = {
        {"\"upload_lane\":2", "", "does not answer"},
        {"\"upload_lane\":4", "", "not a WorkSight server"},
        {"", "\"dead\":3", "3 dead letters"},
        {"", "\"parked\":2", "2 parked"},
        {"\"clock_offset_ms\":-5000", "", "clock"},
        {"\"ocr_state\":3", "", "OCR is missing"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof troubles / sizeof *troubles; i++) {
        struct verdict v =
            judge(1, "capturing", true, troubles[i].board, troubles[i].queue);

        assert_int_equal(v.exit, COMMANDS_DEGRADED);
        assert_int_equal(v.warning_count, 1);
        assert_non_null(strstr(v.warnings[0], troubles[i].word));
    }
}

static void test_verdict_no_badge_says_why_nothing_is_captured(void **state)
{
    struct verdict v = judge(60, "no_badge", true, "", "");

    (void)state;
    assert_int_equal(v.exit, COMMANDS_DEGRADED);
    assert_non_null(strstr(v.warnings[0], "badge"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_fresh_observation_is_recording),
        cmocka_unit_test(
            test_verdict_older_than_two_intervals_is_not_recording),
        cmocka_unit_test(test_verdict_of_another_clock_is_not_recording),
        cmocka_unit_test(test_verdict_backing_off_says_why),
        cmocka_unit_test(test_verdict_paused_is_5_also_with_warnings),
        cmocka_unit_test(test_verdict_refused_and_never_taken_is_not_enrolled),
        cmocka_unit_test(test_verdict_trouble_is_named_and_degrades),
        cmocka_unit_test(test_verdict_no_badge_says_why_nothing_is_captured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
