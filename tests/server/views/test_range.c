#include "server/views/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect(const char *header, int64_t len, enum range_verdict verdict,
                   int64_t first, int64_t last)
{
    struct range r = {-7, -7};

    assert_int_equal(range_read(header, len, &r), verdict);
    if (verdict == RANGE_PART) {
        assert_int_equal(r.first, first);
        assert_int_equal(r.last, last);
    } else {
        assert_int_equal(r.first, -7);
    }
}

static void test_range_of_one_part_is_that_part(void **state)
{
    (void)state;
    expect("bytes=0-0", 10, RANGE_PART, 0, 0);
    expect("bytes=2-5", 10, RANGE_PART, 2, 5);
    expect("bytes=2-", 10, RANGE_PART, 2, 9);
    expect("bytes=2-99", 10, RANGE_PART, 2, 9);
    expect("bytes=-3", 10, RANGE_PART, 7, 9);
    expect("bytes=-30", 10, RANGE_PART, 0, 9);
}

static void test_range_past_the_end_is_beyond(void **state)
{
    (void)state;
    expect("bytes=10-", 10, RANGE_BEYOND, 0, 0);
    expect("bytes=10-12", 10, RANGE_BEYOND, 0, 0);
    expect("bytes=-0", 10, RANGE_BEYOND, 0, 0);
    expect("bytes=0-", 0, RANGE_BEYOND, 0, 0);
    expect("bytes=-1", 0, RANGE_BEYOND, 0, 0);
}

static void test_range_that_is_not_one_gives_the_whole(void **state)
{
    static const char *const odd[] = {"",
                                      "bytes",
                                      "bytes=",
                                      "bytes=-",
                                      "bytes=a-b",
                                      "items=0-1",
                                      "bytes=5-2",
                                      "bytes=0-1,4-5",
                                      "bytes=0-1 ",
                                      "bytes= 0-1",
                                      "bytes=--1",
                                      "bytes=0x1-2",
                                      "bytes=1",
                                      "bytes=+1-2",
                                      "bytes=1-2-3",
                                      "bytes=-1-2",
                                      "bytes=0-99999999999999999999",
                                      "bytes=99999999999999999999-"};

    (void)state;
    expect(NULL, 10, RANGE_WHOLE, 0, 0);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        expect(odd[i], 10, RANGE_WHOLE, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range_of_one_part_is_that_part),
        cmocka_unit_test(test_range_past_the_end_is_beyond),
        cmocka_unit_test(test_range_that_is_not_one_gives_the_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
