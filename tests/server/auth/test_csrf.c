#include "server/auth/csrf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum err judge(struct csrf_request r)
{
    const char *why = NULL;
    enum err e = csrf_check(&r, &why);

    assert_int_equal(e == WS_OK, why == NULL);
    return e;
}

#define POST .method = "POST", .host = "h:8080"

static void test_csrf_safe_methods_pass_without_anything(void **state)
{
    (void)state;
    assert_int_equal(judge((struct csrf_request){.method = "GET",
                                                 .fetch_site = "cross-site",
                                                 .expected = "t"}),
                     WS_OK);
    assert_int_equal(
        judge((struct csrf_request){.method = "HEAD", .expected = "t"}), WS_OK);
}

static void test_csrf_other_sites_are_denied_even_with_the_token(void **state)
{
    (void)state;
    assert_int_equal(
        judge((struct csrf_request){POST, .fetch_site = "cross-site",
                                    .token = "t", .expected = "t"}),
        WS_DENIED);
    assert_int_equal(
        judge((struct csrf_request){POST, .fetch_site = "same-site",
                                    .token = "t", .expected = "t"}),
        WS_DENIED);
    assert_int_equal(
        judge((struct csrf_request){POST, .origin = "http://evil:8080",
                                    .token = "t", .expected = "t"}),
        WS_DENIED);
    assert_int_equal(
        judge((struct csrf_request){POST, .origin = "null", .token = "t",
                                    .expected = "t"}),
        WS_DENIED);
}

static void test_csrf_own_page_needs_the_token(void **state)
{
    struct csrf_request r = {POST, .fetch_site = "same-origin",
                             .expected = "0123"};

    (void)state;
    assert_int_equal(judge(r), WS_DENIED);
    r.token = "012";
    assert_int_equal(judge(r), WS_DENIED);
    r.token = "0124";
    assert_int_equal(judge(r), WS_DENIED);
    r.token = "0123";
    assert_int_equal(judge(r), WS_OK);
}

static void test_csrf_empty_expected_never_passes(void **state)
{
    (void)state;
    assert_int_equal(
        judge((struct csrf_request){POST, .token = "", .expected = ""}),
        WS_DENIED);
}

static void test_csrf_origin_of_this_host_passes_with_the_token(void **state)
{
    (void)state;
    assert_int_equal(
        judge((struct csrf_request){POST, .origin = "https://H:8080",
                                    .token = "t", .expected = "t"}),
        WS_OK);
}

static void test_csrf_login_from_another_site_is_denied(void **state)
{
    (void)state;
    assert_int_equal(
        judge((struct csrf_request){POST, .fetch_site = "cross-site"}),
        WS_DENIED);
    assert_int_equal(
        judge((struct csrf_request){POST, .origin = "https://evil"}),
        WS_DENIED);
    assert_int_equal(judge((struct csrf_request){POST}), WS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csrf_safe_methods_pass_without_anything),
        cmocka_unit_test(test_csrf_other_sites_are_denied_even_with_the_token),
        cmocka_unit_test(test_csrf_own_page_needs_the_token),
        cmocka_unit_test(test_csrf_empty_expected_never_passes),
        cmocka_unit_test(test_csrf_origin_of_this_host_passes_with_the_token),
        cmocka_unit_test(test_csrf_login_from_another_site_is_denied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
