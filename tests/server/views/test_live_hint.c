#include "server/views/live_hint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_live_hint_topics_of_a_session_become_one(void **state)
{
    static struct live_hints h;

    (void)state;
    live_hint_clear(&h);
    live_hint_add(&h, 12, 1U << LIVE_METRICS);
    live_hint_add(&h, 12 + LIVE_HINT_SLOTS, 1U << LIVE_HEALTH);
    live_hint_add(&h, 12, 1U << LIVE_SCREENSHOTS);
    live_hint_pack(&h);
    assert_int_equal(h.count, 2);
    assert_int_equal(h.list[0].session_id, 12);
    assert_int_equal(h.list[0].topics,
                     1U << LIVE_METRICS | 1U << LIVE_SCREENSHOTS);
    assert_int_equal(h.list[1].session_id, 12 + LIVE_HINT_SLOTS);
}

static void test_live_hint_too_many_sessions_become_everything(void **state)
{
    static struct live_hints h;
    int64_t id;

    (void)state;
    live_hint_clear(&h);
    for (id = 1; id <= LIVE_HINT_MAX + 1; id++)
        live_hint_add(&h, id, 1U << (id % 2 ? LIVE_METRICS : LIVE_HEALTH));
    live_hint_pack(&h);
    assert_int_equal(h.count, 1);
    assert_int_equal(h.list[0].session_id, 0);
    assert_int_equal(h.list[0].topics, 1U << LIVE_METRICS | 1U << LIVE_HEALTH);
}

static void test_live_hint_clear_forgets_all(void **state)
{
    static struct live_hints h;

    (void)state;
    live_hint_add(&h, 3, 1);
    live_hint_clear(&h);
    live_hint_pack(&h);
    assert_int_equal(h.count, 0);
}

static void test_live_hint_write_is_one_event(void **state)
{
    struct live_hint hint = {.id = 42, .session_id = 7, .topics = 0x1f};
    char text[LIVE_HINT_BYTES];
    size_t len;

    (void)state;
    len = live_hint_write(&hint, "00000000000000aa", text);
    assert_int_equal(len, strlen(text));
    assert_true(len < LIVE_HINT_BYTES - 1);
    assert_memory_equal(text, "id: 00000000000000aa-42\nevent: changed\n", 39);
    assert_non_null(strstr(text, "\"session_id\":7,"));
    assert_string_equal(text + len - 3, "}\n\n");
    hint.session_id = 0;
    (void)live_hint_write(&hint, "00000000000000aa", text);
    assert_non_null(strstr(text, "\"session_id\":null,"));
}

static void test_live_hint_read_id_of_another_run_is_invalid(void **state)
{
    uint64_t id = 0;

    (void)state;
    assert_int_equal(live_hint_read_id("aa-42", "aa", &id), WS_OK);
    assert_int_equal(id, 42);
    assert_int_equal(live_hint_read_id("ab-42", "aa", &id), WS_INVALID);
    assert_int_equal(live_hint_read_id("aa-", "aa", &id), WS_INVALID);
    assert_int_equal(live_hint_read_id("aa--1", "aa", &id), WS_INVALID);
    assert_int_equal(live_hint_read_id("aa-4x", "aa", &id), WS_INVALID);
    assert_int_equal(live_hint_read_id("", "aa", &id), WS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_hint_topics_of_a_session_become_one),
        cmocka_unit_test(test_live_hint_too_many_sessions_become_everything),
        cmocka_unit_test(test_live_hint_clear_forgets_all),
        cmocka_unit_test(test_live_hint_write_is_one_event),
        cmocka_unit_test(test_live_hint_read_id_of_another_run_is_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
