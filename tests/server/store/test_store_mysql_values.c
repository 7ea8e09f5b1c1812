/* Which values stand where; no server is asked. */
#include "server/store/store_mysql_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* As of "VALUES (?1, ?2, ?1)". */
static void open_three(struct store_mysql_values *v)
{
    static const uint16_t order[] = {0, 1, 0};
    uint16_t *own = malloc(sizeof order);

    assert_non_null(own);
    memcpy(own, order, sizeof order);
    assert_int_equal(store_mysql_values_init(v, own, 3), WS_OK);
    assert_int_equal(v->count, 2);
    store_mysql_values_fresh(v);
}

static void add_whole(struct store_mysql_values *v, int64_t whole)
{
    store_mysql_values_add(v, MYSQL_TYPE_LONGLONG,
                           (union store_mysql_cell){.whole = whole}, 0);
}

static void add_text(struct store_mysql_values *v, const char *text)
{
    store_mysql_values_add(v, MYSQL_TYPE_STRING,
                           (union store_mysql_cell){.bytes = text},
                           strlen(text));
}

static void add_null(struct store_mysql_values *v)
{
    store_mysql_values_add(v, MYSQL_TYPE_NULL, (union store_mysql_cell){0}, 0);
}

static void test_store_mysql_values_of_one_row_stand_at_their_places(void **s)
{
    struct store_mysql_values v;
    const MYSQL_BIND *b;

    (void)s;
    open_three(&v);
    add_whole(&v, 7);
    assert_false(store_mysql_values_whole(&v));
    add_text(&v, "word");
    assert_true(store_mysql_values_whole(&v));
    b = store_mysql_values_binds(&v);
    assert_int_equal(*(int64_t *)b[0].buffer, 7);
    assert_string_equal(b[1].buffer, "word");
    assert_int_equal(*b[1].length, 4);
    assert_int_equal(*(int64_t *)b[2].buffer, 7);
    store_mysql_values_fresh(&v);
    add_null(&v);
    add_null(&v);
    b = store_mysql_values_binds(&v);
    assert_int_equal(b[0].buffer_type, MYSQL_TYPE_NULL);
    store_mysql_values_fini(&v);
}

static void test_store_mysql_values_of_many_rows_are_arrays(void **s)
{
    static const char *const words[] = {NULL, "b", NULL, "dd"};
    struct store_mysql_values v;
    const MYSQL_BIND *b;

    (void)s;
    open_three(&v);
    assert_int_equal(store_mysql_values_rows(&v, 4), WS_OK);
    for (int i = 0; i < 4; i++) {
        assert_false(store_mysql_values_whole(&v));
        add_whole(&v, i);
        if (words[i])
            add_text(&v, words[i]);
        else
            add_null(&v);
    }
    assert_true(store_mysql_values_whole(&v));
    b = store_mysql_values_binds(&v);
    assert_int_equal(b[1].buffer_type, MYSQL_TYPE_STRING);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(((int64_t *)b[0].buffer)[i], i);
        assert_int_equal(((int64_t *)b[2].buffer)[i], i);
        assert_int_equal(b[0].u.indicator[i], STMT_INDICATOR_NONE);
        assert_int_equal(b[1].u.indicator[i],
                         words[i] ? STMT_INDICATOR_NONE : STMT_INDICATOR_NULL);
        if (words[i])
            assert_string_equal(((char **)b[1].buffer)[i], words[i]);
        assert_int_equal(b[1].length[i], words[i] ? strlen(words[i]) : 0);
    }
    store_mysql_values_fini(&v);
}

static void test_store_mysql_values_that_do_not_fit_are_not_run(void **s)
{
    struct store_mysql_values v;

    (void)s;
    open_three(&v);
    for (int i = 0; i < 3; i++)
        add_whole(&v, i);
    assert_false(store_mysql_values_whole(&v)); /* one too many */
    assert_int_equal(store_mysql_values_rows(&v, 2), WS_OK);
    add_whole(&v, 1);
    add_whole(&v, 2);
    add_whole(&v, 3);
    add_text(&v, "4");
    assert_false(store_mysql_values_whole(&v)); /* of another type */
    store_mysql_values_fini(&v);
}

static void test_store_mysql_values_are_forgotten_before_the_next(void **s)
{
    struct store_mysql_values v;

    (void)s;
    open_three(&v);
    assert_int_equal(store_mysql_values_rows(&v, 300), WS_OK);
    add_text(&v, "a");
    store_mysql_values_fresh(&v);
    add_whole(&v, 1); /* its type too */
    add_whole(&v, 2);
    assert_true(store_mysql_values_whole(&v));
    store_mysql_values_fini(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_store_mysql_values_of_one_row_stand_at_their_places),
        cmocka_unit_test(test_store_mysql_values_of_many_rows_are_arrays),
        cmocka_unit_test(test_store_mysql_values_that_do_not_fit_are_not_run),
        cmocka_unit_test(test_store_mysql_values_are_forgotten_before_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
