/* test_gunzip.c - gzip bodies, good, broken, and bombs. */
#include "server/http/gunzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>

static char packed[1 << 20];

static size_t pack(const char *text, size_t len)
{
    z_stream z = {0};
    size_t n;

    assert_int_equal(
        deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY),
        Z_OK);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)packed;
    z.avail_out = sizeof(packed);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    n = sizeof(packed) - z.avail_out;
    deflateEnd(&z);
    return n;
}

static enum err unpack(size_t len, size_t piece, size_t max, struct buf *out)
{
    OWN(gunzip_close)
    struct gunzip *g = NULL;
    enum err e = gunzip_open(&g, max);
    size_t at;

    buf_clear(out);
    for (at = 0; !e && at < len; at += piece)
        e = gunzip_feed(g, packed + at, len - at < piece ? len - at : piece,
                        out);
    return e ? e : gunzip_end(g);
}

static void test_gunzip_any_pieces_give_the_text(void **state)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    size_t len = pack("hello hello hello hello", 23), piece;

    (void)state;
    for (piece = 1; piece <= len; piece++) {
        assert_int_equal(unpack(len, piece, 23, &out), WS_OK);
        assert_string_equal(buf_text(&out), "hello hello hello hello");
    }
}

static void test_gunzip_over_the_cap_is_full(void **state)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    size_t len = pack("hello hello hello hello", 23);

    (void)state;
    assert_int_equal(unpack(len, 1000, 22, &out), WS_FULL);
}

static void test_gunzip_bomb_stops_at_the_cap(void **state)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    static char zeros[64 << 20];
    size_t len = pack(zeros, sizeof(zeros));

    (void)state;
    assert_int_equal(unpack(len, 65536, 1 << 20, &out), WS_FULL);
    assert_true(out.cap <= 4 << 20);
}

static void test_gunzip_broken_is_invalid(void **state)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    size_t len = pack("hello hello hello hello", 23), i;

    (void)state;
    assert_int_equal(unpack(len - 1, 1000, 100, &out), WS_INVALID);
    assert_int_equal(unpack(0, 1000, 100, &out), WS_INVALID);
    packed[len] = 'x'; /* bytes after the end */
    assert_int_equal(unpack(len + 1, 1000, 100, &out), WS_INVALID);
    assert_int_equal(unpack(len + 1, 1, 100, &out), WS_INVALID);
    for (i = 0; i < 2; i++) { /* the magic */
        packed[i] ^= 1;
        assert_int_equal(unpack(len, 1000, 100, &out), WS_INVALID);
        packed[i] ^= 1;
    }
    packed[len - 5] ^= 1; /* the checksum */
    assert_int_equal(unpack(len, 1000, 100, &out), WS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gunzip_any_pieces_give_the_text),
        cmocka_unit_test(test_gunzip_over_the_cap_is_full),
        cmocka_unit_test(test_gunzip_bomb_stops_at_the_cap),
        cmocka_unit_test(test_gunzip_broken_is_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
