/* test_route.c - the row for a method and a path. */
#include "server/http/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void nothing(struct exchange *x)
{
    (void)x;
}

/* clang-format off */
static const struct route table[] = {
    {.method = "GET", .path = "/", .handle = nothing},
    {.method = "POST", .path = "/api/sessions/", .handle = nothing},
    {.method = "GET", .path = "/api/sessions/new", .handle = nothing},
    {.method = "GET", .path = "/api/sessions/{id}", .handle = nothing},
    {.method = "POST", .path = "/api/sessions/{id}/batch/", .handle = nothing},
    {.method = "GET", .path = "/pages/*", .handle = nothing},
    {.method = "DELETE", .path = "/api/sessions/{id}", .handle = nothing},
};
/* clang-format on */

static struct route_match m;

static const struct route *find(const char *method, const char *path)
{
    route_find(table, sizeof(table) / sizeof(table[0]), method, path, &m);
    return m.route;
}

static void test_route_fixed_path_is_found(void **state)
{
    (void)state;
    assert_ptr_equal(find("GET", "/"), &table[0]);
    assert_ptr_equal(find("POST", "/api/sessions/"), &table[1]);
}

static void test_route_slash_at_the_end_counts(void **state)
{
    (void)state;
    assert_null(find("POST", "/api/sessions"));
    assert_string_equal(m.allow, "");
}

static void test_route_id_is_read(void **state)
{
    (void)state;
    assert_ptr_equal(find("POST", "/api/sessions/42/batch/"), &table[4]);
    assert_int_equal(m.id, 42);
}

static void test_route_id_that_is_no_number_is_not_found(void **state)
{
    static const char *const bad[] = {"/api/sessions/x",
                                      "/api/sessions/-1",
                                      "/api/sessions/+1",
                                      "/api/sessions/ 1",
                                      "/api/sessions/01",
                                      "/api/sessions/1e3",
                                      "/api/sessions/0",
                                      "/api/sessions/1/",
                                      "/api/sessions/9999999999999999"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_null(find("GET", bad[i]));
}

static void test_route_word_above_an_id_wins(void **state)
{
    (void)state;
    assert_ptr_equal(find("GET", "/api/sessions/new"), &table[2]);
}

static void test_route_rest_takes_everything(void **state)
{
    (void)state;
    assert_ptr_equal(find("GET", "/pages/"), &table[5]);
    assert_ptr_equal(find("GET", "/pages/a/b/c"), &table[5]);
    assert_null(find("GET", "/pages"));
}

static void test_route_head_finds_get(void **state)
{
    (void)state;
    assert_ptr_equal(find("HEAD", "/"), &table[0]);
    assert_null(find("HEAD", "/api/sessions/"));
}

static void test_route_other_method_lists_what_is_allowed(void **state)
{
    (void)state;
    assert_null(find("PUT", "/api/sessions/7"));
    assert_string_equal(m.allow, "GET, HEAD, DELETE");
    assert_null(find("GET", "/api/sessions/"));
    assert_string_equal(m.allow, "POST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_route_fixed_path_is_found),
        cmocka_unit_test(test_route_slash_at_the_end_counts),
        cmocka_unit_test(test_route_id_is_read),
        cmocka_unit_test(test_route_id_that_is_no_number_is_not_found),
        cmocka_unit_test(test_route_word_above_an_id_wins),
        cmocka_unit_test(test_route_rest_takes_everything),
        cmocka_unit_test(test_route_head_finds_get),
        cmocka_unit_test(test_route_other_method_lists_what_is_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
