#include "core/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct values {
    int64_t every_ms;
};

static struct values values;

/* clang-format off */
static const struct conf_key keys[] = {
    {"every", CONF_DURATION, offsetof(struct values, every_ms), "10s", 10, 3600000, NULL, 0, "between two"},
};
static const struct cli_option options[] = {
    {"json", NULL, "as JSON"},
    {"limit", "N", "at most"},
};
/* clang-format on */

static const struct conf_schema schema = {"test", "WORKSIGHT_CLITEST_", keys,
                                          1};

static struct {
    int64_t every_ms;
    bool json;
    char limit[16];
    char arg[16];
} seen;

static int on_list(struct cli_call *call)
{
    const char *limit = cli_value(call, "limit"), *arg = cli_arg(call, 0);

    seen.every_ms = values.every_ms;
    seen.json = cli_has(call, "json");
    snprintf(seen.limit, sizeof seen.limit, "%s", limit ? limit : "");
    snprintf(seen.arg, sizeof seen.arg, "%s", arg ? arg : "");
    return 7;
}

static const struct cli_command commands[] = {
    {.name = "list",
     .args = "[WHAT]",
     .summary = "list things",
     .options = options,
     .option_count = 2,
     .max_args = 1,
     .run = on_list},
};
static const char *const files[] = {"/nonexistent/worksight.conf", NULL};
static const struct cli_program program = {
    .name = "worksight-test",
    .summary = "a test",
    .version = "1.2.3",
    .schema = &schema,
    .values = &values,
    .files = files,
    .commands = commands,
    .command_count = 1,
};

static char said[4096]; /* on stderr, by the last call */

static int call(const char *line)
{
    char copy[256], *argv[16], *rest = copy;
    FILE *real = stderr;
    int argc = 0, status;

    snprintf(copy, sizeof copy, "%s", line);
    while ((argv[argc] = strsep(&rest, " ")))
        argc++;
    memset(&seen, 0, sizeof seen);
    memset(said, 0, sizeof said);
    stderr = fmemopen(said, sizeof said, "w");
    status = cli_main(&program, argc, argv);
    fclose(stderr);
    stderr = real;
    return status;
}

static void test_cli_command_gets_options_settings_and_arguments(void **state)
{
    (void)state;
    assert_int_equal(call("t list dead --every 2s --json --limit=5"), 7);
    assert_int_equal(seen.every_ms, 2000);
    assert_true(seen.json);
    assert_string_equal(seen.limit, "5");
    assert_string_equal(seen.arg, "dead");
}

static void test_cli_flag_wins_over_environment_over_default(void **state)
{
    (void)state;
    assert_int_equal(call("t list"), 7);
    assert_int_equal(seen.every_ms, 10000);
    setenv("WORKSIGHT_CLITEST_EVERY", "3s", 1);
    assert_int_equal(call("t list"), 7);
    assert_int_equal(seen.every_ms, 3000);
    assert_int_equal(call("t list --every 4s"), 7);
    assert_int_equal(seen.every_ms, 4000);
    unsetenv("WORKSIGHT_CLITEST_EVERY");
}

static void test_cli_mistyped_words_exit_2_and_name_the_nearest(void **state)
{
    (void)state;
    assert_int_equal(call("t lsit"), CLI_USAGE);
    assert_non_null(strstr(said, "did you mean: worksight-test list"));
    assert_int_equal(call("t list --jsno"), CLI_USAGE);
    assert_non_null(strstr(said, "did you mean: --json"));
    assert_int_equal(call("t list --limit"), CLI_USAGE);
    assert_non_null(strstr(said, "needs a value"));
    assert_int_equal(call("t list a b"), CLI_USAGE);
    assert_non_null(strstr(said, "does not take \"b\""));
    assert_int_equal(call("t list --every 1ms"), CLI_USAGE);
    assert_non_null(strstr(said, "--every: every is \"1ms\""));
    assert_non_null(strstr(said, "from 10ms to 1h"));
    assert_int_equal(call("t list --config /nonexistent"), CLI_USAGE);
    assert_non_null(strstr(said, "/nonexistent"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cli_command_gets_options_settings_and_arguments),
        cmocka_unit_test(test_cli_flag_wins_over_environment_over_default),
        cmocka_unit_test(test_cli_mistyped_words_exit_2_and_name_the_nearest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
