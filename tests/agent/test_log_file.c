#include "agent/log_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/base.log.XXXXXX";

static int64_t size_of(const char *name)
{
    char path[128];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &st) < 0 ? -1 : st.st_size;
}

static void test_log_file_lines_and_stderr_go_to_one_file(void **state)
{
    OWN(log_file_close)
    struct log_file *f = NULL;

    (void)state;
    assert_int_equal(log_file_open(&f, folder, 65536), WS_OK);
    log_file_line(f, "abc", 3);
    fprintf(stderr, "12345\n");
    assert_int_equal(size_of("agent.log"), 4 + 6);
}

static void test_log_file_over_its_size_is_rotated_and_bounded(void **state)
{
    OWN(log_file_close)
    struct log_file *f = NULL;
    char line[1000];

    (void)state;
    memset(line, 'x', sizeof line);
    assert_int_equal(log_file_open(&f, folder, 2000), WS_OK);
    for (int i = 0; i < 50; i++)
        log_file_line(f, line, sizeof line);
    assert_true(size_of("agent.log") > 0);
    assert_true(size_of("agent.log") <= 3100);
    assert_true(size_of("agent.log.1") >= 2000);
    assert_true(size_of("agent.log.3") >= 2000);
    assert_int_equal(size_of("agent.log.4"), -1);
}

/* What stands in the way of a new file is a folder of its name. */
static void test_log_file_that_cannot_rotate_loses_nothing(void **state)
{
    OWN(log_file_close)
    struct log_file *f = NULL;
    int64_t old = size_of("agent.log.1"), before = size_of("agent.log");
    char line[1000], path[128];

    (void)state;
    memset(line, 'x', sizeof line);
    snprintf(path, sizeof path, "%s/agent.log.new", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(log_file_open(&f, folder, 2000), WS_OK);
    for (int i = 0; i < 50; i++)
        log_file_line(f, line, sizeof line);
    assert_int_equal(size_of("agent.log.1"), old);
    assert_true(size_of("agent.log") >= before + 50 * 1001);
    assert_int_equal(rmdir(path), 0);
    log_file_line(f, line, sizeof line);
    assert_true(size_of("agent.log.1") >= before + 50 * 1001);
    assert_int_equal(size_of("agent.log"), 1001);
    assert_int_equal(size_of("agent.log.new"), -1);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"agent.log", "agent.log.1",
                                        "agent.log.2", "agent.log.3"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_file_lines_and_stderr_go_to_one_file),
        cmocka_unit_test(test_log_file_over_its_size_is_rotated_and_bounded),
        cmocka_unit_test(test_log_file_that_cannot_rotate_loses_nothing),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
