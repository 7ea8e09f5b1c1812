#include "agent/ai/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_WORDS 64

/* What is found in one line, its words apart by blanks: a letter a word. */
static void look(const char *line, char *found)
{
    static const char letters[] = {
        [REDACT_NOTHING] = '.', [REDACT_EMAIL] = 'e',    [REDACT_NUMBER] = 'n',
        [REDACT_CARD] = 'c',    [REDACT_ACCOUNT] = 'a',  [REDACT_PHONE] = 'p',
        [REDACT_SECRET] = 's',  [REDACT_LABELLED] = 'l',
    };
    struct ocr_wire_word words[MAX_WORDS] = {0};
    enum redact_kind kinds[MAX_WORDS];
    size_t count = 0;
    char copy[1024], *save = NULL;

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *w = strtok_r(copy, " ", &save); w && count < MAX_WORDS;
         w = strtok_r(NULL, " ", &save))
        snprintf(words[count++].text, OCR_WIRE_TEXT_BYTES, "%s", w);
    (void)redact_words(words, count, kinds);
    for (size_t i = 0; i < count; i++)
        found[i] = letters[kinds[i]];
    found[count] = '\0';
}

struct example {
    const char *line, *found;
};

static void check(const struct example *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char found[MAX_WORDS + 1];

        look(list[i].line, found);
        if (strcmp(found, list[i].found) != 0)
            fail_msg("%s: found %s, not %s", list[i].line, found,
                     list[i].found);
    }
}

#define CHECK(list) check(list, sizeof(list) / sizeof(*(list)))

static void test_redact_email_is_found(void **state)
{
    static const struct example list[] = {
        {"mail ana.romero@example.org now", ".e."},
        {"To: <bob@corp.example>, carl", ".e."},
        {"x+y_z@sub.domain.example", "e"},
        {"ana@examp1e", "e"},
    };

    (void)state;
    CHECK(list);
}

static void test_redact_long_number_is_found(void **state)
{
    static const struct example list[] = {
        {"order 123456789012", ".n"},
        {"id=9876543210", "n"},
        {"No 12345O7890", ".n"},
    };

    (void)state;
    CHECK(list);
}

static void test_redact_card_is_found_across_words(void **state)
{
    static const struct example list[] = {
        {"card 4111 1111 1111 1111 valid", ".cccc."},
        {"5500-0000-0000-0004", "c"},
        {"3782 822463 10005", "ccc"},
        {"41l1 1111 1111 1111", "cccc"},
    };

    (void)state;
    CHECK(list);
}

static void test_redact_account_is_found_across_words(void **state)
{
    static const struct example list[] = {
        {"IBAN DE89 3704 0044 0532 0130 00 bank", ".aaaaaa."},
        {"GB82WEST12345698765432", "a"},
        {"FR14 2004 1010 0505 0001 3M02 606", "aaaaaaa"},
    };

    (void)state;
    CHECK(list);
}

static void test_redact_phone_is_found(void **state)
{
    static const struct example list[] = {
        {"call +49 30 901820 today", ".ppp."},
        {"(030) 9018-2044", "pp"},
        {"0171 2345678", "pp"},
        {"555-123-4567", "p"},
        {"078-05-1120", "p"},
    };

    (void)state;
    CHECK(list);
}

static void test_redact_secret_is_found(void **state)
{
    static const struct example list[] = {
        {"key AKIAIOSFODNN7EXAMPLE end", ".s."},
        {"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "s"},
        {"wJalrXUtnFEMI7K7MDENGbPxRfiCY", "s"},
        {"sha 3f2a9c81d04be7716a5c2290", ".s"},
        {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", "s"},
    };

    (void)state;
    CHECK(list);
}

static void test_redact_labelled_value_is_found(void **state)
{
    static const struct example list[] = {
        {"Password: hunter2", ".l"},
        {"password = swordfish ok", "..l."},
        {"DB pwd=tiger", ".l"},
        {"api_key: abc", ".l"},
    };

    (void)state;
    CHECK(list);
}

static void test_redact_ordinary_text_is_left(void **state)
{
    static const struct example list[] = {
        {"Meeting at 16:00 in room 204", "......"},
        {"on 2026-11-22 and 22.11.2026 again", "....."},
        {"313,492.40 65,833.40 379,325.80", "..."},
        {"version 12.4.1 build 20263", "...."},
        {"convertResultsPathToDataPath(path)", "."},
        {"/usr/share/tesseract-ocr/5/tessdata", "."},
        {"https://example.org/docs/page-2.html", "."},
        {"INV-95319 INV-38140 OPS-2291", "..."},
        {"the secret garden of words", "....."},
        {"const struct wire_message wire_session;", "...."},
        {"127.0.0.1 8080 404 200", "...."},
        {"@ home", ".."},
        {"100% of 60 MiB", "...."},
        {"@media screen", ".."},
        {"-rw-r--r-- 1 root root 4096", "....."},
    };

    (void)state;
    CHECK(list);
}

static void test_redact_number_split_by_a_line_end_is_not_joined(void **state)
{
    struct ocr_wire_word words[2] = {{.text = "4111 1111", .line = 1},
                                     {.text = "1111 1111", .line = 2}};
    enum redact_kind kinds[2];

    (void)state;
    assert_int_equal(redact_words(words, 2, kinds), 0);
}

static void test_redact_full_page_stays_in_bounds(void **state)
{
    struct ocr_wire_word *words = calloc(OCR_WIRE_MAX_WORDS, sizeof(*words));
    enum redact_kind *kinds = calloc(OCR_WIRE_MAX_WORDS, sizeof(*kinds));

    (void)state;
    for (size_t i = 0; i < OCR_WIRE_MAX_WORDS; i++)
        memset(words[i].text, '1', OCR_WIRE_TEXT_BYTES);
    assert_int_equal(redact_words(words, OCR_WIRE_MAX_WORDS, kinds),
                     OCR_WIRE_MAX_WORDS);
    free(words);
    free(kinds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redact_email_is_found),
        cmocka_unit_test(test_redact_long_number_is_found),
        cmocka_unit_test(test_redact_card_is_found_across_words),
        cmocka_unit_test(test_redact_account_is_found_across_words),
        cmocka_unit_test(test_redact_phone_is_found),
        cmocka_unit_test(test_redact_secret_is_found),
        cmocka_unit_test(test_redact_labelled_value_is_found),
        cmocka_unit_test(test_redact_ordinary_text_is_left),
        cmocka_unit_test(test_redact_number_split_by_a_line_end_is_not_joined),
        cmocka_unit_test(test_redact_full_page_stays_in_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
