#include "core/bytes.h"

#include "core/own.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t text[] = "0123456789";

static void test_bytes_read_is_the_same_from_memory_and_file(void **state)
{
    OWN_FD int fd = memfd_create("bytes", MFD_CLOEXEC);
    const struct bytes all[] = {{.data = text, .fd = -1, .len = 10},
                                {.fd = fd, .len = 10}};
    char out[16];

    (void)state;
    assert_int_equal(write(fd, text, 10), 10);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bytes_read(&all[i], 0, out, 4), 4);
        assert_memory_equal(out, "0123", 4);
        assert_int_equal(bytes_read(&all[i], 7, out, sizeof out), 3);
        assert_memory_equal(out, "789", 3);
        assert_int_equal(bytes_read(&all[i], 10, out, sizeof out), 0);
        assert_int_equal(bytes_read(&all[i], 99, out, sizeof out), 0);
        assert_int_equal(bytes_read(&all[i], -1, out, sizeof out), 0);
    }
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 10);
}

static void test_bytes_read_stops_at_its_length_inside_a_file(void **state)
{
    OWN_FD int fd = memfd_create("bytes", MFD_CLOEXEC);
    const struct bytes part = {.fd = fd, .len = 5};
    char out[16];

    (void)state;
    assert_int_equal(write(fd, text, 10), 10);
    assert_int_equal(bytes_read(&part, 3, out, sizeof out), 2);
}

static void test_bytes_read_of_no_file_says_why(void **state)
{
    const struct bytes none = {.fd = -1, .len = 5};
    char out[16];

    (void)state;
    assert_int_equal(bytes_read(&none, 0, out, sizeof out), -1);
    assert_int_equal(errno, EBADF);
}

static void test_bytes_align_rounds_up(void **state)
{
    (void)state;
    assert_int_equal(bytes_align(0), 0);
    assert_int_equal(bytes_align(1), BYTES_ALIGNED);
    assert_int_equal(bytes_align(BYTES_ALIGNED), BYTES_ALIGNED);
    assert_int_equal(bytes_align(BYTES_ALIGNED + 1), 2 * BYTES_ALIGNED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_read_is_the_same_from_memory_and_file),
        cmocka_unit_test(test_bytes_read_stops_at_its_length_inside_a_file),
        cmocka_unit_test(test_bytes_read_of_no_file_says_why),
        cmocka_unit_test(test_bytes_align_rounds_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
