#include "server/ingest/facts.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define METRIC                                                                 \
    "{\"agent_timestamp\":\"2026-02-10T16:19:56.5Z\",\"source_type\":"         \
    "\"recording_window\",\"source_ref\":\"r\",\"feature_version\":%s,"        \
    "\"features\":{\"scored\":%s},\"productivity_score\":%s,"                  \
    "\"anomaly_score\":0.5,\"anomaly_label\":\"critical\",\"model_info\":{},"  \
    "\"pipeline_status\":\"failed\",\"later\":[1,2]}"

struct read {
    struct json *doc;
    struct fact f;
    struct facts_room room;
    struct wire_problems problems;
};

static enum err read_text(struct read *r, enum wire_item_kind kind,
                          const char *text)
{
    memset(r, 0, sizeof *r);
    r->f.received_ns = 99;
    assert_int_equal(json_parse(text, strlen(text), &r->doc, NULL), WS_OK);
    return facts_read(kind, r->doc, &r->f, &r->room, &r->problems);
}

static void drop(struct read *r)
{
    json_free(r->doc);
    facts_fini(&r->room);
}

static enum err read_metric(struct read *r, const char *version,
                            const char *scored, const char *productivity)
{
    char text[1024];

    snprintf(text, sizeof text, METRIC, version, scored, productivity);
    return read_text(r, WIRE_ITEM_METRIC, text);
}

static void test_facts_read_metric_fills_every_column(void **state)
{
    struct read r;

    (void)state;
    assert_int_equal(read_metric(&r, "\"2.1\"", "true", "71.25"), WS_OK);
    assert_int_equal(r.f.at_ns, INT64_C(1770740396500000000));
    assert_int_equal(r.f.metric.source_type, FACT_RECORDING_WINDOW);
    assert_int_equal(r.f.metric.label, FACT_CRITICAL);
    assert_int_equal(r.f.metric.pipeline, FACT_FAILED);
    assert_true(r.f.metric.scored);
    assert_true(r.f.metric.productivity == 71.25);
    assert_true(r.f.metric.anomaly == 0.5);
    assert_string_equal(r.f.metric.feature_version, "2.1");
    assert_null(r.f.metric.ocr_text_hash);
    drop(&r);
}

static void test_facts_read_version_as_number_is_kept_as_text(void **state)
{
    static const char *const versions[][2] = {{"2", "2"},
                                              {"1.5", "1.5"},
                                              {"0.1", "0.1"},
                                              {"3.10", "3.1"},
                                              {"1e3", "1000"}};
    struct read r;

    (void)state;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        assert_int_equal(read_metric(&r, versions[i][0], "true", "1"), WS_OK);
        assert_string_equal(r.f.metric.feature_version, versions[i][1]);
        drop(&r);
    }
}

static void test_facts_read_not_scored_only_when_said_so(void **state)
{
    struct read r;

    (void)state;
    assert_int_equal(read_metric(&r, "1", "false", "50"), WS_OK);
    assert_false(r.f.metric.scored);
    drop(&r);
    assert_int_equal(read_metric(&r, "1", "\"no\"", "50"), WS_OK);
    assert_true(r.f.metric.scored);
    drop(&r);
}

static void test_facts_category_is_kept_in_whole_characters(void **state)
{
#define TEN "0123456789"
    static const char *const cases[][2] = {
        {"true,\"category\":\"media\"", "media"},
        {"true,\"category\":\"" TEN TEN TEN "12345678\"",
         TEN TEN TEN "12345678"},
        {"true,\"category\":\"" TEN TEN TEN TEN "x\"", TEN TEN TEN "012345678"},
        {"true,\"category\":\"" TEN TEN TEN "12345678\xc3\xa9\"",
         TEN TEN TEN "12345678"},
        {"true,\"category\":7", NULL},
        {"true", NULL},
    };
    struct read r;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_metric(&r, "1", cases[i][0], "50"), WS_OK);
        if (cases[i][1])
            assert_string_equal(r.f.metric.category, cases[i][1]);
        else
            assert_null(r.f.metric.category);
        drop(&r);
    }
}

static void test_facts_activity_that_is_no_number_is_none(void **state)
{
    static const struct {
        const char *scored;
        bool known;
    } cases[] = {
        {"true,\"activity\":0.5", true},
        {"true,\"activity\":\"0.5\"", false},
        {"true,\"activity\":null", false},
        {"false,\"activity\":0.5", true},
        {"true", false},
    };
    struct read r;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_metric(&r, "1", cases[i].scored, "50"), WS_OK);
        if (cases[i].known)
            assert_true(r.f.metric.activity == 0.5);
        else
            assert_true(isnan(r.f.metric.activity));
        drop(&r);
    }
}

static void test_facts_judged_is_the_anomalys_word_else_as_scored(void **state)
{
    static const struct {
        const char *scored; /* the rest of `features` follows it */
        bool wanted, judged;
    } cases[] = {
        {"true", true, true},
        {"false", false, false},
        {"true,\"anomaly\":{\"scored\":false}", true, false},
        {"false,\"anomaly\":{\"scored\":true}", false, true},
        {"true,\"anomaly\":{\"mode\":\"static\"}", true, true},
        {"true,\"anomaly\":[1]", true, true},
        {"true,\"anomaly\":{\"scored\":\"no\"}", true, true},
    };
    struct read r;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_metric(&r, "1", cases[i].scored, "50"), WS_OK);
        assert_int_equal(r.f.metric.scored, cases[i].wanted);
        assert_int_equal(r.f.metric.judged, cases[i].judged);
        drop(&r);
    }
}

static void
test_facts_read_score_that_is_no_number_names_its_place(void **state)
{
    struct read r;

    (void)state;
    assert_int_equal(read_metric(&r, "1", "true", "\"x\""), WS_INVALID);
    assert_int_equal(r.problems.count, 1);
    assert_string_equal(r.problems.list[0].pointer, "/productivity_score");
    drop(&r);
}

static void test_facts_read_recording_has_defaults(void **state)
{
    struct read r;

    (void)state;
    assert_int_equal(read_text(&r, WIRE_ITEM_RECORDING,
                               "{\"video_path\":\"v\",\"started_at\":"
                               "\"1970-01-01T00:00:01Z\",\"ended_at\":"
                               "\"1970-01-01T00:00:02Z\"}"),
                     WS_OK);
    assert_int_equal(r.f.recording.status, FACT_UPLOADED);
    assert_int_equal(r.f.recording.bytes, -1);
    assert_int_equal(r.f.at_ns, 1000000000);
    assert_int_equal(r.f.recording.ended_ns, 2000000000);
    drop(&r);
}

static void test_facts_read_tombstone_takes_seqs_and_pairs(void **state)
{
    struct read r;

    (void)state;
    assert_int_equal(read_text(&r, WIRE_ITEM_TOMBSTONE,
                               "{\"reason\":\"x\",\"seqs\":[[2,5],9,[7,7]]}"),
                     WS_OK);
    assert_int_equal(r.f.tombstone.run_count, 3);
    assert_int_equal(r.f.tombstone.runs[0].last, 5);
    assert_int_equal(r.f.tombstone.runs[1].first, 9);
    assert_int_equal(r.f.tombstone.runs[1].last, 9);
    assert_int_equal(r.f.at_ns, 99);
    drop(&r);
}

static void test_facts_read_tombstone_of_nonsense_is_invalid(void **state)
{
    static const char *const bad[] = {"{\"reason\":\"x\"}",
                                      "{\"reason\":\"x\",\"seqs\":[]}",
                                      "{\"reason\":\"x\",\"seqs\":[0]}",
                                      "{\"reason\":\"x\",\"seqs\":[[5,2]]}",
                                      "{\"reason\":\"x\",\"seqs\":[[1,2,3]]}",
                                      "{\"reason\":\"x\",\"seqs\":[[1]]}",
                                      "{\"reason\":\"x\",\"seqs\":[[]]}",
                                      "{\"reason\":\"x\",\"seqs\":[\"1\"]}",
                                      "{\"reason\":\"x\",\"seqs\":[1.5]}",
                                      "{\"reason\":\"x\",\"seqs\":[null]}",
                                      "{\"reason\":\"x\",\"seqs\":[[1,{}]]}",
                                      "{\"reason\":\"x\",\"count\":0}",
                                      "{\"count\":3}"};
    struct read r;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_text(&r, WIRE_ITEM_TOMBSTONE, bad[i]),
                         WS_INVALID);
        assert_true(r.problems.count > 0);
        drop(&r);
    }
}

static void
test_facts_read_session_and_screenshot_travel_elsewhere(void **state)
{
    struct read r;

    (void)state;
    assert_int_equal(read_text(&r, WIRE_ITEM_SCREENSHOT,
                               "{\"session_id\":\"1\",\"captured_at\":"
                               "\"1970-01-01T00:00:01Z\"}"),
                     WS_INVALID);
    drop(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_read_metric_fills_every_column),
        cmocka_unit_test(test_facts_read_version_as_number_is_kept_as_text),
        cmocka_unit_test(test_facts_read_not_scored_only_when_said_so),
        cmocka_unit_test(test_facts_category_is_kept_in_whole_characters),
        cmocka_unit_test(test_facts_activity_that_is_no_number_is_none),
        cmocka_unit_test(test_facts_judged_is_the_anomalys_word_else_as_scored),
        cmocka_unit_test(
            test_facts_read_score_that_is_no_number_names_its_place),
        cmocka_unit_test(test_facts_read_recording_has_defaults),
        cmocka_unit_test(test_facts_read_tombstone_takes_seqs_and_pairs),
        cmocka_unit_test(test_facts_read_tombstone_of_nonsense_is_invalid),
        cmocka_unit_test(
            test_facts_read_session_and_screenshot_travel_elsewhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
