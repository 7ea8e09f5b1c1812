/* Real processes: this program runs itself again as the children below. */
#include "core/supervise.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/sandbox.h"

#define DEADLINE_NS (20 * CLOCK_NS_PER_S)

/* --- children --- */

static int steady(void)
{
    struct timespec t = {.tv_nsec = 10000000};

    supervise_child_ready();
    while (!supervise_child_stopping()) {
        supervise_child_alive();
        nanosleep(&t, NULL);
    }
    return 0;
}

static int mute(void) /* ready, then not a word; deaf to SIGTERM */
{
    supervise_child_ready();
    signal(SIGTERM, SIG_IGN);
    if (write(SUPERVISE_FIRST_FD, "m", 1) < 0)
        errno = 0; /* nobody gave it one: nobody waits for the word */
    while (pause() < 0)
        ;
    return 0;
}

static int prints(void)
{
    fprintf(stderr, "{\"event\":\"x\"}\nplain words\n");
    fprintf(stderr, "no newline at the end");
    return steady();
}

static int fds(void) /* writes its place into each descriptor it was given */
{
    for (int fd = SUPERVISE_FIRST_FD; fd < SUPERVISE_FIRST_FD + 3; fd++) {
        char place = (char)('a' + fd - SUPERVISE_FIRST_FD);

        if (write(fd, &place, 1) < 0)
            fprintf(stderr, "{\"closed\":%d}\n", fd);
    }
    if (write(SUPERVISE_FIRST_FD + 3, "x", 1) >= 0)
        fprintf(stderr, "{\"leaked\":1}\n");
    return steady();
}

static int child_main(const char *role)
{
    supervise_child_begin(role);
    if (!strcmp(role, "secret")) {
        sandbox_no_dumps(); /* nobody else may read its memory's numbers */
        return steady();
    }
    if (!strncmp(role, "steady", 6))
        return steady();
    if (!strcmp(role, "mute"))
        return mute();
    if (!strcmp(role, "prints"))
        return prints();
    if (!strcmp(role, "fds"))
        return fds();
    return 3; /* dies */
}

/* --- the supervisor's side: what happened, and when to end --- */

struct scene {
    struct supervise *s;
    int64_t began_ns;
    int started, ready, died;
    pid_t pid; /* of the last start */
    char order[64];
    char log[4096];
    bool (*over)(struct scene *x);
    int step;
    int64_t at_ns;
};

static void on_event(void *ctx, const char *name, enum supervise_event event,
                     pid_t pid)
{
    struct scene *x = (struct scene *)ctx;

    x->started += event == SUPERVISE_STARTED;
    x->ready += event == SUPERVISE_READY;
    x->died += event == SUPERVISE_DIED;
    if (event == SUPERVISE_STARTED)
        x->pid = pid;
    if (event == SUPERVISE_DIED)
        strncat(x->order, name + strlen(name) - 1,
                sizeof x->order - strlen(x->order) - 1);
}

static void on_log(void *ctx, const char *line, size_t len)
{
    struct scene *x = (struct scene *)ctx;

    strncat(x->log, line, len);
    strncat(x->log, "\n", 2);
}

static bool on_tick(void *ctx)
{
    struct scene *x = (struct scene *)ctx;

    assert_true(clock_mono_ns() - x->began_ns < DEADLINE_NS);
    return !x->over(x);
}

static struct supervise *open_scene(struct scene *x, int64_t stop_ms)
{
    struct supervise_options options = {.on_event = on_event,
                                        .on_log = on_log,
                                        .on_tick = on_tick,
                                        .ctx = x,
                                        .stop_ms = stop_ms};

    x->began_ns = clock_mono_ns();
    assert_int_equal(supervise_open(&x->s, &options), WS_OK);
    return x->s;
}

static void add(struct supervise *s, const char *name, int64_t liveness_ms)
{
    struct supervise_child c = {.name = name, .liveness_ms = liveness_ms};

    assert_int_equal(supervise_add(s, &c), WS_OK);
}

/* --- tests --- */

static bool kill_five_times(struct scene *x)
{
    if (x->ready == x->step + 1 && x->step < 5) {
        if (x->step > 0) /* back within two seconds */
            assert_true(clock_mono_ns() - x->at_ns < 2 * CLOCK_NS_PER_S);
        x->step++;
        x->at_ns = clock_mono_ns();
        kill(x->pid, SIGKILL);
    }
    return x->ready == 6;
}

static void test_supervise_killed_child_is_back_in_two_seconds(void **state)
{
    struct scene x = {.over = kill_five_times};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 2000);

    (void)state;
    add(s, "steady", 5000);
    assert_int_equal(supervise_run(s), WS_OK);
    assert_int_equal(x.died, 6); /* five, and the end */
}

/* Its numbers come, and again after a death: the first process's stay. */
static bool says_what_it_used_twice(struct scene *x)
{
    static int64_t first_cpu_ns;
    struct supervise_state now;

    assert_int_equal(supervise_states(x->s, &now, 1), 1);
    if (now.pss_bytes <= 0)
        return false;
    if (x->step++ == 0) {
        assert_true(now.cpu_ns > 0);
        first_cpu_ns = now.cpu_ns;
        kill(x->pid, SIGKILL);
        return false;
    }
    return x->ready == 2 && now.cpu_ns > first_cpu_ns;
}

static void test_supervise_child_without_dumps_says_what_it_used(void **state)
{
    struct scene x = {.over = says_what_it_used_twice};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 2000);

    (void)state;
    add(s, "secret", 5000);
    assert_int_equal(supervise_run(s), WS_OK);
}

static bool freeze_once(struct scene *x)
{
    if (x->ready == 1 && x->step == 0) {
        x->step = 1;
        x->at_ns = clock_mono_ns();
        kill(x->pid, SIGSTOP);
    }
    return x->ready == 2;
}

static void test_supervise_stopped_child_is_replaced_at_once(void **state)
{
    struct scene x = {.over = freeze_once};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 2000);

    (void)state;
    add(s, "steady", 600000);
    assert_int_equal(supervise_run(s), WS_OK);
    assert_true(clock_mono_ns() - x.at_ns < 3 * CLOCK_NS_PER_S);
}

static bool ready_twice(struct scene *x)
{
    return x->ready == 2;
}

static void test_supervise_silent_child_is_killed_and_replaced(void **state)
{
    struct scene x = {.over = ready_twice};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 300);

    (void)state;
    add(s, "mute", 700);
    assert_int_equal(supervise_run(s), WS_OK);
    assert_true(x.died >= 1);
}

static bool died_seven_times(struct scene *x)
{
    return x->died >= 7;
}

static void test_supervise_dying_child_backs_off_after_five(void **state)
{
    struct scene x = {.over = died_seven_times};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 300);
    int64_t took_ns;

    (void)state;
    add(s, "dies", 5000);
    assert_int_equal(supervise_run(s), WS_OK);
    took_ns = clock_mono_ns() - x.began_ns;
    assert_true(took_ns >= 1 * CLOCK_NS_PER_S); /* 0 0 0 0 0 1 */
    assert_int_equal(x.ready, 0);
}

static bool three_ready(struct scene *x)
{
    return x->ready == 3;
}

static void test_supervise_stop_ends_children_last_row_first(void **state)
{
    struct scene x = {.over = three_ready};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 5000);

    (void)state;
    add(s, "steady1", 5000);
    add(s, "steady2", 5000);
    add(s, "steady3", 5000);
    assert_int_equal(supervise_run(s), WS_OK);
    assert_string_equal(x.order, "321");
}

static bool one_ready(struct scene *x)
{
    if (x->ready == 0)
        x->at_ns = clock_mono_ns();
    return x->ready == 1;
}

static void test_supervise_stop_kills_a_deaf_child_after_grace(void **state)
{
    struct scene x = {.over = one_ready};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 500);
    int64_t took_ns;

    (void)state;
    add(s, "mute", 60000);
    assert_int_equal(supervise_run(s), WS_OK);
    took_ns = clock_mono_ns() - x.at_ns;
    assert_true(took_ns >= 400 * CLOCK_NS_PER_MS);
    assert_true(took_ns < 2 * CLOCK_NS_PER_S);
    assert_int_equal(kill(x.pid, 0), -1);
}

static bool logged_all(struct scene *x)
{
    return x->ready == 1 && strstr(x->log, "plain words");
}

static void test_supervise_logs_are_json_lines(void **state)
{
    struct scene x = {.over = logged_all};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 2000);

    (void)state;
    add(s, "prints", 5000);
    assert_int_equal(supervise_run(s), WS_OK);
    assert_non_null(strstr(x.log, "{\"event\":\"x\"}\n"));
    assert_non_null(strstr(x.log, "\"role\":\"prints\""));
    assert_non_null(strstr(x.log, "\"msg\":\"plain words\"}\n"));
    assert_non_null(strstr(x.log, "\"msg\":\"no newline at the end\"}\n"));
}

static void test_supervise_descriptors_arrive_in_their_order(void **state)
{
    struct scene x = {.over = one_ready};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 2000);
    struct supervise_child c = {.name = "fds", .fd_count = 3};
    char text[8] = {0};
    int a[2], b[2];

    (void)state;
    assert_int_equal(pipe(a), 0);
    assert_int_equal(pipe(b), 0);
    c.fds[0] = b[1];
    c.fds[1] = -1;
    c.fds[2] = a[1];
    assert_int_equal(supervise_add(s, &c), WS_OK);
    assert_int_equal(supervise_run(s), WS_OK);
    assert_int_equal(read(b[0], text, sizeof text), 1);
    assert_int_equal(text[0], 'a');
    assert_int_equal(read(a[0], text, sizeof text), 1);
    assert_int_equal(text[0], 'c');
    assert_non_null(strstr(x.log, "{\"closed\":5}"));
    assert_null(strstr(x.log, "leaked"));
    for (int i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
}

static void test_supervise_absent_optional_program_disturbs_nobody(void **state)
{
    struct scene x = {.over = one_ready};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 2000);
    struct supervise_child c = {
        .name = "ocr", .program = "/nonexistent/ocr", .optional = true};

    (void)state;
    assert_int_equal(supervise_add(s, &c), WS_OK);
    add(s, "steady", 5000);
    assert_int_equal(supervise_run(s), WS_OK);
    assert_int_equal(x.started, 1);
}

static bool never(struct scene *x)
{
    (void)x;
    return false;
}

static void test_supervise_killed_supervisor_leaves_no_child(void **state)
{
    int life[2];
    char c;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(life), 0); /* its end: every holder is gone */
    pid = fork();
    if (pid == 0) {
        struct scene x = {.over = never};
        struct supervise *s = open_scene(&x, 2000);
        struct supervise_child k = {.name = "mute", .fd_count = 1};

        k.fds[0] = life[1];
        _exit(supervise_add(s, &k) || supervise_run(s));
    }
    close(life[1]);
    assert_int_equal(read(life[0], &c, 1), 1); /* the child lives */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(read(life[0], &c, 1), 0);
    close(life[0]);
}

/* --- one child is replaced, the others go on --- */

static bool replace_one(struct scene *x)
{
    static const struct supervise_child next = {
        .name = "fresh3", .role = "steady", .liveness_ms = 5000};

    if (x->ready == 2 && x->step == 0) {
        x->step = 1;
        assert_int_equal(supervise_retire(x->s, "nobody", 1000), WS_NOTFOUND);
        assert_int_equal(supervise_retire(x->s, "steady1", 60000), WS_OK);
        assert_int_equal(supervise_retire(x->s, "steady1", 60000), WS_NOTFOUND);
    } else if (x->died == 1 && x->step == 1) {
        x->step = 2;
        assert_string_equal(x->order, "1");
        assert_int_equal(supervise_add(x->s, &next), WS_OK);
    }
    return x->step == 2 && x->ready == 3;
}

static void
test_supervise_retired_child_ends_alone_and_frees_its_row(void **state)
{
    struct scene x = {.over = replace_one};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 2000);
    struct supervise_state states[4];

    (void)state;
    add(s, "steady1", 5000);
    add(s, "steady2", 5000);
    assert_int_equal(supervise_run(s), WS_OK);
    assert_int_equal(x.started, 3);
    assert_int_equal(supervise_states(s, states, 4), 2);
    assert_string_equal(states[0].name, "fresh3");
    assert_null(strstr(x.log, "role_died"));
}

static bool retire_deaf(struct scene *x)
{
    if (x->ready == 1 && x->step == 0) {
        x->step = 1;
        x->at_ns = clock_mono_ns();
        assert_int_equal(supervise_retire(x->s, "mute", 300), WS_OK);
    }
    return x->died == 1;
}

static void
test_supervise_retired_deaf_child_is_killed_after_grace(void **state)
{
    struct scene x = {.over = retire_deaf};
    OWN(supervise_close)
    struct supervise *s = open_scene(&x, 5000);
    int64_t took_ns;

    (void)state;
    add(s, "mute", 60000);
    assert_int_equal(supervise_run(s), WS_OK);
    took_ns = clock_mono_ns() - x.at_ns;
    assert_true(took_ns >= 200 * CLOCK_NS_PER_MS);
    assert_true(took_ns < 4 * CLOCK_NS_PER_S);
    assert_int_equal(x.started, 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_supervise_retired_child_ends_alone_and_frees_its_row),
        cmocka_unit_test(
            test_supervise_retired_deaf_child_is_killed_after_grace),
        cmocka_unit_test(test_supervise_killed_child_is_back_in_two_seconds),
        cmocka_unit_test(test_supervise_child_without_dumps_says_what_it_used),
        cmocka_unit_test(test_supervise_stopped_child_is_replaced_at_once),
        cmocka_unit_test(test_supervise_silent_child_is_killed_and_replaced),
        cmocka_unit_test(test_supervise_dying_child_backs_off_after_five),
        cmocka_unit_test(test_supervise_stop_ends_children_last_row_first),
        cmocka_unit_test(test_supervise_stop_kills_a_deaf_child_after_grace),
        cmocka_unit_test(test_supervise_logs_are_json_lines),
        cmocka_unit_test(test_supervise_descriptors_arrive_in_their_order),
        cmocka_unit_test(
            test_supervise_absent_optional_program_disturbs_nobody),
        cmocka_unit_test(test_supervise_killed_supervisor_leaves_no_child),
    };

    if (argc > 2 && !strcmp(argv[1], "--role"))
        return child_main(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
