#include "agent/ai/classify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct classify *rules_of(const char *text)
{
    struct classify *c = NULL;

    assert_int_equal(classify_open(&c, text, stderr), WS_OK);
    return c;
}

static enum category category_of(const char *rules, const char *app,
                                 const char *title, char *rule)
{
    OWN(classify_close)
    struct classify *c = rules_of(rules);
    struct classify_result r;

    classify_window(c, app, title, &r);
    if (rule)
        strcpy(rule, r.rule);
    return r.category;
}

static void test_classify_known_names_have_their_class(void **state)
{
    char rule[CLASSIFY_RULE_BYTES];

    (void)state;
    assert_int_equal(category_of("", "code", "", rule), CATEGORY_DEVELOPMENT);
    assert_string_equal(rule, "name:code");
    assert_int_equal(category_of("", "XTerm", "", rule), CATEGORY_DEVELOPMENT);
    assert_int_equal(category_of("", "libreoffice-calc", "", NULL),
                     CATEGORY_OFFICE);
    assert_int_equal(category_of("", "thunderbird", "", NULL),
                     CATEGORY_COMMUNICATION);
    assert_int_equal(category_of("", "Steam", "", NULL), CATEGORY_GAMES);
}

static void test_classify_word_inside_another_is_not_found(void **state)
{
    (void)state;
    assert_int_equal(category_of("", "barcodescanner", "", NULL),
                     CATEGORY_UNKNOWN);
    assert_int_equal(category_of("", "steamroller", "", NULL),
                     CATEGORY_UNKNOWN);
}

static void test_classify_site_decides_only_in_a_browser(void **state)
{
    char rule[CLASSIFY_RULE_BYTES];

    (void)state;
    assert_int_equal(category_of("", "firefox", "Cats - YouTube", rule),
                     CATEGORY_MEDIA);
    assert_string_equal(rule, "title:youtube");
    assert_int_equal(category_of("", "firefox", "Some page", rule),
                     CATEGORY_WEB);
    assert_string_equal(rule, "name:firefox");
    assert_int_equal(category_of("", "code", "youtube.c", NULL),
                     CATEGORY_DEVELOPMENT);
}

static void test_classify_first_user_rule_wins_and_is_named(void **state)
{
    const char *rules = "# ours\n"
                        "design app=^firefox$ title=mockup\n"
                        "games app=firefox\n";
    char rule[CLASSIFY_RULE_BYTES];

    (void)state;
    assert_int_equal(category_of(rules, "Firefox", "The Mockup", rule),
                     CATEGORY_DESIGN);
    assert_string_equal(rule, "user:2");
    assert_int_equal(category_of(rules, "firefox", "github", rule),
                     CATEGORY_GAMES);
    assert_string_equal(rule, "user:3");
}

static void test_classify_rule_never_names_the_window_text(void **state)
{
    char rule[CLASSIFY_RULE_BYTES];

    (void)state;
    (void)category_of("", "zanzibarapp", "zanzibar title", rule);
    assert_string_equal(rule, "none");
    (void)category_of("office title=zanz.*", "x", "zanzibar", rule);
    assert_string_equal(rule, "user:1");
}

static void test_classify_bad_rules_are_all_named(void **state)
{
    struct classify *c = NULL;
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    (void)state;
    assert_int_equal(classify_open(&c,
                                   "wrong app=x\noffice\noffice what=1\n"
                                   "office app=a app=b\noffice app=(",
                                   to),
                     WS_INVALID);
    fclose(to);
    assert_null(c);
    assert_non_null(strstr(text, "line 1: unknown category"));
    assert_non_null(strstr(text, "line 2: neither"));
    assert_non_null(strstr(text, "line 3: a word is neither"));
    assert_non_null(strstr(text, "line 4: app= or title= stands twice"));
    assert_non_null(strstr(text, "line 5: the expression"));
    free(text);
}

static void test_classify_rules_come_from_a_file(void **state)
{
    char path[] = "/tmp/rules.XXXXXX";
    int fd = mkstemp(path);
    OWN(classify_close)
    struct classify *c = NULL, *none = NULL, *bad = NULL;
    struct classify_result r;
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);

    (void)state;
    assert_int_equal(write(fd, "games app=^code$\n", 17), 17);
    close(fd);
    assert_int_equal(classify_open_file(&c, path, to), WS_OK);
    classify_window(c, "code", "", &r);
    assert_int_equal(r.category, CATEGORY_GAMES);
    unlink(path);
    assert_int_equal(classify_open_file(&none, "", to), WS_OK);
    assert_int_equal(classify_open_file(&bad, path, to), WS_NOTFOUND);
    fclose(to);
    assert_non_null(strstr(text, path));
    free(text);
}

static void test_classify_empty_facts_are_unknown(void **state)
{
    struct classify_result r;
    OWN(classify_close)
    struct classify *c = rules_of("");

    (void)state;
    classify_window(c, "", "", &r);
    assert_int_equal(r.category, CATEGORY_UNKNOWN);
    assert_true(r.confidence == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classify_known_names_have_their_class),
        cmocka_unit_test(test_classify_word_inside_another_is_not_found),
        cmocka_unit_test(test_classify_site_decides_only_in_a_browser),
        cmocka_unit_test(test_classify_first_user_rule_wins_and_is_named),
        cmocka_unit_test(test_classify_rule_never_names_the_window_text),
        cmocka_unit_test(test_classify_bad_rules_are_all_named),
        cmocka_unit_test(test_classify_rules_come_from_a_file),
        cmocka_unit_test(test_classify_empty_facts_are_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
