#include "agent/ocr/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct engine_word *room;

static int open_cache(void **state)
{
    struct cache *c;

    room = calloc(ENGINE_MAX_WORDS, sizeof(*room));
    if (!room || cache_open(&c))
        return -1;
    *state = c;
    return 0;
}

static int close_cache(void **state)
{
    cache_close(*state);
    free(room);
    return 0;
}

static void key_of(uint32_t n, uint8_t key[CACHE_KEY_BYTES])
{
    memset(key, 0, CACHE_KEY_BYTES);
    memcpy(key, &n, sizeof(n));
}

static void test_cache_kept_words_come_back(void **state)
{
    struct engine_word words[2] = {{.text = "alpha"}, {.text = "beta"}};
    struct engine_words out = {.list = room};
    uint8_t key[CACHE_KEY_BYTES];

    key_of(1, key);
    assert_int_equal(cache_get(*state, key, &out), WS_NOTFOUND);
    cache_put(*state, key, words, 2);
    assert_int_equal(cache_get(*state, key, &out), WS_OK);
    assert_int_equal(out.count, 2);
    assert_string_equal(out.list[1].text, "beta");
}

static void test_cache_empty_line_comes_back_empty(void **state)
{
    struct engine_words out = {.list = room};
    uint8_t key[CACHE_KEY_BYTES];

    key_of(1, key);
    cache_put(*state, key, NULL, 0);
    assert_int_equal(cache_get(*state, key, &out), WS_OK);
    assert_int_equal(out.count, 0);
}

static void test_cache_placed_key_is_of_one_place(void **state)
{
    uint8_t key[CACHE_KEY_BYTES], a[CACHE_KEY_BYTES], b[CACHE_KEY_BYTES];
    struct plane_box one = {0, 0, 4, 2}, other = {0, 16, 4, 2};

    (void)state;
    key_of(1, key);
    memcpy(a, key, sizeof(a));
    memcpy(b, key, sizeof(b));
    cache_key_at(&one, a);
    cache_key_at(&other, b);
    assert_memory_not_equal(a, key, sizeof(a));
    assert_memory_not_equal(b, key, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
}

static void test_cache_bounds_hold_and_the_newest_stay(void **state)
{
    struct engine_word words[8] = {{.text = "x"}};
    struct engine_words out = {.list = room};
    uint8_t key[CACHE_KEY_BYTES];
    uint32_t kept = 0;

    for (uint32_t n = 0; n < 20000; n++) {
        key_of(n, key);
        cache_put(*state, key, words, 8);
    }
    for (uint32_t n = 0; n < 20000; n++) {
        key_of(n, key);
        out.count = 0;
        kept += cache_get(*state, key, &out) == WS_OK;
    }
    assert_in_range(kept, 1, CACHE_MAX_LINES);
    key_of(19999, key);
    out.count = 0;
    assert_int_equal(cache_get(*state, key, &out), WS_OK);
}

static void test_cache_key_names_size_and_pixels(void **state)
{
    OWN(plane_close)
    struct plane *p = NULL;
    struct plane_box a = {0, 0, 4, 2}, b = {0, 0, 2, 4}, c = {4, 0, 4, 2};
    uint8_t ka[CACHE_KEY_BYTES], kb[CACHE_KEY_BYTES], kc[CACHE_KEY_BYTES];

    (void)state;
    assert_int_equal(plane_open(&p, 8, 8), WS_OK);
    memset(p->px, 7, 64);
    assert_int_equal(cache_key(p, &a, ka), WS_OK);
    assert_int_equal(cache_key(p, &b, kb), WS_OK);
    assert_int_equal(cache_key(p, &c, kc), WS_OK);
    assert_memory_not_equal(ka, kb, CACHE_KEY_BYTES);
    assert_memory_equal(ka, kc, CACHE_KEY_BYTES); /* moved is the same */
    p->px[8 + 7] = 8;
    assert_int_equal(cache_key(p, &c, kc), WS_OK);
    assert_memory_not_equal(ka, kc, CACHE_KEY_BYTES);
}

#define WITH_CACHE(test)                                                       \
    cmocka_unit_test_setup_teardown(test, open_cache, close_cache)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CACHE(test_cache_kept_words_come_back),
        WITH_CACHE(test_cache_empty_line_comes_back_empty),
        WITH_CACHE(test_cache_placed_key_is_of_one_place),
        WITH_CACHE(test_cache_bounds_hold_and_the_newest_stay),
        WITH_CACHE(test_cache_key_names_size_and_pixels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
