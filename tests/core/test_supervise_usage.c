#include "core/supervise_usage.h"

#include "core/own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cmocka.h>

#define MIB (1 << 20)

static void test_supervise_usage_more_memory_is_seen(void **state)
{
    OWN_FD int fd = supervise_usage_open();
    struct supervise_usage before, after;
    char *pages;

    (void)state;
    supervise_usage_read(fd, &before);
    assert_true(before.pss_bytes > 0);
    pages = mmap(NULL, 8 * MIB, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    memset(pages, 1, 8 * MIB);
    supervise_usage_read(fd, &after);
    munmap(pages, 8 * MIB);
    assert_in_range(after.pss_bytes - before.pss_bytes, 7 * MIB, 9 * MIB);
    assert_true(after.cpu_ns > before.cpu_ns);
}

static void test_supervise_usage_without_proc_is_not_known(void **state)
{
    struct supervise_usage u;

    (void)state;
    supervise_usage_read(-1, &u);
    assert_int_equal(u.pss_bytes, SUPERVISE_USAGE_UNKNOWN);
    assert_true(u.cpu_ns > 0);
}

static void test_supervise_usage_other_messages_are_not_heard(void **state)
{
    struct supervise_usage said = {.cpu_ns = 7, .pss_bytes = 9}, heard;
    char message[64];
    int pair[2];
    ssize_t n;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    supervise_usage_say(pair[0], &said);
    n = recv(pair[1], message, sizeof(message), 0);
    assert_true(n > 0);
    assert_true(supervise_usage_heard(message, (size_t)n, &heard));
    assert_int_equal(heard.cpu_ns, 7);
    assert_int_equal(heard.pss_bytes, 9);
    assert_false(supervise_usage_heard("R", 1, &heard));
    assert_false(supervise_usage_heard(message, (size_t)n - 1, &heard));
    message[0] = 'x';
    assert_false(supervise_usage_heard(message, (size_t)n, &heard));
    said.cpu_ns = -5;
    supervise_usage_say(pair[0], &said);
    n = recv(pair[1], message, sizeof(message), 0);
    assert_false(supervise_usage_heard(message, (size_t)n, &heard));
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_supervise_usage_more_memory_is_seen),
        cmocka_unit_test(test_supervise_usage_without_proc_is_not_known),
        cmocka_unit_test(test_supervise_usage_other_messages_are_not_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
