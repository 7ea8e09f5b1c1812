/* test_form.c - files of forms, in memory and on the disk. */
#include "core/buf.h"
#include "core/sha256.h"
#include "server/http/form.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TYPE "multipart/form-data; boundary=XX"
#define PICTURE_BYTES 100000
#define DISPOSITION "Content-Disposition: form-data; name="

static char picture[PICTURE_BYTES];
static struct buf body; /* a, image, thumbnail */
static struct rooms *rooms;

static int make_body(void **state)
{
    (void)state;
    buf_init(&body);
    for (size_t i = 0; i < sizeof(picture); i++)
        picture[i] = (char)(i * 7 % 251);
    buf_printf(&body, "--XX\r\n%s\"a\"\r\n\r\nfield\r\n--XX\r\n", DISPOSITION);
    buf_printf(&body, "%s\"image\"; filename=\"i\"\r\n\r\n", DISPOSITION);
    buf_append(&body, picture, sizeof(picture));
    buf_printf(&body, "\r\n--XX\r\n%s\"thumbnail\"; filename=\"t\"\r\n\r\n",
               DISPOSITION);
    buf_append(&body, picture, 100);
    buf_append_text(&body, "\r\n--XX--\r\n");
    return buf_check(&body) || rooms_open(&rooms, ROOMS_MAX_BYTES) ? -1 : 0;
}

static int free_body(void **state)
{
    (void)state;
    buf_fini(&body);
    rooms_close(rooms);
    return 0;
}

/* The form, fed in pieces; hold: bytes it is told to expect, 0: none. */
static struct form *read_form(size_t hold, size_t piece)
{
    struct form *f = NULL;

    assert_int_equal(form_open(&f, TYPE, "/tmp"), WS_OK);
    if (hold)
        form_hold(f, rooms, hold);
    assert_int_equal(form_held(f), 0);
    for (size_t at = 0; at < body.len; at += piece) {
        size_t left = body.len - at;

        assert_int_equal(
            form_feed(f, body.data + at, left < piece ? left : piece), WS_OK);
    }
    assert_int_equal(form_end(f), WS_OK);
    assert_string_equal(form_part(f, "a")->data, "field");
    assert_null(form_part(f, "b"));
    return f;
}

/* The part has these first bytes of the picture. */
static void is_picture(const struct exchange_part *p, size_t len)
{
    uint8_t sha256[SHA256_BYTES];
    char bytes[PICTURE_BYTES];

    sha256_hash(picture, len, sha256);
    assert_null(p->data);
    assert_int_equal(p->len, len);
    assert_int_equal(p->file.len, len);
    assert_int_equal(bytes_read(&p->file, 0, bytes, sizeof(bytes)), len);
    assert_memory_equal(bytes, picture, len);
    assert_memory_equal(p->sha256, sha256, sizeof(sha256));
}

static void test_form_files_of_a_known_length_stay_in_memory(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= body.len; piece += 9973) {
        OWN(form_close)
        struct form *f = read_form(body.len, piece);
        const struct exchange_part *image = form_part(f, "image");
        const struct exchange_part *thumbnail = form_part(f, "thumbnail");

        is_picture(image, PICTURE_BYTES);
        is_picture(thumbnail, 100);
        assert_int_equal(image->file.fd, -1);
        assert_int_equal(thumbnail->file.fd, -1);
        assert_int_equal((uintptr_t)image->file.data % BYTES_ALIGNED, 0);
        assert_int_equal((uintptr_t)thumbnail->file.data % BYTES_ALIGNED, 0);
        assert_true(form_held(f) >= body.len);
    }
}

static void test_form_files_go_to_the_disk_unless_told_to_hold(void **state)
{
    static const size_t lengths[] = {0, ROOMS_MAX_BYTES + 1};

    (void)state;
    for (int i = 0; i < 2; i++) {
        OWN(form_close)
        struct form *f = read_form(lengths[i], 1000);
        const struct exchange_part *image = form_part(f, "image");

        is_picture(image, PICTURE_BYTES);
        is_picture(form_part(f, "thumbnail"), 100);
        assert_null(image->file.data);
        assert_int_equal(lseek(image->file.fd, 0, SEEK_CUR), 0);
        assert_int_equal(lseek(image->file.fd, 0, SEEK_END), PICTURE_BYTES);
        assert_int_equal(form_held(f), 0);
    }
}

static void
test_form_file_that_outgrows_its_room_moves_to_the_disk(void **state)
{
    (void)state;
    for (size_t piece = 1; piece <= body.len; piece += 9973) {
        OWN(form_close)
        struct form *f = read_form(1, piece);
        const struct exchange_part *image = form_part(f, "image");

        assert_null(image->file.data);
        assert_true(image->file.fd >= 0);
        is_picture(image, PICTURE_BYTES);
        is_picture(form_part(f, "thumbnail"), 100);
    }
}

static void test_form_ended_early_frees_its_file(void **state)
{
    OWN(form_close)
    struct form *f = NULL;

    (void)state;
    assert_int_equal(form_open(&f, TYPE, "/tmp"), WS_OK);
    form_hold(f, rooms, body.len);
    assert_int_equal(form_feed(f, body.data, body.len / 2), WS_OK);
    assert_true(form_held(f) >= body.len);
    assert_int_equal(form_end(f), WS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form_files_of_a_known_length_stay_in_memory),
        cmocka_unit_test(test_form_files_go_to_the_disk_unless_told_to_hold),
        cmocka_unit_test(
            test_form_file_that_outgrows_its_room_moves_to_the_disk),
        cmocka_unit_test(test_form_ended_early_frees_its_file),
    };

    return cmocka_run_group_tests(tests, make_body, free_body);
}
