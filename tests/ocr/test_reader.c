#include "agent/ocr/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/ocr/draw.h"

static struct reader *reader;

static int open_reader(void **state)
{
    (void)state;
    return reader_open(&reader, &engine_tesseract);
}

static int close_reader(void **state)
{
    (void)state;
    reader_close(reader);
    return 0;
}

static struct reader_page read_page(const struct draw *d)
{
    struct reader_picture picture = {d->bgrx, d->width_px, d->height_px,
                                     d->width_px * 4};
    struct reader_page page;

    assert_int_equal(reader_read(reader, &picture, NULL, &page), WS_OK);
    return page;
}

static const struct reader_word *find(const struct reader_page *page,
                                      const char *text)
{
    for (size_t i = 0; i < page->count; i++)
        if (strcmp(page->words[i].text, text) == 0)
            return &page->words[i];
    return NULL;
}

static void draw_memo(struct draw *d, uint8_t paper, uint8_t ink)
{
    draw_open(d, 900, 260, paper);
    draw_text(d, 30, 60, 6, ink, "Meeting notes about the garden project");
    draw_text(d, 30, 110, 6, ink, "The budget was approved yesterday");
    draw_text(d, 30, 160, 6, ink, "Please order the wooden benches");
}

static void test_reader_words_and_boxes_are_where_they_were_drawn(void **state)
{
    struct draw d;
    struct reader_page page;
    const struct reader_word *w;

    (void)state;
    draw_memo(&d, 255, 0);
    page = read_page(&d);
    assert_int_equal(page.lines, 3);
    w = find(&page, "Meeting");
    assert_non_null(w);
    assert_in_range(w->box.x_px, 20, 40);
    assert_in_range(w->box.y_px, 40, 60);
    assert_in_range(w->box.width_px, 50, 140);
    assert_non_null(find(&page, "garden"));
    assert_non_null(find(&page, "approved"));
    assert_non_null(find(&page, "benches"));
    assert_true(find(&page, "Meeting")->line != find(&page, "benches")->line);
    draw_close(&d);
}

static void test_reader_light_on_dark_is_read(void **state)
{
    struct draw d;
    struct reader_page page;

    (void)state;
    draw_memo(&d, 25, 230);
    page = read_page(&d);
    assert_non_null(find(&page, "Meeting"));
    assert_non_null(find(&page, "yesterday"));
    draw_close(&d);
}

static void test_reader_second_look_at_a_page_comes_from_the_cache(void **state)
{
    struct draw d;
    struct reader_page first, second;
    size_t count;

    (void)state;
    draw_memo(&d, 255, 0);
    first = read_page(&d);
    count = first.count;
    second = read_page(&d);
    assert_int_equal(second.lines_cached, second.lines);
    assert_int_equal(second.count, count);
    assert_non_null(find(&second, "Meeting"));
    draw_close(&d);
}

static void test_reader_one_changed_line_is_one_line_read(void **state)
{
    struct draw d;
    struct reader_page page;

    (void)state;
    draw_memo(&d, 255, 0);
    (void)read_page(&d);
    draw_text(&d, 30, 210, 6, 0, "A new line appears");
    page = read_page(&d);
    assert_int_equal(page.lines, 4);
    assert_int_equal(page.lines_cached, 3);
    draw_close(&d);
}

static void test_reader_scrolled_page_is_found_in_the_cache(void **state)
{
    struct draw d, e;
    struct reader_page page;

    (void)state;
    draw_memo(&d, 255, 0);
    (void)read_page(&d);
    draw_open(&e, 900, 260, 255); /* the same, 37 px further down */
    memcpy(e.bgrx + (size_t)37 * 900 * 4, d.bgrx, (size_t)(260 - 37) * 900 * 4);
    page = read_page(&e);
    assert_int_equal(page.lines_cached, page.lines);
    assert_in_range(find(&page, "Meeting")->box.y_px, 40 + 37, 60 + 37);
    draw_close(&d);
    draw_close(&e);
}

static void test_reader_empty_and_noisy_pages_are_survived(void **state)
{
    struct draw d;
    struct reader_page page;

    (void)state;
    draw_open(&d, 1, 1, 0);
    assert_int_equal(read_page(&d).count, 0);
    draw_close(&d);
    draw_open(&d, 300, 200, 0);
    srand(5);
    for (size_t i = 0; i < (size_t)300 * 200 * 4; i++)
        d.bgrx[i] = (uint8_t)rand();
    page = read_page(&d);
    assert_true(page.count <= ENGINE_MAX_WORDS);
    draw_close(&d);
}

static int alive_calls;

static void on_alive(void)
{
    alive_calls++;
}

static void test_reader_says_alive_at_every_line(void **state)
{
    struct draw d;
    struct reader_page page;
    struct reader_picture picture;

    (void)state;
    draw_memo(&d, 255, 0);
    picture = (struct reader_picture){d.bgrx, 900, 260, 900 * 4};
    alive_calls = 0;
    assert_int_equal(reader_read(reader, &picture, on_alive, &page), WS_OK);
    assert_true(alive_calls >= 3);
    draw_close(&d);
}

#define WITH_READER(test)                                                      \
    cmocka_unit_test_setup_teardown(test, open_reader, close_reader)

/* --- an engine that finds more words than a page may have --- */

static enum err many_open(struct engine **out)
{
    *out = NULL;
    return WS_OK;
}

static enum err many_read(struct engine *e, const struct plane *picture,
                          enum engine_shape shape, struct engine_words *words)
{
    (void)e;
    (void)picture;
    (void)shape;
    while (words->count < ENGINE_MAX_WORDS / 2)
        words->list[words->count++] = (struct engine_word){
            .text = "ab", .confidence = 0.9, .box = {0, 0, 20, 10}};
    return WS_OK;
}

static void many_close(struct engine *e)
{
    (void)e;
}

static const struct engine_ops engine_many = {
    .name = "many", .open = many_open, .read = many_read, .close = many_close};

static void test_reader_says_when_words_are_left_out(void **state)
{
    struct reader *plain = reader;
    struct draw d;

    (void)state;
    draw_open(&d, 900, 100, 255);
    draw_text(&d, 30, 60, 6, 0, "One line alone has room");
    assert_int_equal(reader_open(&reader, &engine_many), WS_OK);
    assert_false(read_page(&d).cut);
    draw_close(&d);
    draw_memo(&d, 255, 0);
    assert_true(read_page(&d).cut);
    draw_close(&d);
    reader_close(reader);
    reader = plain;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_READER(test_reader_words_and_boxes_are_where_they_were_drawn),
        WITH_READER(test_reader_light_on_dark_is_read),
        WITH_READER(test_reader_second_look_at_a_page_comes_from_the_cache),
        WITH_READER(test_reader_one_changed_line_is_one_line_read),
        WITH_READER(test_reader_scrolled_page_is_found_in_the_cache),
        WITH_READER(test_reader_empty_and_noisy_pages_are_survived),
        WITH_READER(test_reader_says_alive_at_every_line),
        cmocka_unit_test(test_reader_says_when_words_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
