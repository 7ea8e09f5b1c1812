#include "agent/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct rig {
    struct usage usage;
    struct board *board;
    int board_fd;
    struct supervise_state states[2];
};

static struct rig rig;

static int make(void **state)
{
    (void)state;
    rig = (struct rig){
        .states = {{.name = "ai", .pid = 10}, {.name = "ocr", .pid = 0}}};
    usage_init(&rig.usage);
    return board_create(&rig.board, &rig.board_fd) ? -1 : 0;
}

static int end(void **state)
{
    (void)state;
    usage_fini(&rig.usage);
    board_close(rig.board);
    close(rig.board_fd);
    return 0;
}

/* As if a quarter of a minute had gone by since the last sum. */
static void note_after_a_while(void)
{
    rig.usage.since_mono_ns -= USAGE_EVERY_NS;
    usage_note(&rig.usage, rig.states, 2, rig.board);
}

static void test_usage_at_first_is_not_known(void **state)
{
    (void)state;
    usage_note(&rig.usage, rig.states, 2, rig.board);
    assert_int_equal(rig.board->cpu_ppm, -1);
    assert_int_equal(rig.board->pss_bytes, -1);
}

static void test_usage_is_the_sum_of_supervisor_and_roles(void **state)
{
    struct supervise_state *ai = &rig.states[0];

    (void)state;
    *ai = (struct supervise_state){
        .name = "ai", .pid = 10, .cpu_ns = 40, .pss_bytes = 5 << 20};
    usage_note(&rig.usage, rig.states, 2, rig.board);
    ai->cpu_ns += USAGE_EVERY_NS / 100; /* a hundredth of a core */
    note_after_a_while();
    assert_in_range(rig.board->cpu_ppm, 9900, 11000);
    assert_true(rig.board->pss_bytes > 5 << 20);
}

static void test_usage_a_process_that_said_nothing_is_not_guessed(void **state)
{
    (void)state;
    usage_note(&rig.usage, rig.states, 2, rig.board);
    note_after_a_while();
    assert_int_equal(rig.board->pss_bytes, -1);
    assert_true(rig.board->cpu_ppm >= 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_usage_at_first_is_not_known),
        CASE(test_usage_is_the_sum_of_supervisor_and_roles),
        CASE(test_usage_a_process_that_said_nothing_is_not_guessed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
