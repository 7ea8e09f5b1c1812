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

#include "core/clock.h"

#define STEP_NS (10 * CLOCK_NS_PER_S)
#define DAY_STEPS 8640
#define START_NS (INT64_C(1800000000) * CLOCK_NS_PER_S)

struct person {
    struct score_memory memory;
    int64_t step;
    struct score_result last;
};

/* One steady user: works from 8 to 18, at night the screen stands still. */
static struct features usual(int64_t step)
{
    struct features f = {.reading = READING_FRESH, .coverage = 1};
    int hour = (int)(step / 360 % 24);
    bool works = hour >= 8 && hour < 18;

    f.wall_ns = START_NS + step * STEP_NS;
    f.hour = hour;
    f.value[FEATURE_INPUT] = works ? 1 + rand() % 3 : 0;
    f.value[FEATURE_CHANGE] = works ? rand() % 3 : 0;
    f.value[FEATURE_SWITCHES] = works ? rand() % 2 : 0;
    f.value[FEATURE_IDLE] = works ? 0 : 3;
    f.value[FEATURE_PRESENT] = works;
    f.value[FEATURE_TEXT_SEEN] = 1;
    return f;
}

static double step(struct person *p, const struct features *f)
{
    score_anomaly.score(f, &p->memory, &p->last);
    p->step++;
    return p->last.value;
}

static void live(struct person *p, int days)
{
    for (int64_t i = 0; i < (int64_t)days * DAY_STEPS; i++) {
        struct features f = usual(p->step);

        (void)step(p, &f);
    }
}

static struct person *open_person(int days)
{
    struct person *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    srand(3);
    live(p, days);
    return p;
}

static void test_score_anomaly_first_day_is_learning(void **state)
{
    struct person *p = open_person(0);

    (void)state;
    for (int i = 0; i < DAY_STEPS; i++) {
        struct features f = usual(p->step);

        assert_true(step(p, &f) == 0);
        assert_false(p->last.scored);
        assert_true(p->last.learning);
        assert_int_equal(p->last.part_count, 0);
    }
    free(p);
}

static void
test_score_anomaly_steady_user_is_under_one_alarm_a_day(void **state)
{
    struct person *p = open_person(3);
    int alarms = 0;

    (void)state;
    for (int i = 0; i < 10 * DAY_STEPS; i++) {
        struct features f = usual(p->step);

        alarms += step(p, &f) >= SCORE_UNUSUAL;
        assert_true(p->last.scored);
    }
    print_message("# %d alarms in 10 days\n", alarms);
    assert_true(alarms < 10);
    free(p);
}

static void test_score_anomaly_spike_of_one_feature_raises(void **state)
{
    struct person *p = open_person(3);
    struct features f = usual(p->step);
    double v;

    (void)state;
    assert_int_equal(f.value[FEATURE_SWITCHES], 0); /* it is night */
    f.value[FEATURE_SWITCHES] = 3;
    v = step(p, &f);
    assert_true(v >= SCORE_UNUSUAL);
    assert_true(p->last.part_count >= 1);
    assert_string_equal(p->last.parts[0].name, "switch_level");
    assert_true(p->last.parts[0].expected < 1);
    free(p);
}

static void test_score_anomaly_episode_is_reported_once(void **state)
{
    struct person *p = open_person(3);
    struct features f = usual(p->step);
    int alarms = 0, silent = 0;

    (void)state;
    for (int i = 0; i < 60; i++) { /* ten minutes */
        f = usual(p->step);
        f.value[FEATURE_SWITCHES] = 3;
        alarms += step(p, &f) >= SCORE_UNUSUAL;
        silent += p->last.suppressed;
    }
    assert_int_equal(alarms, 1);
    assert_true(silent > 0);
    free(p);
}

static void test_score_anomaly_parts_sum_to_the_score(void **state)
{
    struct person *p = open_person(2);
    int raised = 0;

    (void)state;
    for (int i = 0; i < 20 * DAY_STEPS; i++) {
        struct features f = usual(p->step);
        double sum = 0;

        if (rand() % 500 == 0)
            for (int k = 0; k < FEATURE_COUNT; k++)
                f.value[k] = rand() % (features_registry[k].most + 1);
        (void)step(p, &f);
        for (size_t k = 0; k < p->last.part_count; k++)
            sum += p->last.parts[k].contribution;
        assert_true(sum == p->last.value); /* exactly */
        assert_true(p->last.value >= 0 && p->last.value <= 1);
        raised += p->last.value > 0;
    }
    assert_true(raised > 10);
    free(p);
}

static void test_score_anomaly_missing_sensor_is_not_unusual(void **state)
{
    struct person *p = open_person(3);

    (void)state;
    for (int k = 0; k < FEATURE_COUNT; k++) {
        struct features f = usual(p->step);

        f.value[k] = FEATURES_UNKNOWN;
        assert_true(step(p, &f) < SCORE_UNUSUAL);
    }
    free(p);
}

static void test_score_anomaly_without_ocr_abstains(void **state)
{
    struct person *p = open_person(3);
    struct features f = usual(p->step);

    (void)state;
    f.reading = READING_NONE;
    f.value[FEATURE_TEXT_SEEN] = FEATURES_UNKNOWN;
    f.value[FEATURE_SWITCHES] = 3;
    assert_true(step(p, &f) == 0);
    assert_false(p->last.scored);
    free(p);
}

static void test_score_anomaly_clock_steps_do_no_harm(void **state)
{
    struct person *p = open_person(2);

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct features f = usual(p->step);

        f.wall_ns += (rand() % 3 - 1) * 86400 * CLOCK_NS_PER_S;
        (void)step(p, &f);
        assert_true(p->last.value >= 0 && p->last.value <= 1);
    }
    free(p);
}

/* C-01: ten years back, in the middle of an episode that was reported. */
static void test_score_anomaly_clock_set_back_changes_nothing(void **state)
{
    const int64_t years_ns = INT64_C(3650) * 86400 * CLOCK_NS_PER_S;
    struct person *p = open_person(3);
    struct features f = usual(p->step);

    (void)state;
    f.value[FEATURE_SWITCHES] = 3;
    f.value[FEATURE_IDLE] = 1;
    assert_true(step(p, &f) >= SCORE_UNUSUAL);
    for (int i = 0; i < 400; i++) { /* past the episode */
        f = usual(p->step);
        f.wall_ns -= years_ns;
        (void)step(p, &f);
        assert_true(p->last.scored);
    }
    f = usual(p->step);
    f.wall_ns -= years_ns;
    f.value[FEATURE_SWITCHES] = 3;
    f.value[FEATURE_CHANGE] = 3;
    f.value[FEATURE_IDLE] = 1;
    (void)step(p, &f);
    assert_false(p->last.suppressed);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_score_anomaly_first_day_is_learning),
        cmocka_unit_test(
            test_score_anomaly_steady_user_is_under_one_alarm_a_day),
        cmocka_unit_test(test_score_anomaly_spike_of_one_feature_raises),
        cmocka_unit_test(test_score_anomaly_episode_is_reported_once),
        cmocka_unit_test(test_score_anomaly_parts_sum_to_the_score),
        cmocka_unit_test(test_score_anomaly_missing_sensor_is_not_unusual),
        cmocka_unit_test(test_score_anomaly_without_ocr_abstains),
        cmocka_unit_test(test_score_anomaly_clock_steps_do_no_harm),
        cmocka_unit_test(test_score_anomaly_clock_set_back_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
