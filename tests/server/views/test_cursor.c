#include "server/views/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t key[CURSOR_KEY_BYTES] = {1, 2, 3};
static const uint8_t other_key[CURSOR_KEY_BYTES] = {1, 2, 4};

static void write_one(char out[CURSOR_TEXT_BYTES])
{
    struct cursor c = {.list = 3,
                       .filter = cursor_filter("q=ana"),
                       .keys = {INT64_MIN, INT64_C(9007199254740991)}};

    cursor_write(&c, key, out);
}

static void test_cursor_read_gives_the_keys_back(void **state)
{
    struct cursor c = {.list = 3, .filter = cursor_filter("q=ana")};
    char text[CURSOR_TEXT_BYTES];

    (void)state;
    write_one(text);
    assert_int_equal(cursor_read(&c, key, text), WS_OK);
    assert_true(c.keys[0] == INT64_MIN);
    assert_true(c.keys[1] == INT64_C(9007199254740991));
}

static void test_cursor_any_changed_character_is_invalid(void **state)
{
    char text[CURSOR_TEXT_BYTES], bad[CURSOR_TEXT_BYTES];
    size_t i, len;

    (void)state;
    write_one(text);
    len = strlen(text);
    for (i = 0; i < len; i++) {
        struct cursor c = {.list = 3, .filter = cursor_filter("q=ana")};

        memcpy(bad, text, sizeof(bad));
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        assert_int_equal(cursor_read(&c, key, bad), WS_INVALID);
        memcpy(bad, text, sizeof(bad));
        bad[i] = '\0';
        assert_int_equal(cursor_read(&c, key, bad), WS_INVALID);
    }
}

static void test_cursor_of_another_list_or_filter_is_invalid(void **state)
{
    struct cursor list = {.list = 4, .filter = cursor_filter("q=ana")};
    struct cursor filter = {.list = 3, .filter = cursor_filter("q=bob")};
    char text[CURSOR_TEXT_BYTES];

    (void)state;
    write_one(text);
    assert_int_equal(cursor_read(&list, key, text), WS_INVALID);
    assert_int_equal(cursor_read(&filter, key, text), WS_INVALID);
}

static void test_cursor_of_another_servers_key_is_invalid(void **state)
{
    struct cursor c = {.list = 3, .filter = cursor_filter("q=ana")};
    char text[CURSOR_TEXT_BYTES];

    (void)state;
    write_one(text);
    assert_int_equal(cursor_read(&c, other_key, text), WS_INVALID);
}

static void test_cursor_garbage_is_invalid(void **state)
{
    static const char *const bad[] = {
        "",
        "A",
        "../../etc",
        "\"><script>",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AA"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    struct cursor c = {.list = 3};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(cursor_read(&c, key, bad[i]), WS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor_read_gives_the_keys_back),
        cmocka_unit_test(test_cursor_any_changed_character_is_invalid),
        cmocka_unit_test(test_cursor_of_another_list_or_filter_is_invalid),
        cmocka_unit_test(test_cursor_of_another_servers_key_is_invalid),
        cmocka_unit_test(test_cursor_garbage_is_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
