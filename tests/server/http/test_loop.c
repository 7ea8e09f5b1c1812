/* test_loop.c - errands from other threads, timers, descriptors. */
#include "server/http/loop.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define THREADS 4
#define ERRANDS 10000

static struct loop *loop;
static int done; /* of the loop's thread alone */
static int fired;

static int set_up(void **state)
{
    (void)state;
    done = 0;
    fired = 0;
    return loop_open(&loop);
}

static int tear_down(void **state)
{
    (void)state;
    loop_close(loop);
    return 0;
}

static void count(void *arg)
{
    if (++done == *(const int *)arg)
        loop_stop(loop);
}

static void *post_many(void *arg)
{
    int i;

    for (i = 0; i < ERRANDS; i++)
        if (loop_post(loop, count, arg))
            abort();
    return NULL;
}

static void test_loop_errands_of_all_threads_run_once(void **state)
{
    int wanted = THREADS * ERRANDS, i;
    pthread_t threads[THREADS];

    (void)state;
    for (i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &wanted),
                         0);
    assert_int_equal(loop_run(loop), WS_OK);
    for (i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(done, wanted);
}

static int order[3];

static void note(void *arg)
{
    order[done++] = (int)(intptr_t)arg;
}

static void test_loop_errands_run_in_order(void **state)
{
    intptr_t i;

    (void)state;
    for (i = 0; i < 3; i++)
        assert_int_equal(loop_post(loop, note, (void *)(i + 7)), WS_OK);
    assert_int_equal(loop_step(loop, false), WS_OK);
    assert_int_equal(done, 3);
    assert_int_equal(order[0], 7);
    assert_int_equal(order[2], 9);
}

static struct loop_task again_task;

static void again(void *arg)
{
    (void)arg;
    if (++done < 3)
        loop_post_task(loop, &again_task);
    else
        loop_stop(loop);
}

static void test_loop_task_may_post_itself_again(void **state)
{
    (void)state;
    again_task = (struct loop_task){.run = again};
    loop_post_task(loop, &again_task);
    assert_int_equal(loop_run(loop), WS_OK);
    assert_int_equal(done, 3);
}

static void on_timer(void *arg)
{
    (void)arg;
    if (++fired == 3)
        loop_stop(loop);
}

static void test_loop_timer_fires_until_closed(void **state)
{
    OWN(loop_timer_close)
    struct loop_timer *t = NULL;

    (void)state;
    assert_int_equal(loop_timer_open(&t, loop, 1, on_timer, NULL), WS_OK);
    assert_int_equal(loop_run(loop), WS_OK);
    assert_int_equal(fired, 3);
}

static void on_pipe(void *arg)
{
    char byte;

    if (read(*(int *)arg, &byte, 1) == 1)
        fired++;
    loop_stop(loop);
}

static void test_loop_watch_sees_a_descriptor(void **state)
{
    OWN(loop_watch_close)
    struct loop_watch *w = NULL;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(loop_watch_open(&w, loop, ends[0], on_pipe, &ends[0]),
                     WS_OK);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(loop_run(loop), WS_OK);
    assert_int_equal(fired, 1);
    close(ends[0]);
    close(ends[1]);
}

static void test_loop_close_drops_errands(void **state)
{
    int wanted = 1;

    (void)state;
    assert_int_equal(loop_post(loop, count, &wanted), WS_OK);
    assert_int_equal(done, 0); /* tear_down frees it; LeakSanitizer looks */
}

static void test_loop_knows_its_own_thread(void **state)
{
    (void)state;
    assert_false(loop_is_mine(loop));
    assert_int_equal(loop_step(loop, false), WS_OK);
    assert_true(loop_is_mine(loop));
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_loop_errands_of_all_threads_run_once),
        LOOP_TEST(test_loop_errands_run_in_order),
        LOOP_TEST(test_loop_task_may_post_itself_again),
        LOOP_TEST(test_loop_timer_fires_until_closed),
        LOOP_TEST(test_loop_watch_sees_a_descriptor),
        LOOP_TEST(test_loop_close_drops_errands),
        LOOP_TEST(test_loop_knows_its_own_thread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
