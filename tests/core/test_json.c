#include "core/json.h"
#include "core/jsonw.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum err parse(const char *text, struct json **out)
{
    return json_parse(text, strlen(text), out, NULL);
}

static void refuse(const char *text, const char *reason)
{
    OWN(json_free)
    struct json *v = NULL;
    struct json_error why = {0};

    if (json_parse(text, strlen(text), &v, &why) != WS_INVALID)
        fail_msg("%s was taken", text);
    if (!strstr(why.message, reason))
        fail_msg("%s: \"%s\" does not say \"%s\"", text, why.message, reason);
}

static void test_json_parse_gives_members_in_order(void **state)
{
    OWN(json_free)
    struct json *v = NULL;
    const struct json *m;

    (void)state;
    assert_int_equal(
        parse(" {\"a\":1,\"b\":[true,null,\"x\\n\"],\"c\":-2.5} ", &v), WS_OK);
    assert_int_equal(json_count(v), 3);
    m = json_first(v);
    assert_string_equal(json_key(m), "a");
    assert_int_equal(json_int(m, 0), 1);
    m = json_first(json_get(v, "b"));
    assert_true(json_bool(m, false));
    assert_int_equal(json_kind(json_next(m)), JSON_NULL);
    assert_string_equal(json_text(json_next(json_next(m)), ""), "x\n");
    assert_true(json_number(json_get(v, "c"), 0) == -2.5);
    assert_int_equal(json_int(json_get(v, "c"), 7), 7);
    assert_null(json_get(v, "A"));
}

static void test_json_parse_of_bad_text_is_invalid_and_says_why(void **state)
{
    char deep[80];

    (void)state;
    refuse("", "not JSON");
    refuse("{\"a\":1", "not JSON");
    refuse("{\"a\":1} x", "more bytes");
    refuse("{\"a\":1,\"b\":2,\"a\":3}", "\"a\" is twice");
    refuse("{\"n\":9007199254740992}", "2^53");
    refuse("[1e999]", "2^53");
    refuse("[\"\\u0000\"]", "U+0000");
    refuse("[\"\xff\"]", "UTF-8");
    refuse("[\"\xed\xa0\x80\"]", "UTF-8");
    refuse("[\"sixteen letters, then \xff\"]", "UTF-8");
    memset(deep, '[', 33);
    memset(deep + 33, ']', 33);
    deep[66] = '\0';
    refuse(deep, "deeper");
}

static void test_json_parse_takes_the_edges(void **state)
{
    OWN(json_free)
    struct json *a = NULL, *b = NULL, *c = NULL, *d = NULL;

    (void)state;
    assert_int_equal(parse("9007199254740991", &a), WS_OK);
    assert_int_equal(json_int(a, 0), INT64_C(9007199254740991));
    assert_int_equal(parse("[\"\\\\u0000\"]", &b), WS_OK);
    assert_string_equal(json_text(json_first(b), ""), "\\u0000");
    assert_int_equal(
        parse("[[[[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]]]]", &c), WS_OK);
    assert_int_equal(parse("\"\xf0\x9f\x98\x80\"", &d), WS_OK);
}

static void test_json_twins_are_found_in_wide_objects(void **state)
{
    OWN_BUF struct buf text = BUF_EMPTY;

    (void)state;
    buf_append_byte(&text, '{');
    for (int i = 0; i < 500; i++)
        buf_printf(&text, "\"m%d\":0,", i);
    buf_append_text(&text, "\"m7\":1}");
    refuse(buf_text(&text), "\"m7\" is twice");
}

static void test_json_equal_ignores_order_and_spelling(void **state)
{
    OWN(json_free)
    struct json *a = NULL, *b = NULL, *c = NULL;

    (void)state;
    assert_int_equal(parse("{\"a\":71.0,\"b\":[1]}", &a), WS_OK);
    assert_int_equal(parse("{\"b\":[1e0],\"a\":71}", &b), WS_OK);
    assert_int_equal(parse("{\"b\":[2],\"a\":71}", &c), WS_OK);
    assert_true(json_equal(a, b));
    assert_false(json_equal(a, c));
}

static void test_jsonw_writes_what_json_reads(void **state)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    OWN_BUF struct buf again = BUF_EMPTY;
    OWN(json_free)
    struct json *v = NULL;
    struct jsonw w;

    (void)state;
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "quote\"", "a\\b\x01\n\x7f é");
    jsonw_number(&w, "tenth", 0.1);
    jsonw_number(&w, "nan", NAN);
    jsonw_int(&w, "big", INT64_C(-9007199254740991));
    jsonw_array(&w, "list");
    jsonw_bool(&w, NULL, true);
    jsonw_null(&w, NULL);
    jsonw_object(&w, NULL);
    jsonw_object_end(&w);
    jsonw_array_end(&w);
    jsonw_text(&w, "broken", "ok\xff\xc3");
    jsonw_time(&w, "never", 0);
    jsonw_object_end(&w);
    assert_int_equal(buf_check(&out), WS_OK);
    assert_int_equal(json_parse(out.data, out.len, &v, NULL), WS_OK);
    assert_string_equal(json_text(json_get(v, "quote\""), ""),
                        "a\\b\x01\n\x7f é");
    assert_true(json_number(json_get(v, "tenth"), 0) == 0.1);
    assert_string_equal(json_text(json_get(v, "broken"), ""),
                        "ok\xef\xbf\xbd\xef\xbf\xbd");
    json_print(v, &again);
    assert_string_equal(buf_text(&out), buf_text(&again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_parse_gives_members_in_order),
        cmocka_unit_test(test_json_parse_of_bad_text_is_invalid_and_says_why),
        cmocka_unit_test(test_json_parse_takes_the_edges),
        cmocka_unit_test(test_json_twins_are_found_in_wide_objects),
        cmocka_unit_test(test_json_equal_ignores_order_and_spelling),
        cmocka_unit_test(test_jsonw_writes_what_json_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
