#include "server/auth/password.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void refused(const char *password, const char *account,
                    const char *because)
{
    char why[PASSWORD_WHY_BYTES] = "";

    assert_int_equal(password_check(password, account, why), WS_INVALID);
    if (!strstr(why, because))
        fail_msg("\"%s\" was refused because \"%s\", not \"%s\"", password, why,
                 because);
}

static void test_password_check_short_is_invalid(void **state)
{
    (void)state;
    refused("", "ana", "0 characters");
    refused("elevenchars", "ana", "11 characters");
    /* eleven characters of two bytes each */
    refused("ééééééééééé", "ana", "11 characters");
}

static void test_password_check_too_long_is_invalid(void **state)
{
    static char text[PASSWORD_MAX_BYTES + 2];
    size_t i;

    (void)state;
    for (i = 0; i + 1 < sizeof(text); i++)
        text[i] = (char)('a' + i % 7);
    refused(text, "ana", "longer");
}

static void test_password_check_common_is_invalid(void **state)
{
    (void)state;
    refused("Password1234", "ana", "first ones");
    refused("password!!!!", "ana", "first ones");
    refused("worksight2026", "ana", "first ones");
    refused("qwertyuiop123", "ana", "first ones");
    refused("aaaaaaaaaaaa", "ana", "first ones");
    refused("abcdefghijklmn", "ana", "first ones");
    refused("zyxwvutsrqpo", "ana", "first ones");
}

static void test_password_check_with_the_name_is_invalid(void **state)
{
    (void)state;
    refused("i am Maria, hello", "maria", "name");
}

static void test_password_check_four_words_is_fine(void **state)
{
    char why[PASSWORD_WHY_BYTES];

    (void)state;
    assert_int_equal(password_check("tulip gravel seven moth", "ana", why),
                     WS_OK);
}

static void test_password_verify_tells_right_from_wrong(void **state)
{
    char hash[PASSWORD_HASH_BYTES];

    (void)state;
    assert_int_equal(password_hash("tulip gravel seven moth", hash), WS_OK);
    assert_memory_equal(hash, "$argon2id$", 10);
    assert_int_equal(password_verify(hash, "tulip gravel seven moth"), WS_OK);
    assert_int_equal(password_verify(hash, "tulip gravel seven moths"),
                     WS_DENIED);
}

static void test_password_verify_without_account_is_denied(void **state)
{
    (void)state;
    assert_int_equal(password_verify(NULL, "anything at all"), WS_DENIED);
}

static atomic_int denied, refused_at_once;

static void *verify_one(void *arg)
{
    enum err e = password_verify(NULL, arg);

    if (e == WS_DENIED)
        atomic_fetch_add(&denied, 1);
    if (e == WS_AGAIN)
        atomic_fetch_add(&refused_at_once, 1);
    return NULL;
}

static void test_password_many_at_once_are_bounded(void **state)
{
    static char password[] = "some password";
    pthread_t threads[16];
    size_t i;

    (void)state;
    for (i = 0; i < 16; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, verify_one, password), 0);
    for (i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(denied + refused_at_once, 16);
    assert_true(denied >= PASSWORD_AT_ONCE);
    assert_true(refused_at_once > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password_check_short_is_invalid),
        cmocka_unit_test(test_password_check_too_long_is_invalid),
        cmocka_unit_test(test_password_check_common_is_invalid),
        cmocka_unit_test(test_password_check_with_the_name_is_invalid),
        cmocka_unit_test(test_password_check_four_words_is_fine),
        cmocka_unit_test(test_password_verify_tells_right_from_wrong),
        cmocka_unit_test(test_password_verify_without_account_is_denied),
        cmocka_unit_test(test_password_many_at_once_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
