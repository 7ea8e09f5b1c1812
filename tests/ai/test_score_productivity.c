#include "agent/ai/score.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Features at random, each level or unknown; read unless said otherwise. */
static struct features any(void)
{
    struct features f = {.reading = READING_FRESH};

    for (int i = 0; i < FEATURE_COUNT; i++)
        f.value[i] = rand() % (features_registry[i].most + 2) - 1;
    f.class.category = (enum category)(rand() % CATEGORY_COUNT);
    f.class.confidence = (rand() % 5) / 4.0;
    f.coverage = (rand() % 9) / 8.0;
    return f;
}

static struct score_result score(const struct features *f)
{
    struct score_result r;

    score_productivity.score(f, NULL, &r);
    return r;
}

static void test_score_productivity_parts_sum_to_the_score(void **state)
{
    int scored = 0;

    (void)state;
    srand(7);
    for (int n = 0; n < 100000; n++) {
        struct features f = any();
        struct score_result r = score(&f);
        double sum = r.base;

        if (!r.scored)
            continue;
        scored++;
        for (size_t i = 0; i < r.part_count; i++) {
            assert_true(r.parts[i].contribution ==
                        r.parts[i].value * r.parts[i].weight);
            sum += r.parts[i].contribution;
        }
        assert_true(sum == r.value); /* exactly */
        assert_true(r.value >= 0 && r.value <= 100);
        assert_true(r.confidence >= 0 && r.confidence <= 1);
        assert_null(r.reason);
    }
    assert_true(scored > 10000);
}

static void test_score_productivity_without_ocr_abstains(void **state)
{
    (void)state;
    srand(8);
    for (int n = 0; n < 10000; n++) {
        struct features f = any();
        struct score_result r;

        f.reading = READING_NONE;
        r = score(&f);
        assert_false(r.scored);
        assert_true(r.value == SCORE_PRODUCTIVITY_ABSTAINED);
        assert_int_equal(r.part_count, 0);
        assert_non_null(r.reason);
    }
}

static void test_score_productivity_below_coverage_abstains(void **state)
{
    struct features f = any();

    (void)state;
    f.coverage = 0.375;
    assert_false(score(&f).scored);
    f.coverage = 0.5;
    assert_true(score(&f).scored);
}

static void test_score_productivity_more_input_never_lowers(void **state)
{
    (void)state;
    srand(9);
    for (int n = 0; n < 20000; n++) {
        struct features f = any();
        double last;

        f.coverage = 1;
        f.value[FEATURE_INPUT] = 0;
        last = score(&f).value;
        for (int i = 1; i <= 3; i++) {
            double now;

            f.value[FEATURE_INPUT] = i;
            now = score(&f).value;
            assert_true(now >= last);
            last = now;
        }
    }
}

static void test_score_productivity_more_switching_never_raises(void **state)
{
    (void)state;
    srand(10);
    for (int n = 0; n < 20000; n++) {
        struct features f = any();
        double last;

        f.coverage = 1;
        f.value[FEATURE_SWITCHES] = 0;
        last = score(&f).value;
        for (int i = 1; i <= 3; i++) {
            double now;

            f.value[FEATURE_SWITCHES] = i;
            now = score(&f).value;
            assert_true(now <= last);
            last = now;
        }
    }
}

static void test_score_productivity_better_category_never_lowers(void **state)
{
    (void)state;
    srand(11);
    for (int n = 0; n < 20000; n++) {
        struct features f = any(), g = f;

        f.coverage = g.coverage = 1;
        g.class.category = (enum category)(rand() % CATEGORY_COUNT);
        if (classify_categories[g.class.category].prior >=
            classify_categories[f.class.category].prior)
            assert_true(score(&g).value >= score(&f).value);
    }
}

static void test_score_productivity_reading_is_worth_typing(void **state)
{
    (void)state;
    srand(12);
    for (int n = 0; n < 20000; n++) {
        struct features typing = any(), reading;

        typing.coverage = 1;
        typing.value[FEATURE_PRESENT] = 1;
        typing.value[FEATURE_TEXT_SEEN] = 1;
        typing.value[FEATURE_INPUT] = 3;
        reading = typing;
        reading.value[FEATURE_INPUT] = 0;
        reading.value[FEATURE_CHANGE] = 0;
        reading.value[FEATURE_IDLE] = 1;
        assert_true(score(&reading).value >= score(&typing).value);
    }
}

static void test_score_productivity_missing_sensor_never_lowers(void **state)
{
    (void)state;
    srand(13);
    for (int n = 0; n < 20000; n++) {
        struct features f = any(), g;

        f.coverage = 1;
        f.value[FEATURE_PRESENT] = 0;
        g = f;
        g.value[FEATURE_PRESENT] = FEATURES_UNKNOWN;
        assert_true(score(&g).value >= score(&f).value);
        g = f;
        g.value[FEATURE_SWITCHES] = FEATURES_UNKNOWN;
        assert_true(score(&g).value >= score(&f).value);
    }
}

static void test_score_all_entries_are_whole(void **state)
{
    (void)state;
    for (int i = 0; i < SCORE_COUNT; i++) {
        struct score_memory memory = {0};
        struct score_result r;
        struct features f = any();

        assert_non_null(score_all[i]);
        assert_non_null(score_all[i]->name);
        assert_non_null(score_all[i]->model);
        f.reading = READING_NONE;
        score_all[i]->score(&f, &memory, &r);
        assert_false(r.scored);
        assert_non_null(r.reason);
    }
}

static void test_score_label_bands_are_the_words_of_the_wire(void **state)
{
    (void)state;
    assert_string_equal(score_label(0), "normal");
    assert_string_equal(score_label(0.9499), "normal");
    assert_string_equal(score_label(SCORE_UNUSUAL), "suspicious");
    assert_string_equal(score_label(SCORE_VERY_UNUSUAL), "critical");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_score_productivity_parts_sum_to_the_score),
        cmocka_unit_test(test_score_productivity_without_ocr_abstains),
        cmocka_unit_test(test_score_productivity_below_coverage_abstains),
        cmocka_unit_test(test_score_productivity_more_input_never_lowers),
        cmocka_unit_test(test_score_productivity_more_switching_never_raises),
        cmocka_unit_test(test_score_productivity_better_category_never_lowers),
        cmocka_unit_test(test_score_productivity_reading_is_worth_typing),
        cmocka_unit_test(test_score_productivity_missing_sensor_never_lowers),
        cmocka_unit_test(test_score_all_entries_are_whole),
        cmocka_unit_test(test_score_label_bands_are_the_words_of_the_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
