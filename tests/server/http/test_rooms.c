/* test_rooms.c - memory that is lent and kept. */
#include "server/http/rooms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct room take(struct rooms *r, size_t bytes)
{
    struct room room = {NULL, 0};

    assert_int_equal(rooms_take(r, bytes, &room), WS_OK);
    assert_true(room.bytes >= bytes);
    assert_int_equal((uintptr_t)room.at % BYTES_ALIGNED, 0);
    memset(room.at, 'x', room.bytes);
    return room;
}

static void test_rooms_take_gives_what_came_back_last(void **state)
{
    struct rooms *r = NULL;
    struct room a, b;

    (void)state;
    assert_int_equal(rooms_open(&r, ROOMS_MAX_BYTES), WS_OK);
    a = take(r, 300000);
    b = take(r, 300000);
    assert_ptr_not_equal(a.at, b.at);
    rooms_give(r, a);
    rooms_give(r, b);
    assert_ptr_equal(take(r, 290000).at, b.at);
    assert_ptr_equal(take(r, 310000).at, a.at);
    rooms_give(r, a);
    rooms_give(r, b);
    rooms_close(r);
}

static void test_rooms_take_over_the_largest_is_full(void **state)
{
    struct rooms *r = NULL;
    struct room room;

    (void)state;
    assert_int_equal(rooms_open(&r, 2 * ROOMS_MAX_BYTES), WS_OK);
    rooms_give(r, take(r, ROOMS_MAX_BYTES));
    assert_int_equal(rooms_take(r, ROOMS_MAX_BYTES + 1, &room), WS_FULL);
    assert_int_equal(rooms_take(r, SIZE_MAX, &room), WS_FULL);
    rooms_close(r);
}

static void
test_rooms_take_over_the_bound_is_full_until_one_is_back(void **state)
{
    struct rooms *r = NULL;
    struct room a, b, room;

    (void)state;
    assert_int_equal(rooms_open(&r, 1 << 20), WS_OK);
    a = take(r, 1 << 19);
    b = take(r, 1 << 19);
    assert_int_equal(rooms_take(r, 1, &room), WS_FULL);
    rooms_give(r, a);
    rooms_give(r, take(r, 1));
    rooms_give(r, b);
    rooms_close(r);
}

static void test_rooms_closed_lives_until_the_last_is_back(void **state)
{
    struct rooms *r = NULL;
    struct room a;

    (void)state;
    assert_int_equal(rooms_open(&r, ROOMS_MAX_BYTES), WS_OK);
    a = take(r, 1);
    rooms_close(r);
    memset(a.at, 'y', a.bytes);
    rooms_give(r, a);
    rooms_give(NULL, (struct room){NULL, 0});
    rooms_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rooms_take_gives_what_came_back_last),
        cmocka_unit_test(test_rooms_take_over_the_largest_is_full),
        cmocka_unit_test(
            test_rooms_take_over_the_bound_is_full_until_one_is_back),
        cmocka_unit_test(test_rooms_closed_lives_until_the_last_is_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
