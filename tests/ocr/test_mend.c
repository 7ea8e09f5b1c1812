#include "agent/ocr/mend.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEIGHT_PX 26 /* of a line of 13 px, enlarged twice */

static struct engine_word room[64];

/* A word of a screen, 14 px high. */
static struct engine_word word(const char *text, int x_px, int width_px)
{
    struct engine_word w = {.confidence = 0.95};

    snprintf(w.text, sizeof(w.text), "%s", text);
    w.box = (struct plane_box){x_px, 10, width_px, 14};
    return w;
}

static struct engine_words words_of(const struct engine_word *list,
                                    size_t count)
{
    memcpy(room, list, sizeof(*list) * count);
    return (struct engine_words){room, count};
}

/* Lay out symbols 12 px wide, 2 px apart, and `gap` px before each ^. Returns
 * where a blank was found, as text: "Last ^24" -> "4". */
static void blanks_of(const char *text, int gap, char *found)
{
    struct mend_symbol symbols[64] = {0};
    size_t count = 0, len = 0;
    int x = 0;

    for (; *text; text++) {
        if (*text == '^') {
            x += gap - 2;
            continue;
        }
        symbols[count].text[0] = *text;
        symbols[count].left_px = x;
        symbols[count++].right_px = x + 12;
        x += 14;
    }
    for (size_t i = 1; i < count; i++)
        if (mend_is_blank(symbols, count, i, HEIGHT_PX))
            found[len++] = (char)('0' + i);
    found[len] = '\0';
}

static void test_mend_lost_blank_is_found_where_kinds_meet(void **state)
{
    char found[64];

    (void)state;
    blanks_of("Last^24^hours", 9, found);
    assert_string_equal(found, "46");
    blanks_of("Spaces:^4", 9, found);
    assert_string_equal(found, "7");
    blanks_of("42,^Col^17", 9, found);
    assert_string_equal(found, "36");
}

static void test_mend_tight_text_is_not_cut(void **state)
{
    static const char *const whole[] = {"Last24hours",  "9:00", "1,284",
                                        "x:1:1:daemon", "c11",  "v2beta",
                                        "a1b2c3d4",     "-j4",  "921K"};
    char found[64];

    (void)state;
    for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++) {
        blanks_of(whole[i], 0, found);
        assert_string_equal(found, "");
    }
    blanks_of("9:^00", 9, found); /* a time in a wide face */
    assert_string_equal(found, "");
    blanks_of("abc^def", 9, found); /* letters say nothing of a blank */
    assert_string_equal(found, "");
}

static void test_mend_torn_pieces_become_one_word(void **state)
{
    struct engine_word list[] = {word("model", 6, 44), word("_tools", 52, 50),
                                 word("_unavailable", 103, 90),
                                 word("end", 220, 24)};
    struct engine_words w = words_of(list, 4);

    (void)state;
    mend_line(&w);
    assert_int_equal(w.count, 2);
    assert_string_equal(w.list[0].text, "model_tools_unavailable");
    assert_int_equal(w.list[0].box.width_px, 193 - 6);
    assert_string_equal(w.list[1].text, "end");
}

static void test_mend_words_with_a_blank_stay_apart(void **state)
{
    struct engine_word list[] = {word("Refresh:", 6, 60), word("30s", 71, 24),
                                 word("end.", 100, 30), word("Next", 135, 30)};
    struct engine_words w = words_of(list, 4);

    (void)state;
    mend_line(&w);
    assert_int_equal(w.count, 4);
}

static void test_mend_joined_text_never_overflows(void **state)
{
    struct engine_word list[3];
    struct engine_words w;
    char half[ENGINE_TEXT_BYTES];

    (void)state;
    memset(half, '_', sizeof(half) - 1);
    half[sizeof(half) - 1] = '\0';
    for (int i = 0; i < 3; i++)
        list[i] = word(half, 6 + 100 * i, 99);
    w = words_of(list, 3);
    mend_line(&w);
    for (size_t i = 0; i < w.count; i++)
        assert_true(strlen(w.list[i].text) < ENGINE_TEXT_BYTES);
}

static void test_mend_bar_of_letter_height_is_the_letter(void **state)
{
    struct engine_word list[] = {word("|", 6, 3), word("think", 14, 40)};
    struct engine_words w = words_of(list, 2);

    (void)state;
    mend_line(&w);
    assert_string_equal(w.list[0].text, "I");
    list[0].box.height_px = 19; /* a pipe goes below the line */
    w = words_of(list, 2);
    mend_line(&w);
    assert_string_equal(w.list[0].text, "|");
}

static void test_mend_lone_signs_are_icons(void **state)
{
    struct engine_word icons[] = {word(">", 6, 8), word("|", 20, 3)};
    struct engine_word letter = word("A", 6, 9), digit = word("7", 6, 9);
    struct engine_words w = words_of(icons, 2);

    (void)state;
    mend_line(&w);
    assert_int_equal(w.count, 0);
    w = words_of(&letter, 1);
    mend_line(&w);
    assert_int_equal(w.count, 1); /* sure: a column's name */
    letter.confidence = 0.5;
    w = words_of(&letter, 1);
    mend_line(&w);
    assert_int_equal(w.count, 0);
    w = words_of(&digit, 1);
    mend_line(&w);
    assert_int_equal(w.count, 1);
}

static void test_mend_empty_line_stays_empty(void **state)
{
    struct engine_words w = {room, 0};

    (void)state;
    mend_line(&w);
    assert_int_equal(w.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mend_lost_blank_is_found_where_kinds_meet),
        cmocka_unit_test(test_mend_tight_text_is_not_cut),
        cmocka_unit_test(test_mend_torn_pieces_become_one_word),
        cmocka_unit_test(test_mend_words_with_a_blank_stay_apart),
        cmocka_unit_test(test_mend_joined_text_never_overflows),
        cmocka_unit_test(test_mend_bar_of_letter_height_is_the_letter),
        cmocka_unit_test(test_mend_lone_signs_are_icons),
        cmocka_unit_test(test_mend_empty_line_stays_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
