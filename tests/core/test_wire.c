#include "core/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char *const metric =
    "{\"agent_timestamp\":\"2026-02-10T16:19:56Z\","
    "\"source_type\":\"screenshot\",\"source_ref\":\"a\",\"feature_version\":%"
    "s,"
    "\"features\":{},\"productivity_score\":%s,\"anomaly_score\":0,"
    "\"anomaly_label\":\"normal\",\"model_info\":{},\"pipeline_status\":\"ok\""
    "%s}";

/* Check a metric made of the three moving parts; the problems come back. */
static struct wire_problems check(const char *version, const char *score,
                                  const char *more)
{
    OWN(json_free)
    struct json *doc = NULL;
    struct wire_problems problems = {.count = 0};
    char text[1024];
    enum err e;

    snprintf(text, sizeof text, metric, version, score, more);
    assert_int_equal(json_parse(text, strlen(text), &doc, NULL), WS_OK);
    e = wire_check(&wire_metric, doc, &problems);
    assert_int_equal(e, problems.count ? WS_INVALID : WS_OK);
    return problems;
}

static struct wire_problems check_layer1(const char *version, const char *score)
{
    OWN(json_free)
    struct json *doc = NULL;
    struct wire_problems problems = {.count = 0};
    char text[1024];
    enum err e;

    snprintf(text, sizeof text, metric, version, score, "");
    assert_int_equal(json_parse(text, strlen(text), &doc, NULL), WS_OK);
    e = wire_check_layer1(&wire_metric, doc, &problems);
    assert_int_equal(e, problems.count ? WS_INVALID : WS_OK);
    return problems;
}

static void test_wire_metric_of_layer_1_is_taken(void **state)
{
    (void)state;
    assert_int_equal(check("\"v1\"", "71.5", "").count, 0);
    assert_int_equal(check("1", "0", "").count, 0);
    assert_int_equal(check("1.5", "100", ",\"unknown\":{\"x\":[1]}").count, 0);
    assert_int_equal(check("\"\"", "50",
                           ",\"ocr_text_hash\":null,\"error_code\":null,"
                           "\"error_message\":null")
                         .count,
                     0);
}

static void test_wire_metric_out_of_bounds_says_place_and_bounds(void **state)
{
    struct wire_problems p;

    (void)state;
    p = check("\"v1\"", "100.01", "");
    assert_int_equal(p.count, 1);
    assert_string_equal(p.list[0].pointer, "/productivity_score");
    assert_non_null(strstr(p.list[0].detail, "from 0 to 100"));
    p = check("\"v1\"", "\"x\"", "");
    assert_non_null(strstr(p.list[0].detail, "must be a number"));
    p = check("true", "50", "");
    assert_string_equal(p.list[0].pointer, "/feature_version");
    p = check("null", "50", "");
    assert_int_equal(p.count, 1);
}

static void test_wire_missing_fields_are_all_named(void **state)
{
    OWN(json_free)
    struct json *doc = NULL;
    struct wire_problems p = {.count = 0};

    (void)state;
    assert_int_equal(json_parse("{}", 2, &doc, NULL), WS_OK);
    assert_int_equal(wire_check(&wire_metric, doc, &p), WS_INVALID);
    assert_int_equal(p.count, 10);
    assert_string_equal(p.list[0].detail,
                        "agent_timestamp is missing, must be ISO 8601 like "
                        "2026-02-10T16:19:56.123456+00:00");
}

static void test_wire_score_as_text_is_taken_in_layer_1_only(void **state)
{
    static const char *const good[] = {"85.5", "0",    "100", ".5",
                                       "5.",   " 12 ", "1e2", "+7"};
    static const char *const bad[] = {"x",   "",     "101",     "-1",  "0x10",
                                      "inf", "nan",  "1_0",     "1 2", "1e",
                                      ".",   "1e99", "5\\u00e9"};
    char quoted[32];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(quoted, sizeof quoted, "\"%s\"", good[i]);
        assert_int_equal(check_layer1("1", quoted).count, 0);
        assert_int_equal(check("1", quoted, "").count, 1);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(quoted, sizeof quoted, "\"%s\"", bad[i]);
        assert_int_equal(check_layer1("1", quoted).count, 1);
    }
    assert_int_equal(check_layer1("1", "null").count, 1);
    assert_int_equal(check_layer1("1", "true").count, 1);
}

static void test_wire_whole_number_as_text_is_digits_alone(void **state)
{
    const struct wire_field f = {
        .name = "seq", .kind = WIRE_INT, .min = 2, .max = 2000};
    static const char *const bad[] = {"1e3", "0x10", "5.0", "", "2x", "1"};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct wire_problems p = {.count = 0};

        wire_check_text(&f, bad[i], &p);
        assert_int_equal(p.count, 1);
        assert_non_null(strstr(p.list[0].detail, "from 2 to 2000"));
    }
}

static void test_wire_layer_2_members_are_unknown_ones_in_layer_1(void **state)
{
    static const char text[] =
        "{\"video_path\":\"/a\",\"started_at\":\"2026-02-10T16:19:56Z\","
        "\"ended_at\":\"2026-02-10T16:19:56Z\",\"seq\":\"mine\"}";
    OWN(json_free)
    struct json *doc = NULL;
    struct wire_problems p = {.count = 0};

    (void)state;
    assert_int_equal(json_parse(text, strlen(text), &doc, NULL), WS_OK);
    assert_int_equal(wire_check_layer1(&wire_recording, doc, &p), WS_OK);
    assert_int_equal(wire_check(&wire_recording, doc, &p), WS_INVALID);
}

static void test_wire_text_is_bounded_in_characters(void **state)
{
    const struct wire_field f = {.name = "f", .kind = WIRE_TEXT, .max_len = 2};
    struct wire_problems p = {.count = 0};

    (void)state;
    wire_check_text(&f, "éé", &p);
    assert_int_equal(p.count, 0);
    wire_check_text(&f, "ééé", &p);
    assert_int_equal(p.count, 1);
}

static void test_wire_key_is_visible_ascii_up_to_255(void **state)
{
    char key[257];

    (void)state;
    memset(key, 'k', sizeof key);
    key[255] = '\0';
    assert_int_equal(wire_check_key(key), WS_OK);
    key[255] = 'k';
    key[256] = '\0';
    assert_int_equal(wire_check_key(key), WS_INVALID);
    assert_int_equal(wire_check_key(""), WS_INVALID);
    assert_int_equal(wire_check_key("a b"), WS_INVALID);
    assert_int_equal(wire_check_key("\xc3\xa9"), WS_INVALID);
}

static void test_wire_item_key_is_sha256_of_uid_and_seq(void **state)
{
    char key[65];

    (void)state;
    wire_item_key("00112233445566778899aabbccddeeff", 7, key);
    /* printf 00112233445566778899aabbccddeeff/7 | sha256sum */
    assert_string_equal(key, "7bf8f13cf46535a647b7fc27336d77db"
                             "84a2d4f9a46848df527979a0541e10d7");
}

static void test_wire_item_names_read_back(void **state)
{
    (void)state;
    for (enum wire_item_kind k = 0; k < WIRE_ITEM_KINDS; k++) {
        enum wire_item_kind back = WIRE_ITEM_KINDS;

        assert_int_equal(wire_item_kind(wire_item_name(k), &back), WS_OK);
        assert_int_equal(back, k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_metric_of_layer_1_is_taken),
        cmocka_unit_test(test_wire_metric_out_of_bounds_says_place_and_bounds),
        cmocka_unit_test(test_wire_missing_fields_are_all_named),
        cmocka_unit_test(test_wire_score_as_text_is_taken_in_layer_1_only),
        cmocka_unit_test(test_wire_whole_number_as_text_is_digits_alone),
        cmocka_unit_test(test_wire_layer_2_members_are_unknown_ones_in_layer_1),
        cmocka_unit_test(test_wire_text_is_bounded_in_characters),
        cmocka_unit_test(test_wire_key_is_visible_ascii_up_to_255),
        cmocka_unit_test(test_wire_item_key_is_sha256_of_uid_and_seq),
        cmocka_unit_test(test_wire_item_names_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
