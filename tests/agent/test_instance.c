#include "agent/instance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/cli/control.h"
#include "core/own.h"

/* Longer than a socket's name may be. */
static char base[] = "/tmp/base.instance.XXXXXX";
static char folder[256];

static void test_instance_second_one_is_told_the_first_ones_pid(void **state)
{
    struct instance first, second;

    (void)state;
    assert_int_equal(instance_take(folder, &first), WS_OK);
    assert_int_equal(instance_take(folder, &second), WS_EXISTS);
    assert_int_equal(second.other, getpid());
    instance_leave(folder, &first);
    assert_int_equal(instance_take(folder, &second), WS_OK);
    instance_leave(folder, &second);
}

static void test_instance_lock_lasts_as_long_as_a_heir(void **state)
{
    struct instance first, second;
    int gate[2];
    pid_t heir;

    (void)state;
    assert_int_equal(pipe(gate), 0);
    assert_int_equal(instance_take(folder, &first), WS_OK);
    heir = fork();
    if (heir == 0) {
        char c;

        close(gate[1]);
        _exit(read(gate[0], &c, 1) == 0 ? 0 : 1);
    }
    close(gate[0]);
    instance_leave(folder, &first);
    assert_int_equal(instance_take(folder, &second), WS_EXISTS);
    close(gate[1]);
    waitpid(heir, NULL, 0);
    assert_int_equal(instance_take(folder, &second), WS_OK);
    instance_leave(folder, &second);
}

static void test_instance_socket_is_private_and_replaces_a_stale_one(void **s)
{
    char path[300];
    struct stat st;
    int fd = -1, client = -1;

    (void)s;
    assert_int_equal(instance_connect(folder, &client), WS_NOTFOUND);
    for (int i = 0; i < 2; i++) { /* the second time over a left-over name */
        assert_int_equal(instance_listen(folder, &fd), WS_OK);
        assert_int_equal(instance_connect(folder, &client), WS_OK);
        close(client);
        close(fd);
        assert_int_equal(instance_connect(folder, &client), WS_NOTFOUND);
    }
    snprintf(path, sizeof path, "%s/%s", folder, CONTROL_SOCKET);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    unlink(path);
}

static void test_instance_ask_without_an_agent_is_not_found(void **state)
{
    struct json *answer = NULL;

    (void)state;
    assert_int_equal(control_ask(folder, "{\"verb\":\"status\"}", &answer),
                     WS_NOTFOUND);
    assert_null(answer);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(base))
        return -1;
    snprintf(folder, sizeof folder, "%s/%0120d", base, 7);
    return 0;
}

static int remove_folder(void **state)
{
    char path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/agent.lock", folder);
    unlink(path);
    return rmdir(folder) || rmdir(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instance_second_one_is_told_the_first_ones_pid),
        cmocka_unit_test(test_instance_lock_lasts_as_long_as_a_heir),
        cmocka_unit_test(
            test_instance_socket_is_private_and_replaces_a_stale_one),
        cmocka_unit_test(test_instance_ask_without_an_agent_is_not_found),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
