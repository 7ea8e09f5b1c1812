/* test_conn_form.c - forms over a connection: what they take of the memory. */
#include "rig.h"

#include "core/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PICTURE_BYTES 500000
#define TAIL "\r\n--XX--\r\n"

static char picture[PICTURE_BYTES], text[4096];
static char begin[512]; /* head and body, up to the picture's first byte */

static const struct listener_limits *small(void)
{
    static struct listener_limits limits;

    limits = listener_limits_default;
    limits.max_held_bytes = PICTURE_BYTES;
    return &limits;
}

static int set_up(void **state)
{
    *state = rig_open(NULL);
    return 0;
}

static int set_up_small(void **state)
{
    *state = rig_open(small());
    return 0;
}

static int tear_down(void **state)
{
    rig_close(*state);
    return 0;
}

static int make_picture(void **state)
{
    static const char form[] =
        "--XX\r\nContent-Disposition: form-data; name=\"image\"; "
        "filename=\"i.png\"\r\n\r\n";

    (void)state;
    for (size_t i = 0; i < sizeof(picture); i++)
        picture[i] = (char)(i * 31 % 255);
    snprintf(begin, sizeof(begin),
             "POST /form HTTP/1.1\r\nHost: t\r\n"
             "Content-Type: multipart/form-data; boundary=XX\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             strlen(form) + sizeof(picture) + strlen(TAIL), form);
    return 0;
}

/* The answer tells length and hash. */
static void is_taken_whole(int fd)
{
    char hex[SHA256_HEX_BYTES], is[256];

    assert_int_equal(rig_answer(fd, text, sizeof(text)), 200);
    sha256_hash_hex(picture, sizeof(picture), hex);
    snprintf(is, sizeof(is), "image=%d:%s:i.png:", PICTURE_BYTES, hex);
    assert_non_null(strstr(text, is));
}

static size_t held(void *arg)
{
    struct listener_counts counts;

    rig_count(arg, &counts);
    return counts.held_bytes;
}

static bool all_is_held(void *arg)
{
    return held(arg) >= sizeof(picture);
}

static bool nothing_is_held(void *arg)
{
    return held(arg) == 0;
}

static void test_conn_form_in_memory_is_counted_until_answered(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, begin);
    rig_send_bytes(fd, picture, sizeof(picture));
    assert_true(rig_wait(all_is_held, *state));
    rig_send(fd, TAIL);
    is_taken_whole(fd);
    assert_true(rig_wait(nothing_is_held, *state));
    close(fd);
}

static void test_conn_form_of_one_that_left_is_given_back(void **state)
{
    int fd = rig_connect(*state);

    rig_send(fd, begin);
    rig_send_bytes(fd, picture, sizeof(picture) / 2);
    assert_true(rig_wait(all_is_held, *state));
    close(fd);
    assert_true(rig_wait(nothing_is_held, *state));
}

static void test_conn_form_without_room_goes_to_the_disk(void **state)
{
    int fds[8];

    for (int i = 0; i < 8; i++) {
        fds[i] = rig_connect(*state);
        rig_send(fds[i], begin);
        rig_send_bytes(fds[i], picture, sizeof(picture));
        assert_true(held(*state) < sizeof(picture));
    }
    for (int i = 0; i < 8; i++) {
        rig_send(fds[i], TAIL);
        is_taken_whole(fds[i]);
        close(fds[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_conn_form_in_memory_is_counted_until_answered, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            test_conn_form_of_one_that_left_is_given_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_conn_form_without_room_goes_to_the_disk, set_up_small,
            tear_down),
    };

    return cmocka_run_group_tests(tests, make_picture, NULL);
}
