#include "server/auth/roles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static unsigned permissions_of(const char *text)
{
    unsigned set = 0;

    assert_int_equal(roles_parse(text, &set), WS_OK);
    return roles_permissions(set);
}

static void
test_roles_screenshots_are_for_reviewer_and_person_alone(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROLES_COUNT; i++) {
        bool may =
            permissions_of(roles_name((enum roles_role)i)) & PERM_SCREENSHOTS;

        assert_int_equal(may, i == ROLES_REVIEWER || i == ROLES_PERSON);
    }
}

static void test_roles_accounts_are_for_admin_alone(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROLES_COUNT; i++) {
        bool may =
            permissions_of(roles_name((enum roles_role)i)) & PERM_ACCOUNTS;

        assert_int_equal(may, i == ROLES_ADMIN);
    }
}

static void test_roles_exports_are_not_for_viewer_nor_auditor(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < ROLES_COUNT; i++) {
        bool may =
            permissions_of(roles_name((enum roles_role)i)) & PERM_EXPORTS;

        assert_int_equal(may, i != ROLES_VIEWER && i != ROLES_AUDITOR);
    }
}

static void test_roles_person_sees_neither_everyone_nor_a_team(void **state)
{
    (void)state;
    assert_int_equal(permissions_of("person") & (PERM_EVERYONE | PERM_TEAM), 0);
}

static void test_roles_admin_sees_no_content(void **state)
{
    (void)state;
    assert_int_equal(
        permissions_of("admin") & (PERM_METRICS | PERM_SCREENSHOTS), 0);
}

static void test_roles_first_account_is_admin_and_reviewer(void **state)
{
    char text[ROLES_TEXT_BYTES];

    (void)state;
    roles_format(ROLES_FIRST, text);
    assert_string_equal(text, "reviewer,admin");
    assert_true(roles_permissions(ROLES_FIRST) & PERM_SCREENSHOTS);
    assert_true(roles_permissions(ROLES_FIRST) & PERM_ACCOUNTS);
}

static void test_roles_parse_unknown_is_invalid(void **state)
{
    unsigned set = 7;

    (void)state;
    assert_int_equal(roles_parse("root", &set), WS_INVALID);
    assert_int_equal(roles_parse("", &set), WS_INVALID);
    assert_int_equal(roles_parse("admin,", &set), WS_INVALID);
    assert_int_equal(roles_parse("Admin", &set), WS_INVALID);
    assert_int_equal(set, 7);
}

static void test_roles_person_with_another_role_is_invalid(void **state)
{
    unsigned set = 0;

    (void)state;
    assert_int_equal(roles_parse("person,admin", &set), WS_INVALID);
    assert_int_equal(roles_parse("viewer,manager", &set), WS_INVALID);
    assert_int_equal(roles_parse("person,person", &set), WS_OK);
}

static void test_roles_permission_every_bit_has_a_name(void **state)
{
    unsigned bit;

    (void)state;
    for (bit = PERM_SESSIONS; bit <= PERM_EXPORTS; bit <<= 1)
        assert_non_null(roles_permission_name(bit));
    assert_null(roles_permission_name(bit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_roles_screenshots_are_for_reviewer_and_person_alone),
        cmocka_unit_test(test_roles_accounts_are_for_admin_alone),
        cmocka_unit_test(test_roles_exports_are_not_for_viewer_nor_auditor),
        cmocka_unit_test(test_roles_person_sees_neither_everyone_nor_a_team),
        cmocka_unit_test(test_roles_admin_sees_no_content),
        cmocka_unit_test(test_roles_first_account_is_admin_and_reviewer),
        cmocka_unit_test(test_roles_parse_unknown_is_invalid),
        cmocka_unit_test(test_roles_person_with_another_role_is_invalid),
        cmocka_unit_test(test_roles_permission_every_bit_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
