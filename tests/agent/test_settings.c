#include "agent/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/role_start.h"
#include "core/clock.h"
#include "core/wire.h"

struct made {
    struct conf *conf;
    struct settings s;
    char *messages;
    size_t len;
};

static void open_with(struct made *m, const char *const *pairs)
{
    assert_int_equal(conf_open(&m->conf, &settings_schema, &m->s), WS_OK);
    for (; pairs && pairs[0]; pairs += 2)
        assert_int_equal(
            conf_set(m->conf, pairs[0], pairs[1], CONF_FLAG, pairs[0]), WS_OK);
}

static enum err check(struct made *m)
{
    FILE *f = open_memstream(&m->messages, &m->len);
    enum err e = settings_check(&m->s, f);

    if (!e)
        e = settings_settle(&m->s);

    fclose(f);
    return e;
}

static void end(struct made *m)
{
    conf_close(m->conf);
    free(m->messages);
}

static void test_settings_defaults_are_good_and_modest(void **state)
{
    struct made m = {0};

    (void)state;
    open_with(&m, NULL);
    assert_int_equal(check(&m), WS_OK);
    assert_string_equal(m.s.server, "http://127.0.0.1:8080/api");
    assert_int_equal(m.s.tier, 2);
    assert_int_equal(m.s.every_ms, 10000);
    assert_int_equal(m.s.queue_max_bytes, INT64_C(512) << 20);
    assert_int_equal(m.s.ocr, OCR_ON);
    assert_true(settings_needs_notice(&m.s));
    assert_int_equal(settings_tier_at(&m.s, INT64_MAX), 2);
    end(&m);
}

static void test_settings_server_with_api_or_slash_is_the_same(void **state)
{
    static const char *const spellings[] = {
        "http://h:1", "http://h:1/", "http://h:1/api", "http://h:1/api/"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const char *const pairs[] = {"server", spellings[i], NULL};
        struct made m = {0};

        open_with(&m, pairs);
        assert_int_equal(check(&m), WS_OK);
        assert_string_equal(m.s.server, "http://h:1/api");
        end(&m);
    }
}

static void test_settings_unknown_source_names_the_known_ones(void **state)
{
    static const char *const pairs[] = {"source", "camera", NULL};
    struct made m = {0};

    (void)state;
    open_with(&m, pairs);
    assert_int_equal(check(&m), WS_INVALID);
    assert_non_null(strstr(m.messages, "camera"));
    assert_non_null(strstr(m.messages, "auto, x11, file:DIR or synth"));
    end(&m);
}

static void test_settings_file_source_needs_its_folder(void **state)
{
    static const char *const bad[] = {"source", "file:/nonexistent", NULL};
    static const char *const good[] = {"source", "file:/tmp", NULL};
    struct made m = {0}, n = {0};

    (void)state;
    open_with(&m, bad);
    assert_int_equal(check(&m), WS_INVALID);
    assert_non_null(strstr(m.messages, "/nonexistent"));
    end(&m);
    open_with(&n, good);
    assert_int_equal(check(&n), WS_OK);
    assert_string_equal(settings_source_dir(&n.s), "/tmp");
    assert_false(settings_needs_notice(&n.s));
    end(&n);
}

/* The queue takes nothing that the wire would refuse, and without the
 * acknowledgement there is no session. */
static void test_settings_fit_the_acknowledgement(void **state)
{
    static const char *const names[] = {"purpose", "until"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct conf_key *key = conf_find(&settings_schema, names[i]);
        size_t f = 0;

        while (strcmp(wire_notice_ack.fields[f].name, names[i]) != 0)
            f++;
        assert_true((size_t)key->max <= wire_notice_ack.fields[f].max_len);
    }
}

static void test_settings_help_tells_how_long_a_text_may_be(void **state)
{
    char *text = NULL, *line;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    (void)state;
    conf_print_help(&settings_schema, f);
    fclose(f);
    line = strstr(text, "--purpose ");
    assert_non_null(line);
    *strchr(line, '\n') = '\0';
    assert_non_null(strstr(line, "; at most 255 characters"));
    free(text);
}

static void test_settings_pictures_need_purpose_and_end(void **state)
{
    static const char *const bare[] = {"tier", "L3", NULL};
    static const char *const past[] = {
        "tier", "L4", "purpose", "a test", "until", "2020-01-01", NULL};
    static const char *const good[] = {
        "tier", "L4", "purpose", "a test", "until", "2199-12-31", NULL};
    static const char *const date[] = {"until", "31.12.2199", NULL};
    struct made m = {0}, n = {0}, o = {0}, p = {0};

    (void)state;
    open_with(&m, bare);
    assert_int_equal(check(&m), WS_INVALID);
    assert_non_null(strstr(m.messages, "--purpose"));
    assert_non_null(strstr(m.messages, "--until"));
    end(&m);
    open_with(&n, past);
    assert_int_equal(check(&n), WS_INVALID);
    assert_non_null(strstr(n.messages, "2020-01-01"));
    end(&n);
    open_with(&o, good);
    assert_int_equal(check(&o), WS_OK);
    assert_int_equal(settings_tier_at(&o.s, clock_wall_ns()), 4);
    end(&o);
    open_with(&p, date);
    assert_int_equal(check(&p), WS_INVALID);
    assert_non_null(strstr(p.messages, "YYYY-MM-DD"));
    end(&p);
}

static void test_settings_pictures_end_with_their_last_day(void **state)
{
    static const char *const pairs[] = {"tier",  "L4",         "purpose", "x",
                                        "until", "2099-06-30", NULL};
    struct made m = {0};
    int64_t end_ns = 0;

    (void)state;
    open_with(&m, pairs);
    assert_int_equal(check(&m), WS_OK);
    assert_int_equal(clock_parse_iso("2099-07-01T00:00:00Z", 20, &end_ns),
                     WS_OK);
    assert_int_equal(settings_tier_at(&m.s, end_ns - 1), 4);
    assert_int_equal(settings_tier_at(&m.s, end_ns), 2);
    end(&m);
}

static void test_settings_acknowledge_is_a_hash(void **state)
{
    static const char *const pairs[] = {"acknowledge", "yes", NULL};
    struct made m = {0};

    (void)state;
    open_with(&m, pairs);
    assert_int_equal(check(&m), WS_INVALID);
    assert_non_null(strstr(m.messages, "64 hex digits"));
    end(&m);
}

static void test_settings_out_of_bounds_keeps_the_default(void **state)
{
    static const char *const bad[][2] = {{"every", "9ms"},
                                         {"every", "2h"},
                                         {"tier", "L5"},
                                         {"picture_every", "1s"},
                                         {"picture_quality", "0"},
                                         {"batch_items", "501"},
                                         {"queue_max", "1KiB"},
                                         {"request_deadline", "1h"},
                                         {"heartbeat_every", "1ms"}};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct made m = {0};

        open_with(&m, NULL);
        assert_int_equal(
            conf_set(m.conf, bad[i][0], bad[i][1], CONF_FLAG, "test"),
            WS_INVALID);
        assert_int_equal(check(&m), WS_OK);
        assert_int_equal(m.s.every_ms, 10000);
        end(&m);
    }
}

/* A role gets every setting as the supervisor has it, whatever it holds. */
static void test_settings_as_arguments_read_back_equal(void **state)
{
    static const char *const pairs[] = {
        "server",    "http://h:9", "every",       "10ms",    "tier",
        "L4",        "purpose",    "a \"b\" = c", "until",   "2199-12-31",
        "queue_max", "3MiB",       "ocr",         "off",     "input_counts",
        "off",       "source",     "synth",       "display", ":7",
        NULL};
    struct made m = {0}, n = {0};
    char **args = NULL;

    (void)state;
    open_with(&m, pairs);
    assert_int_equal(check(&m), WS_OK);
    assert_int_equal(role_start_args(m.conf, &args), WS_OK);
    open_with(&n, NULL);
    for (char **a = args; *a; a += 2)
        assert_int_equal(conf_set(n.conf, *a + 2, a[1], CONF_FLAG, *a), WS_OK);
    assert_int_equal(check(&n), WS_OK);
    assert_string_equal(n.s.server, "http://h:9/api");
    assert_string_equal(n.s.purpose, "a \"b\" = c");
    assert_string_equal(n.s.display, ":7");
    assert_string_equal(n.s.state, m.s.state);
    assert_int_equal(n.s.every_ms, 10);
    assert_int_equal(n.s.tier, 4);
    assert_int_equal(n.s.queue_max_bytes, 3 << 20);
    assert_int_equal(n.s.ocr, OCR_OFF);
    assert_false(n.s.input_counts);
    role_start_free_args(args);
    end(&m);
    end(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_defaults_are_good_and_modest),
        cmocka_unit_test(test_settings_server_with_api_or_slash_is_the_same),
        cmocka_unit_test(test_settings_unknown_source_names_the_known_ones),
        cmocka_unit_test(test_settings_file_source_needs_its_folder),
        cmocka_unit_test(test_settings_fit_the_acknowledgement),
        cmocka_unit_test(test_settings_help_tells_how_long_a_text_may_be),
        cmocka_unit_test(test_settings_pictures_need_purpose_and_end),
        cmocka_unit_test(test_settings_pictures_end_with_their_last_day),
        cmocka_unit_test(test_settings_acknowledge_is_a_hash),
        cmocka_unit_test(test_settings_out_of_bounds_keeps_the_default),
        cmocka_unit_test(test_settings_as_arguments_read_back_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
