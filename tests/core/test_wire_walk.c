/* Every field of every message, with every kind of wrong value: one problem,
 * at its place, with its name, the value and what it must be; and the values
 * at its bounds, which are taken. */
#include "core/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/jsonw.h"

static const struct wire_message *const messages[] = {
    &wire_session,   &wire_heartbeat,        &wire_screenshot, &wire_recording,
    &wire_metric,    &wire_recording_status, &wire_event,      &wire_notice_ack,
    &wire_tombstone, &wire_batch_item,
};
#define EXACT 9007199254740992.0 /* 2^53: json refuses that and more */
#define MESSAGES (sizeof messages / sizeof *messages)

/* `letter` times n, quoted: the value of a text. */
static void quote(struct buf *out, const char *letter, size_t n)
{
    buf_clear(out);
    buf_append_byte(out, '"');
    while (n-- > 0)
        buf_append_text(out, letter);
    buf_append_byte(out, '"');
}

/* The problems of a message in which one field alone has a value. */
static struct wire_problems check(const struct wire_message *m,
                                  const struct wire_field *f, const char *value)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    OWN(json_free)
    struct json *doc = NULL;
    struct wire_problems all = {.count = 0}, of = {.count = 0};
    char pointer[96];

    buf_printf(&text, "{\"%s\":", f->name);
    buf_append_text(&text, value);
    buf_append_byte(&text, '}');
    assert_int_equal(json_parse(text.data, text.len, &doc, NULL), WS_OK);
    (void)!wire_check(m, doc, &all);
    snprintf(pointer, sizeof pointer, "/%s", f->name);
    for (size_t i = 0; i < all.count; i++)
        if (strcmp(all.list[i].pointer, pointer) == 0)
            of.list[of.count++] = all.list[i];
    return of;
}

static void is_taken(const struct wire_message *m, const struct wire_field *f,
                     const char *value)
{
    struct wire_problems p = check(m, f, value);

    if (p.count)
        fail_msg("%s %.60s: %s", m->name, value, p.list[0].detail);
}

static void is_refused(const struct wire_message *m, const struct wire_field *f,
                       const char *value, const char *says, const char *bounds)
{
    struct wire_problems p = check(m, f, value);
    size_t name = strlen(f->name);

    if (p.count != 1)
        fail_msg("%s /%s = %.60s: %zu problems", m->name, f->name, value,
                 p.count);
    if (strncmp(p.list[0].detail, f->name, name) != 0 ||
        !strstr(p.list[0].detail + name, says) ||
        !strstr(p.list[0].detail, ", must be ") ||
        !strstr(p.list[0].detail, bounds))
        fail_msg("%s /%s = %.60s says \"%s\", not \"%s\" and \"%s\"", m->name,
                 f->name, value, p.list[0].detail, says, bounds);
}

static void walk_number(const struct wire_message *m,
                        const struct wire_field *f)
{
    char value[64], bounds[96];

    snprintf(bounds, sizeof bounds, "from %.17g to %.17g", f->min, f->max);
    if (f->min > -EXACT) {
        snprintf(value, sizeof value, "%.17g", f->min);
        is_taken(m, f, value);
        snprintf(value, sizeof value, "%.17g", f->min - 1);
        is_refused(m, f, value, value, bounds);
    }
    if (f->max < EXACT) {
        snprintf(value, sizeof value, "%.17g", f->max);
        is_taken(m, f, value);
        snprintf(value, sizeof value, "%.17g", f->max + 1);
        is_refused(m, f, value, value, bounds);
    }
    if (f->kind == WIRE_INT)
        is_refused(m, f, "2.5", "2.5", "a whole number from");
    is_refused(m, f, "\"x\"", "is \"x\"", bounds);
}

static void walk_text(const struct wire_message *m, const struct wire_field *f)
{
    OWN_BUF struct buf value = BUF_EMPTY;
    char says[64], bounds[96];

    quote(&value, "é", f->max_len);
    is_taken(m, f, buf_text(&value));
    quote(&value, "é", f->max_len + 1);
    snprintf(says, sizeof says, "of %zu characters", f->max_len + 1);
    snprintf(bounds, sizeof bounds, "at most %zu characters", f->max_len);
    is_refused(m, f, buf_text(&value), says, bounds);
    is_refused(m, f, "[7]", "is [7]", bounds);
}

static void walk_hex(const struct wire_message *m, const struct wire_field *f)
{
    OWN_BUF struct buf value = BUF_EMPTY;
    char bounds[64];

    snprintf(bounds, sizeof bounds, "%zu lowercase hex digits", f->max_len);
    quote(&value, "a", f->max_len);
    is_taken(m, f, buf_text(&value));
    quote(&value, "a", f->max_len + 1);
    is_refused(m, f, buf_text(&value), "is \"aaaa", bounds);
    quote(&value, "a", f->max_len - 1);
    is_refused(m, f, buf_text(&value), "is \"aaaa", bounds);
    quote(&value, "A", f->max_len);
    is_refused(m, f, buf_text(&value), "is \"AAAA", bounds);
    is_refused(m, f, "7", "is 7", bounds);
}

static void walk_other(const struct wire_message *m, const struct wire_field *f)
{
    OWN_BUF struct buf value = BUF_EMPTY;
    char says[64];

    switch (f->kind) {
    case WIRE_ENUM:
        for (const char *const *c = f->choices; *c; c++) {
            buf_clear(&value);
            buf_printf(&value, "\"%s\"", *c);
            is_taken(m, f, buf_text(&value));
            is_refused(m, f, "\"nonsense\"", "is \"nonsense\"", *c);
        }
        break;
    case WIRE_TIME:
        is_taken(m, f, "\"2026-02-10T16:19:56Z\"");
        is_refused(m, f, "\"yesterday\"", "is \"yesterday\"", "ISO 8601");
        is_refused(m, f, "1770740396", "is 1770740396", "ISO 8601");
        break;
    case WIRE_OBJECT:
        is_taken(m, f, "{}");
        is_refused(m, f, "[]", "is []", "an object");
        break;
    case WIRE_ARRAY:
        buf_append_text(&value, "[0");
        for (size_t i = 0; i < (size_t)f->max; i++)
            buf_append_text(&value, ",0");
        buf_append_byte(&value, ']');
        snprintf(says, sizeof says, "has %.0f elements", f->max + 1);
        is_refused(m, f, buf_text(&value), says, "an array of at most");
        is_refused(m, f, "{}", "is {}", "an array of at most");
        break;
    case WIRE_BOOL:
        is_refused(m, f, "1", "is 1", "true or false");
        break;
    default:
        fail_msg("%s /%s: a kind without values to try", m->name, f->name);
    }
}

static void test_wire_walk_every_wrong_value_says_what_it_must_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < MESSAGES; i++)
        for (size_t k = 0; k < messages[i]->count; k++) {
            const struct wire_field *f = &messages[i]->fields[k];

            if (f->kind == WIRE_INT || f->kind == WIRE_NUMBER)
                walk_number(messages[i], f);
            else if (f->kind == WIRE_TEXT || f->kind == WIRE_TEXT_OR_NUMBER)
                walk_text(messages[i], f);
            else if (f->kind == WIRE_HEX)
                walk_hex(messages[i], f);
            else
                walk_other(messages[i], f);
            if (f->flags & WIRE_NULLABLE)
                is_taken(messages[i], f, "null");
            else
                is_refused(messages[i], f, "null", "is null", "must be");
        }
}

static void test_wire_walk_every_missing_field_says_what_is_wanted(void **state)
{
    OWN(json_free)
    struct json *doc = NULL;

    (void)state;
    assert_int_equal(json_parse("{}", 2, &doc, NULL), WS_OK);
    for (size_t i = 0; i < MESSAGES; i++) {
        struct wire_problems p = {.count = 0};
        size_t at = 0;

        (void)!wire_check(messages[i], doc, &p);
        for (size_t k = 0; k < messages[i]->count; k++) {
            const struct wire_field *f = &messages[i]->fields[k];

            if (!(f->flags & WIRE_REQUIRED))
                continue;
            assert_string_equal(p.list[at].pointer + 1, f->name);
            assert_non_null(strstr(p.list[at].detail, " is missing, must be "));
            at++;
        }
        assert_int_equal(p.count, at);
    }
}

static void test_wire_walk_a_cut_value_is_still_utf8(void **state)
{
    OWN_BUF struct buf value = BUF_EMPTY, out = BUF_EMPTY;
    OWN(json_free)
    struct json *back = NULL;
    struct jsonw w;

    (void)state;
    for (size_t lead = 0; lead < 4; lead++) {
        struct wire_problems p;

        buf_clear(&value);
        buf_append_byte(&value, '"');
        for (size_t i = 0; i < lead; i++)
            buf_append_byte(&value, 'x');
        for (size_t i = 0; i < 300; i++)
            buf_append_text(&value, "漢");
        buf_append_byte(&value, '"');
        p = check(&wire_session, &wire_session.fields[0], buf_text(&value));
        assert_int_equal(p.count, 1);
        buf_clear(&out);
        jsonw_init(&w, &out);
        jsonw_object(&w, NULL);
        jsonw_text(&w, "detail", p.list[0].detail);
        jsonw_object_end(&w);
        json_free(back);
        assert_int_equal(json_parse(out.data, out.len, &back, NULL), WS_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire_walk_every_wrong_value_says_what_it_must_be),
        cmocka_unit_test(
            test_wire_walk_every_missing_field_says_what_is_wanted),
        cmocka_unit_test(test_wire_walk_a_cut_value_is_still_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
