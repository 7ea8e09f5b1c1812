#include "agent/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char state_dir[] = "/tmp/base.notice.XXXXXX";
static char server[] = "http://127.0.0.1:8080/api", empty[] = "",
            purpose[] = "a test", until[] = "2199-12-31", source[] = "x11";

static struct settings some(void)
{
    return (struct settings){.server = server,
                             .state = state_dir,
                             .source = source,
                             .every_ms = 10000,
                             .tier = 2,
                             .purpose = empty,
                             .until = empty,
                             .acknowledge = empty,
                             .hours = empty,
                             .input_counts = true,
                             .picture_every_ms = 60000};
}

static void test_notice_says_what_whom_where_and_rights(void **state)
{
    static const char *const must[] = {
        "Tier L2",     "every 10 s", "never which", "Where to:",
        server,        "Purpose:",   "Basis:",      "Kept:",
        "Your rights", "Pause",      "complain",    "no picture, no text",
        "clipboard",   "microphone"};
    struct settings s = some();
    OWN_BUF struct buf text = BUF_EMPTY;
    size_t column = 0;

    (void)state;
    notice_text(&s, &text);
    for (size_t i = 0; i < sizeof must / sizeof *must; i++)
        assert_non_null(strstr(text.data, must[i]));
    assert_null(strstr(text.data, "emotion"));
    for (size_t i = 0; i < text.len; i++) {
        column = text.data[i] == '\n' ? 0 : column + 1;
        assert_true(column <= 80);
    }
}

/* metric.c writes both from tier 3 on (METRIC_TIER_TEXT). */
static void test_notice_names_hash_and_words_from_tier_3_on(void **state)
{
    struct settings s = some();

    (void)state;
    for (s.tier = 0; s.tier <= 4; s.tier++) {
        OWN_BUF struct buf text = BUF_EMPTY;

        s.until = s.tier >= 3 ? until : empty;
        notice_text(&s, &text);
        if (s.tier == 3) {
            assert_non_null(strstr(text.data, "hash of the text"));
            assert_non_null(strstr(text.data, "how many words"));
        } else if (s.tier == 4) {
            assert_non_null(strstr(text.data, "what L3 sends"));
        } else {
            assert_null(strstr(text.data, "hash of the text"));
            assert_null(strstr(text.data, "how many words"));
        }
    }
}

static void test_notice_wider_settings_have_another_hash(void **state)
{
    struct settings a = some(), b = some();
    char first[SHA256_HEX_BYTES], second[SHA256_HEX_BYTES];

    (void)state;
    assert_int_equal(notice_hash(&a, first), WS_OK);
    assert_int_equal(notice_hash(&b, second), WS_OK);
    assert_string_equal(first, second);
    b.tier = 4;
    b.purpose = purpose;
    b.until = until;
    assert_int_equal(notice_hash(&b, second), WS_OK);
    assert_string_not_equal(first, second);
    b = some();
    b.every_ms = 5000;
    assert_int_equal(notice_hash(&b, second), WS_OK);
    assert_string_not_equal(first, second);
}

static void test_notice_acknowledged_by_hash_or_earlier_yes(void **state)
{
    struct settings s = some(), wider = some();
    char hash[SHA256_HEX_BYTES];

    (void)state;
    wider.tier = 4;
    wider.purpose = purpose;
    wider.until = until;
    assert_false(notice_is_acknowledged(&s));
    assert_int_equal(notice_hash(&s, hash), WS_OK);
    s.acknowledge = hash;
    assert_true(notice_is_acknowledged(&s));
    wider.acknowledge = hash; /* of another notice */
    assert_false(notice_is_acknowledged(&wider));
    s.acknowledge = empty;
    assert_int_equal(notice_remember(&s), WS_OK);
    assert_true(notice_is_acknowledged(&s));
    assert_false(notice_is_acknowledged(&wider));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(state_dir) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char path[128];

    (void)state;
    snprintf(path, sizeof path, "%s/notice.ack", state_dir);
    unlink(path);
    return rmdir(state_dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notice_says_what_whom_where_and_rights),
        cmocka_unit_test(test_notice_names_hash_and_words_from_tier_3_on),
        cmocka_unit_test(test_notice_wider_settings_have_another_hash),
        cmocka_unit_test(test_notice_acknowledged_by_hash_or_earlier_yes),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
