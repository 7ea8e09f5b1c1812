/* An item that memory runs out for is not judged: each allocation of reading
 * it fails once here. */
#include "server/ingest/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int left = -1; /* allocations that succeed; below 0: all do */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static bool fails(void)
{
    if (left > 0)
        left--;
    else if (left == 0)
        return true;
    return false;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

static enum err parse(int allocations, const char *payload, size_t *problems)
{
    OWN(json_free)
    struct json *doc = NULL;
    struct fact f = {.received_ns = 99};
    struct facts_room room = {.runs = NULL};
    struct wire_problems found = {.count = 0};
    enum err e;

    left = allocations;
    e = facts_parse(WIRE_ITEM_TOMBSTONE, payload, strlen(payload), &doc, &f,
                    &room, &found);
    left = -1;
    facts_fini(&room);
    *problems = found.count;
    return e;
}

/* With so many members that they are sorted to find a twin. */
static void write_tombstone(char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "{\"reason\":\"evicted\"");

    for (int i = 0; i < 30; i++)
        len += (size_t)snprintf(out + len, size - len, ",\"more%d\":%d", i, i);
    snprintf(out + len, size - len,
             ",\"at\":\"2026-02-10T16:19:56Z\",\"seqs\":[[1,4],9]}");
}

static void test_facts_without_memory_an_item_is_not_judged(void **state)
{
    char payload[2048];
    size_t problems;
    int n = 0;

    (void)state;
    write_tombstone(payload, sizeof payload);
    for (; parse(n, payload, &problems) != WS_OK; n++) {
        assert_true(n < 1000);
        assert_int_equal(parse(n, payload, &problems), WS_NOMEM);
        assert_int_equal(problems, 0);
    }
    assert_true(n >= 3); /* the tree, its names and the runs, at least */
}

static void test_facts_bad_payload_is_judged(void **state)
{
    size_t problems;

    (void)state;
    assert_int_equal(parse(-1, "{", &problems), WS_INVALID);
    assert_int_equal(problems, 1);
    assert_int_equal(parse(-1, "{}", &problems), WS_INVALID);
    assert_true(problems > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_without_memory_an_item_is_not_judged),
        cmocka_unit_test(test_facts_bad_payload_is_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
