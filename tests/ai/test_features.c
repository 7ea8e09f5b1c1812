#include "agent/ai/features.h"

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

static const struct classify_result office = {CATEGORY_OFFICE, 0.75, "name:x"};

static struct ring_frame frame_at(int64_t second)
{
    return (struct ring_frame){.number = 1,
                               .mono_ns = second * CLOCK_NS_PER_S,
                               .wall_ns =
                                   (1800000000 + second) * CLOCK_NS_PER_S,
                               .interval_ms = 10000,
                               .width_px = 1920,
                               .height_px = 1080,
                               .flags = RING_HAS_PIXELS};
}

static struct features make(struct features_history *h,
                            const struct ring_frame *f,
                            enum features_reading reading)
{
    struct features_input in = {f, &office, reading, true};
    struct features out;

    features_make(h, &in, &out);
    return out;
}

/* The allow-list: a feature that is not here may not be in the registry. */
static void test_features_registry_is_the_allow_list(void **state)
{
    static const char *const allowed[] = {
        "input_level", "change_level", "switch_level", "idle_level",
        "present",     "fullscreen",   "inhibited",    "text_seen",
    };

    (void)state;
    assert_int_equal(FEATURE_COUNT, sizeof(allowed) / sizeof(*allowed));
    for (int i = 0; i < FEATURE_COUNT; i++) {
        assert_string_equal(features_registry[i].name, allowed[i]);
        assert_in_range(features_registry[i].most, 1, 3);
        assert_non_null(features_registry[i].doc);
    }
}

static void test_features_registry_infers_no_state_of_mind(void **state)
{
    static const char *const banned[] = {
        "emotion", "mood",   "stress", "attention", "honest",
        "person",  "typing", "rhythm", "dwell",     "speed",
    };

    (void)state;
    for (int i = 0; i < FEATURE_COUNT; i++)
        for (size_t k = 0; k < sizeof(banned) / sizeof(*banned); k++) {
            assert_null(strstr(features_registry[i].name, banned[k]));
            assert_null(strstr(features_registry[i].doc, banned[k]));
        }
}

static void test_features_values_stay_in_their_levels(void **state)
{
    struct features_history h = {0};

    (void)state;
    srand(1);
    for (int n = 0; n < 20000; n++) {
        struct ring_frame f = frame_at(n);
        struct features out;

        f.flags = (uint32_t)rand() & 255;
        f.changed_share = rand() / (double)RAND_MAX;
        f.idle_ms = rand() % 3000000 - 1;
        f.key_events = (uint32_t)rand() % 2000;
        f.window_switches = (uint32_t)rand() % 9;
        out = make(&h, &f, (enum features_reading)(rand() % 3));
        for (int i = 0; i < FEATURE_COUNT; i++) {
            assert_true(out.value[i] >= FEATURES_UNKNOWN);
            assert_true(out.value[i] <= features_registry[i].most);
        }
        assert_true(out.coverage >= 0 && out.coverage <= 1);
        assert_true(out.activity >= 0 && out.activity <= 1);
    }
}

static void test_features_input_of_a_minute_falls_off(void **state)
{
    struct features_history h = {0};
    struct ring_frame f = frame_at(100);

    (void)state;
    f.interval_ms = 40000;
    f.key_events = 1;
    assert_int_equal(make(&h, &f, READING_NONE).value[FEATURE_INPUT], 3);
    f = frame_at(130);
    assert_int_equal(make(&h, &f, READING_NONE).value[FEATURE_INPUT], 3);
    f = frame_at(170);
    assert_int_equal(make(&h, &f, READING_NONE).value[FEATURE_INPUT], 0);
}

static void test_features_short_intervals_are_not_more_input(void **state)
{
    struct features_history h = {0};
    struct features out = {0};

    (void)state;
    for (int i = 0; i < 1000; i++) { /* a key in each interval, for 10 s */
        struct ring_frame f = frame_at(100);

        f.mono_ns += i * 10 * CLOCK_NS_PER_MS;
        f.interval_ms = 10;
        f.key_events = 1;
        out = make(&h, &f, READING_NONE);
    }
    assert_int_equal(out.value[FEATURE_INPUT], 1);
}

static void test_features_more_input_time_is_a_higher_level(void **state)
{
    static const int levels[6] = {1, 2, 2, 3, 3, 3};
    struct features_history h = {0};

    (void)state;
    for (int i = 0; i < 6; i++) {
        struct ring_frame f = frame_at(100 + 10 * i);

        f.button_events = 1;
        assert_int_equal(make(&h, &f, READING_NONE).value[FEATURE_INPUT],
                         levels[i]);
    }
}

static void test_features_missing_sensors_are_unknown(void **state)
{
    struct features_history h = {0};
    struct ring_frame f = frame_at(1);
    struct features out;

    (void)state;
    f.flags = RING_NO_INPUT_COUNTS | RING_NO_WINDOW_FACTS | RING_LOCKED;
    f.idle_ms = -1;
    out = make(&h, &f, READING_NONE);
    assert_int_equal(out.value[FEATURE_INPUT], FEATURES_UNKNOWN);
    assert_int_equal(out.value[FEATURE_SWITCHES], FEATURES_UNKNOWN);
    assert_int_equal(out.value[FEATURE_IDLE], FEATURES_UNKNOWN);
    assert_int_equal(out.value[FEATURE_PRESENT], FEATURES_UNKNOWN);
    assert_int_equal(out.value[FEATURE_CHANGE], FEATURES_UNKNOWN);
    assert_int_equal(out.value[FEATURE_TEXT_SEEN], FEATURES_UNKNOWN);
    assert_int_equal(out.value[FEATURE_FULLSCREEN], FEATURES_UNKNOWN);
    assert_int_equal(out.value[FEATURE_INHIBITED], FEATURES_UNKNOWN);
    assert_true(out.coverage == 0);
}

static void test_features_full_screen_or_inhibitor_is_present(void **state)
{
    struct features_history h = {0};
    struct ring_frame f = frame_at(1);

    (void)state;
    f.idle_ms = 3600000;
    assert_int_equal(make(&h, &f, READING_FRESH).value[FEATURE_PRESENT], 0);
    f.flags |= RING_INHIBITED;
    assert_int_equal(make(&h, &f, READING_FRESH).value[FEATURE_PRESENT], 1);
    f.flags = RING_HAS_PIXELS | RING_FULLSCREEN;
    assert_int_equal(make(&h, &f, READING_FRESH).value[FEATURE_PRESENT], 1);
}

/* What a text is of shows in how many keys it took (a capital is two), in how
 * much of the screen changed, and in whether anything can be read. */
static void differ_by_text(struct ring_frame *f)
{
    f->key_events = 1 + (uint32_t)rand() % 1000;
    f->button_events = (uint32_t)rand() % 3;
    f->changed_share = 1e-6 + 0.99 * rand() / RAND_MAX;
}

static void test_features_texts_of_one_length_are_alike(void **state)
{
    (void)state;
    srand(2);
    for (int i = 0; i < 5000; i++) {
        struct features_history a = {0}, b = {0};
        struct ring_frame f = frame_at(1), g = f;
        struct features x, y;

        differ_by_text(&f);
        differ_by_text(&g);
        features_make(
            &a, &(struct features_input){&f, &office, READING_FRESH, true}, &x);
        features_make(
            &b, &(struct features_input){&g, &office, READING_FRESH, false},
            &y);
        assert_memory_equal(x.value, y.value, sizeof(x.value));
        assert_true(x.coverage == y.coverage && x.activity == y.activity);
    }
}

/* Without counts, idle time tells that somebody may be writing. */
static void test_features_texts_are_alike_without_counts(void **state)
{
    struct features_history h = {0};
    struct ring_frame f = frame_at(1);
    struct features_input in = {&f, &office, READING_FRESH, false};
    struct features out;

    (void)state;
    f.flags |= RING_NO_INPUT_COUNTS;
    f.changed_share = 0.9;
    f.idle_ms = 10000;
    features_make(&h, &in, &out);
    assert_int_equal(out.value[FEATURE_CHANGE], 1);
    assert_int_equal(out.value[FEATURE_TEXT_SEEN], 1);
    f.idle_ms = 61000;
    features_make(&h, &in, &out);
    assert_int_equal(out.value[FEATURE_CHANGE], 3);
    assert_int_equal(out.value[FEATURE_TEXT_SEEN], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_features_registry_is_the_allow_list),
        cmocka_unit_test(test_features_registry_infers_no_state_of_mind),
        cmocka_unit_test(test_features_values_stay_in_their_levels),
        cmocka_unit_test(test_features_input_of_a_minute_falls_off),
        cmocka_unit_test(test_features_short_intervals_are_not_more_input),
        cmocka_unit_test(test_features_more_input_time_is_a_higher_level),
        cmocka_unit_test(test_features_missing_sensors_are_unknown),
        cmocka_unit_test(test_features_full_screen_or_inhibitor_is_present),
        cmocka_unit_test(test_features_texts_of_one_length_are_alike),
        cmocka_unit_test(test_features_texts_are_alike_without_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
