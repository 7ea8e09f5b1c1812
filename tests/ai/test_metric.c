#include "agent/ai/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/json.h"
#include "core/wire.h"

static struct ring_frame frame = {
    .number = 7, .wall_ns = INT64_C(1800000000000000000), .source = "synth"};

static struct json *written(const struct metric_input *in)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    struct json *doc = NULL;
    struct wire_problems problems = {.count = 0};

    metric_write(in, &out);
    assert_int_equal(json_parse(out.data, out.len, &doc, NULL), WS_OK);
    if (wire_check(&wire_metric, doc, &problems) != WS_OK)
        fail_msg("%s %s", problems.list[0].pointer, problems.list[0].detail);
    return doc;
}

/* Everything a metric may be made of, at random. */
static void make_any(struct features *f, struct score_result *results)
{
    struct score_memory memory = {0};

    memset(f, 0, sizeof(*f));
    for (int i = 0; i < FEATURE_COUNT; i++)
        f->value[i] = rand() % (features_registry[i].most + 2) - 1;
    f->class.category = (enum category)(rand() % CATEGORY_COUNT);
    strcpy(f->class.rule, "name:code");
    f->reading = (enum features_reading)(rand() % 3);
    f->coverage = (rand() % 9) / 8.0;
    for (int i = 0; i < SCORE_COUNT; i++)
        score_all[i]->score(f, &memory, &results[i]);
}

static void test_metric_every_tier_passes_the_wire_table(void **state)
{
    (void)state;
    srand(4);
    for (int n = 0; n < 500; n++) {
        struct score_result results[SCORE_COUNT];
        struct features f;
        struct metric_input in = {.frame = &frame,
                                  .features = &f,
                                  .results = results,
                                  .tier = n % 5,
                                  .words = rand() % 900 - 1};

        make_any(&f, results);
        json_free(written(&in));
    }
}

static void test_metric_contributions_on_the_wire_sum_to_the_score(void **state)
{
    int scored = 0;

    (void)state;
    srand(5);
    for (int n = 0; n < 500; n++) {
        struct score_result results[SCORE_COUNT];
        struct features f;
        struct metric_input in = {.frame = &frame,
                                  .features = &f,
                                  .results = results,
                                  .tier = 2,
                                  .words = 3};
        const struct json *features, *p, *list;
        OWN(json_free)
        struct json *doc = NULL;
        double sum;

        make_any(&f, results);
        doc = written(&in);
        features = json_get(doc, "features");
        if (!json_bool(json_get(features, "scored"), true)) {
            assert_true(json_number(json_get(doc, "productivity_score"), 0) ==
                        50);
            assert_string_equal(json_text(json_get(doc, "pipeline_status"), ""),
                                "partial");
            continue;
        }
        scored++;
        p = json_get(features, "productivity");
        list = json_get(p, "contributions");
        sum = json_number(json_get(p, "base"), 0);
        for (const struct json *c = json_first(list); c; c = json_next(c))
            sum += json_number(json_get(c, "contribution"), 0);
        assert_true(sum ==
                    json_number(json_get(doc, "productivity_score"), -1));
        assert_string_equal(json_text(json_get(doc, "pipeline_status"), ""),
                            "ok");
    }
    assert_true(scored > 50);
}

static void test_metric_below_tier_3_says_nothing_of_the_text(void **state)
{
    struct score_result results[SCORE_COUNT];
    struct features f;
    struct metric_input in = {.frame = &frame,
                              .features = &f,
                              .results = results,
                              .words = 211,
                              .text_hash = "a hash"};

    (void)state;
    make_any(&f, results);
    for (in.tier = 0; in.tier <= 4; in.tier++) {
        OWN(json_free)
        struct json *doc = written(&in);
        const struct json *features = json_get(doc, "features");
        bool told = in.tier >= METRIC_TIER_TEXT;

        assert_int_equal(json_kind(json_get(doc, "ocr_text_hash")),
                         told ? JSON_TEXT : JSON_NULL);
        assert_int_equal(json_kind(json_get(features, "words")),
                         told ? JSON_NUMBER : JSON_NULL);
    }
}

static void test_metric_at_tier_1_has_a_category_and_no_features(void **state)
{
    struct score_result results[SCORE_COUNT];
    struct features f;
    struct metric_input in = {.frame = &frame,
                              .features = &f,
                              .results = results,
                              .tier = 1,
                              .words = -1};
    OWN(json_free)
    struct json *doc = NULL;
    const struct json *features;

    (void)state;
    make_any(&f, results);
    doc = written(&in);
    features = json_get(doc, "features");
    assert_non_null(json_get(features, "category"));
    assert_null(json_get(features, "values"));
    assert_null(json_get(features, "productivity"));
    assert_null(json_get(features, "anomaly"));
    assert_false(json_bool(json_get(features, "scored"), true));
}

static void test_metric_picture_fields_pass_the_wire_table(void **state)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    OWN(json_free)
    struct json *doc = NULL;
    struct encode_picture picture = {
        .fd = -1, .len = 10, .width_px = 1920, .height_px = 1080};
    struct wire_problems problems = {.count = 0};

    (void)state;
    memset(picture.sha256, 'a', 64);
    metric_write_picture(&(struct metric_picture){&frame, &picture, 4, 3},
                         &out);
    assert_int_equal(json_parse(out.data, out.len, &doc, NULL), WS_OK);
    assert_int_equal(wire_check(&wire_screenshot, doc, &problems), WS_INVALID);
    /* session_id alone is missing: upload adds it to the form */
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.list[0].pointer, "/session_id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric_every_tier_passes_the_wire_table),
        cmocka_unit_test(
            test_metric_contributions_on_the_wire_sum_to_the_score),
        cmocka_unit_test(test_metric_below_tier_3_says_nothing_of_the_text),
        cmocka_unit_test(test_metric_at_tier_1_has_a_category_and_no_features),
        cmocka_unit_test(test_metric_picture_fields_pass_the_wire_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
