/* test_multipart.c - forms, in pieces of every size. */
#include "core/buf.h"
#include "server/http/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TYPE "multipart/form-data; boundary=XX"

static struct buf seen; /* "name|filename|type|file?[data]" a part */

static enum err on_begin(void *ctx, const struct multipart_part *p)
{
    (void)ctx;
    buf_printf(&seen, "%s|%s|%s|%d[", p->name, p->filename, p->content_type,
               p->is_file);
    return WS_OK;
}

static enum err on_data(void *ctx, const char *data, size_t len)
{
    (void)ctx;
    buf_append(&seen, data, len);
    return WS_OK;
}

static enum err on_end(void *ctx)
{
    (void)ctx;
    buf_append_byte(&seen, ']');
    return WS_OK;
}

static const struct multipart_ops ops = {on_begin, on_data, on_end};

static enum err read_form(const char *type, const char *text, size_t piece)
{
    OWN(multipart_close)
    struct multipart *m = NULL;
    enum err e = multipart_open(&m, type, &ops, NULL);
    size_t len = strlen(text), at;

    buf_clear(&seen);
    for (at = 0; !e && at < len; at += piece)
        e = multipart_feed(m, text + at, len - at < piece ? len - at : piece);
    return e ? e : multipart_end(m);
}

static const char good[] =
    "preamble\r\n--XX\r\n"
    "Content-Disposition: form-data; name=\"session_id\"\r\n\r\n"
    "42\r\n--XX\r\n"
    "content-disposition: form-data; filename=\"C:\\shots\\a b.png\"; "
    "name=image\r\nContent-Type: image/png; x=y\r\n\r\n"
    "\r\n--X\r\n--XY\r\r\n--XX \t\r\n"
    "Content-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n--XX--\r\nend";

static void test_multipart_any_pieces_give_the_parts(void **state)
{
    size_t piece;

    (void)state;
    for (piece = 1; piece < sizeof(good); piece++) {
        assert_int_equal(read_form(TYPE, good, piece), WS_OK);
        assert_string_equal(buf_text(&seen),
                            "session_id|||0[42]"
                            "image|a b.png|image/png|1[\r\n--X\r\n--XY\r]"
                            "empty|||0[]");
    }
}

static void test_multipart_quoted_boundary_is_read(void **state)
{
    (void)state;
    assert_int_equal(
        read_form("Multipart/Form-Data; charset=utf-8; boundary=\"a b\"",
                  "--a b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n"
                  "1\r\n--a b--",
                  1000),
        WS_OK);
    assert_string_equal(buf_text(&seen), "x|||0[1]");
}

static void test_multipart_escaped_quote_in_a_name(void **state)
{
    (void)state;
    assert_int_equal(read_form(TYPE,
                               "--XX\r\nContent-Disposition: form-data; "
                               "name=\"a\\\"b\"; filename=\"../../x\"\r\n\r\n"
                               "1\r\n--XX--\r\n",
                               7),
                     WS_OK);
    assert_string_equal(buf_text(&seen), "a\"b|x||1[1]");
}

static void test_multipart_wrong_type_is_invalid(void **state)
{
    static const char *const bad[] = {"",
                                      "text/plain",
                                      "multipart/form-data",
                                      "multipart/mixed; boundary=X",
                                      "multipart/form-data; boundary=",
                                      "multipart/form-data; boundary=\"x",
                                      "multipart/form-data; boundary="
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(read_form(bad[i], "", 1), WS_INVALID);
}

#define PART "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n"

static void test_multipart_malformed_is_invalid(void **state)
{
    static const char *const bad[] = {
        "",
        "no boundary",
        "--XX--",
        PART "\r\n1",
        PART "\r\n1\r\n--XX",
        PART "\r\n1\r\n--XX-",
        PART "\r\n1\r\n--XX-\r\n",
        PART "\r\n1\r\n--XXx\r\n",
        PART "no colon\r\n\r\n1\r\n--XX--",
        PART " folded: x\r\n\r\n1\r\n--XX--",
        PART "X: a\n\r\n1\r\n--XX--",
        PART "X: a\rb\r\n\r\n1\r\n--XX--",
        PART "Content-Transfer-Encoding: base64\r\n\r\n1\r\n--XX--",
        "--XX\r\nX: y\r\n\r\n1\r\n--XX--",
        ("--XX\r\nContent-Disposition: attachment; "
         "name=\"a\"\r\n\r\n1\r\n--XX--"),
        "--XX\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n1\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--XX--"};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(read_form(TYPE, bad[i], 1), WS_INVALID);
        assert_int_equal(read_form(TYPE, bad[i], 1000), WS_INVALID);
    }
}

static void test_multipart_too_much_is_full(void **state)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    int i;

    (void)state;
    for (i = 0; i <= MULTIPART_MAX_PARTS; i++)
        buf_append_text(&text, i ? "\r\n" PART "\r\n1" : PART "\r\n1");
    buf_append_text(&text, "\r\n--XX--");
    assert_int_equal(read_form(TYPE, buf_text(&text), 100), WS_FULL);
    buf_clear(&text);
    buf_append_text(&text, PART);
    for (i = 0; i <= MULTIPART_MAX_HEADERS; i++)
        buf_append_text(&text, "X: y\r\n");
    assert_int_equal(read_form(TYPE, buf_text(&text), 100), WS_FULL);
    buf_clear(&text);
    buf_append_text(&text, PART);
    for (i = 0; i <= MULTIPART_MAX_LINE_BYTES; i++)
        buf_append_byte(&text, 'x');
    assert_int_equal(read_form(TYPE, buf_text(&text), 100), WS_FULL);
}

static int forget(void **state)
{
    (void)state;
    buf_fini(&seen);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_multipart_any_pieces_give_the_parts),
        cmocka_unit_test(test_multipart_quoted_boundary_is_read),
        cmocka_unit_test(test_multipart_escaped_quote_in_a_name),
        cmocka_unit_test(test_multipart_wrong_type_is_invalid),
        cmocka_unit_test(test_multipart_malformed_is_invalid),
        cmocka_unit_test(test_multipart_too_much_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}
