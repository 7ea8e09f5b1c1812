#include "agent/ai/text_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_text_hash_depends_on_key_text_and_order(void **state)
{
    uint8_t key[TEXT_HASH_KEY_BYTES] = {1}, other[TEXT_HASH_KEY_BYTES] = {2};
    struct ocr_wire_word ab[2] = {{.text = "alpha"}, {.text = "beta"}};
    struct ocr_wire_word ba[2] = {{.text = "beta"}, {.text = "alpha"}};
    char one[SHA256_HEX_BYTES], two[SHA256_HEX_BYTES];

    (void)state;
    text_hash_words(key, ab, 2, one);
    text_hash_words(key, ab, 2, two);
    assert_string_equal(one, two);
    assert_int_equal(strlen(one), 64);
    text_hash_words(other, ab, 2, two);
    assert_string_not_equal(one, two);
    text_hash_words(key, ba, 2, two);
    assert_string_not_equal(one, two);
    text_hash_words(key, ab, 1, two);
    assert_string_not_equal(one, two);
}

static void test_text_hash_is_not_the_plain_hash_of_the_text(void **state)
{
    uint8_t key[TEXT_HASH_KEY_BYTES] = {0};
    struct ocr_wire_word word = {.text = "zanzibar"};
    char keyed[SHA256_HEX_BYTES], plain[SHA256_HEX_BYTES];

    (void)state;
    text_hash_words(key, &word, 1, keyed);
    sha256_hash_hex("zanzibar", 8, plain);
    assert_string_not_equal(keyed, plain);
    sha256_hash_hex("zanzibar ", 9, plain);
    assert_string_not_equal(keyed, plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_hash_depends_on_key_text_and_order),
        cmocka_unit_test(test_text_hash_is_not_the_plain_hash_of_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
