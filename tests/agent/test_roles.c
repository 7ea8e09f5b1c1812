#include "agent/roles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/sandbox.h"

static bool has_fd(const struct roles_row *row, enum role_fd fd)
{
    for (size_t i = 0; i < row->fd_count; i++)
        if (row->fds[i] == fd)
            return true;
    return false;
}

static void test_roles_each_has_its_own_name_and_board_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < roles_count; i++) {
        assert_string_equal(roles_table[i].name,
                            board_role_name(roles_table[i].board));
        assert_ptr_equal(roles_find(roles_table[i].name), &roles_table[i]);
        assert_true(!roles_table[i].run == !!roles_table[i].program);
    }
    assert_null(roles_find("supervisor"));
}

static void test_roles_with_the_screen_have_no_network_and_no_state(void **s)
{
    (void)s;
    for (size_t i = 0; i < roles_count; i++) {
        const struct roles_row *r = &roles_table[i];

        if (!has_fd(r, ROLE_FD_RING) && !has_fd(r, ROLE_FD_RING_VIEW))
            continue;
        assert_false(r->may & (SANDBOX_INET | SANDBOX_UNIX | SANDBOX_ACCEPT));
        assert_false(r->folders & (ROLES_STATE | ROLES_NETWORK));
    }
}

static void test_roles_with_the_network_see_no_frames_and_no_state(void **s)
{
    (void)s;
    for (size_t i = 0; i < roles_count; i++) {
        const struct roles_row *r = &roles_table[i];

        assert_false(r->may & SANDBOX_UNIX); /* nobody reaches X by name */
        if (!(r->may & SANDBOX_INET))
            continue;
        assert_false(has_fd(r, ROLE_FD_RING));
        assert_false(has_fd(r, ROLE_FD_RING_VIEW));
        assert_false(r->folders & ROLES_STATE);
    }
}

static void test_roles_outbox_alone_writes_the_state_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < roles_count; i++)
        if (roles_table[i].folders & ROLES_STATE)
            assert_string_equal(roles_table[i].name, "outbox");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles_each_has_its_own_name_and_board_row),
        cmocka_unit_test(
            test_roles_with_the_screen_have_no_network_and_no_state),
        cmocka_unit_test(
            test_roles_with_the_network_see_no_frames_and_no_state),
        cmocka_unit_test(test_roles_outbox_alone_writes_the_state_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
