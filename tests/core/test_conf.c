#include "core/conf.h"
#include "core/conf_parse.h"
#include "core/io.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct values {
    char *server, *secret, *state;
    int64_t every_ms, bytes, tier;
    double share;
    bool counts;
};

static const char *const tiers[] = {"L0", "L1", "L2", NULL};

/* clang-format off */
static const struct conf_key keys[] = {
    {"server", CONF_URL, offsetof(struct values, server), "http://127.0.0.1:8080", 0, 0, NULL, 0, "where to send"},
    {"every", CONF_DURATION, offsetof(struct values, every_ms), "10s", 10, 3600000, NULL, 0, "between two"},
    {"max_bytes", CONF_SIZE, offsetof(struct values, bytes), "512MiB", 1 << 20, INT64_C(1) << 40, NULL, 0, "room"},
    {"tier", CONF_ENUM, offsetof(struct values, tier), "L2", 0, 0, tiers, 0, "how much"},
    {"share", CONF_NUMBER, offsetof(struct values, share), "0.5", 0, 1, NULL, 0, "a share"},
    {"input_counts", CONF_BOOL, offsetof(struct values, counts), "on", 0, 0, NULL, 0, "count"},
    {"state", CONF_PATH, offsetof(struct values, state), "/var/lib/x", 0, 0, NULL, 0, "a folder"},
    {"password", CONF_TEXT, offsetof(struct values, secret), NULL, 0, 64, NULL, CONF_SECRET, "secret"},
};
/* clang-format on */

static const struct conf_schema schema = {
    .program = "test",
    .env_prefix = "WORKSIGHT_TEST_",
    .keys = keys,
    .count = sizeof keys / sizeof *keys,
};

struct fixture {
    struct conf *conf;
    struct values v;
    char *said; /* what conf_check() printed */
};

static void open_conf(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    assert_int_equal(conf_open(&f->conf, &schema, &f->v), WS_OK);
}

static enum err check(struct fixture *f)
{
    size_t len;
    FILE *to = open_memstream(&f->said, &len);
    enum err e = conf_check(f->conf, to);

    fclose(to);
    return e;
}

static void close_conf(struct fixture *f)
{
    conf_close(f->conf);
    free(f->said);
}

static void test_conf_defaults_fill_every_kind(void **state)
{
    struct fixture f;

    (void)state;
    open_conf(&f);
    assert_string_equal(f.v.server, "http://127.0.0.1:8080");
    assert_int_equal(f.v.every_ms, 10000);
    assert_int_equal(f.v.bytes, 512 << 20);
    assert_int_equal(f.v.tier, 2);
    assert_true(f.v.share == 0.5);
    assert_true(f.v.counts);
    assert_int_equal(check(&f), WS_OK);
    close_conf(&f);
}

static void
test_conf_set_out_of_bounds_keeps_the_value_and_says_bounds(void **state)
{
    static const struct {
        const char *name, *value, *says;
    } bad[] = {
        {"every", "9ms", "from 10ms to 1h"},
        {"every", "10", "with its unit"},
        {"every", "-5s", "with its unit"},
        {"max_bytes", "1KiB", "from 1MiB to 1TiB"},
        {"tier", "L9", "one of L0, L1, L2"},
        {"share", "1.5", "from 0 to 1"},
        {"input_counts", "maybe", "on or off"},
        {"server", "ftp://x", "http://"},
        {"state", "", "a path, like /var/lib/x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fixture f;

        open_conf(&f);
        assert_int_equal(
            conf_set(f.conf, bad[i].name, bad[i].value, CONF_FLAG, "--flag"),
            WS_INVALID);
        assert_int_equal(check(&f), WS_INVALID);
        if (!strstr(f.said, bad[i].says) || !strstr(f.said, "--flag: "))
            fail_msg("\"%s\" does not say \"%s\"", f.said, bad[i].says);
        assert_int_equal(f.v.every_ms, 10000);
        close_conf(&f);
    }
}

static void test_conf_later_origin_wins_and_is_known(void **state)
{
    static char *environment[] = {(char *)"WORKSIGHT_TEST_EVERY=30s",
                                  (char *)"OTHER=1", NULL};
    struct fixture f;

    (void)state;
    open_conf(&f);
    assert_int_equal(conf_load_env(f.conf, environment), WS_OK);
    assert_int_equal(f.v.every_ms, 30000);
    assert_int_equal(conf_origin(f.conf, "every"), CONF_ENV);
    assert_int_equal(conf_set(f.conf, "every", "1.5s", CONF_FLAG, "--every"),
                     WS_OK);
    assert_int_equal(f.v.every_ms, 1500);
    assert_int_equal(conf_origin(f.conf, "every"), CONF_FLAG);
    assert_int_equal(conf_origin(f.conf, "share"), CONF_DEFAULT);
    close_conf(&f);
}

static void test_conf_file_reports_every_mistake_with_its_line(void **state)
{
    static const char text[] = "; comment\n[agent]\nevery = 5ms\n"
                               "evry = 10s\nmax_bytes = 2MiB\n";
    char path[] = "/tmp/ws-conf-XXXXXX";
    OWN_FD int fd = mkstemp(path);
    struct fixture f;

    (void)state;
    assert_int_equal(io_write_all(fd, text, sizeof text - 1), WS_OK);
    open_conf(&f);
    assert_int_equal(conf_load_file(f.conf, path), WS_INVALID);
    assert_int_equal(check(&f), WS_INVALID);
    assert_non_null(strstr(f.said, ":3: every"));
    assert_non_null(strstr(f.said, ":4: there is no setting \"evry\""));
    assert_non_null(strstr(f.said, "did you mean \"every\"?"));
    assert_int_equal(f.v.bytes, 2 << 20);
    close_conf(&f);
    unlink(path);
}

static void test_conf_unknown_environment_name_is_a_mistake(void **state)
{
    static char *environment[] = {(char *)"WORKSIGHT_TEST_EVRY=30s", NULL};
    struct fixture f;

    (void)state;
    open_conf(&f);
    assert_int_equal(conf_load_env(f.conf, environment), WS_INVALID);
    assert_int_equal(check(&f), WS_INVALID);
    close_conf(&f);
}

static void test_conf_secret_is_never_printed(void **state)
{
    struct fixture f;
    char out[64];

    (void)state;
    open_conf(&f);
    assert_int_equal(conf_set(f.conf, "password", "hunter2", CONF_FLAG, "-"),
                     WS_OK);
    conf_value(f.conf, conf_find(&schema, "password"), out, sizeof out);
    assert_string_equal(out, "(secret)");
    close_conf(&f);
}

/* A file has one line for a value; all of it counts, also behind a ; or #. */
static void test_conf_text_that_no_file_can_hold_is_invalid(void **state)
{
    static const char *const bad[] = {"a\nb", "a\tb", "\x7f"};
    struct fixture f;

    (void)state;
    open_conf(&f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(
            conf_set(f.conf, "password", bad[i], CONF_FLAG, "--password"),
            WS_INVALID);
    assert_int_equal(
        conf_set(f.conf, "password", "a ;b # c", CONF_FLAG, "--password"),
        WS_OK);
    close_conf(&f);
}

static void test_conf_path_begins_at_home_or_stays(void **state)
{
    static const char *const rows[][2] = {
        {"~", "/h"},
        {"~/x", "/h/x"},
        {"~ana/x", "~ana/x"}, /* another's home: not ours to guess */
        {"$XDG_STATE_HOME/w", "/h/.local/state/w"},
        {"$XDG_STATE_HOMES/w", "$XDG_STATE_HOMES/w"},
        {"/x/~", "/x/~"},
    };

    (void)state;
    setenv("HOME", "/h", 1);
    unsetenv("XDG_STATE_HOME");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OWN_FREE char *path = conf_parse_path(rows[i][0]);

        assert_string_equal(path, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_defaults_fill_every_kind),
        cmocka_unit_test(
            test_conf_set_out_of_bounds_keeps_the_value_and_says_bounds),
        cmocka_unit_test(test_conf_later_origin_wins_and_is_known),
        cmocka_unit_test(test_conf_file_reports_every_mistake_with_its_line),
        cmocka_unit_test(test_conf_unknown_environment_name_is_a_mistake),
        cmocka_unit_test(test_conf_secret_is_never_printed),
        cmocka_unit_test(test_conf_text_that_no_file_can_hold_is_invalid),
        cmocka_unit_test(test_conf_path_begins_at_home_or_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
