#include "core/io.h"
#include "core/sha256.h"
#include "core/utf8.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/ws-io-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    char command[96];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void test_io_write_file_replaces_whole_and_private(void **state)
{
    OWN_FREE char *path = io_path(dir, "f");
    OWN_BUF struct buf got = BUF_EMPTY;
    struct stat st;

    (void)state;
    assert_int_equal(io_write_file(path, "first, longer", 13, 0600), WS_OK);
    assert_int_equal(io_write_file(path, "second", 6, 0600), WS_OK);
    assert_int_equal(io_read_file(path, 100, &got), WS_OK);
    assert_string_equal(buf_text(&got), "second");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_io_write_file_without_room_leaves_nothing_beside(void **state)
{
    OWN_FREE char *path = io_path(dir, "g");
    OWN_FREE char *tmp = io_path(dir, "g.tmp");
    OWN_BUF struct buf got = BUF_EMPTY;
    struct rlimit limit;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(io_write_file(path, "old", 3, 0600), WS_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 4;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(io_write_file(path, "longer", 6, 0600), WS_FULL);
    limit.rlim_cur = RLIM_INFINITY;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(access(tmp, F_OK), -1);
    assert_int_equal(io_read_file(path, 10, &got), WS_OK);
    assert_string_equal(buf_text(&got), "old");
}

static void test_io_read_file_says_absent_and_too_large(void **state)
{
    OWN_FREE char *path = io_path(dir, "large");
    OWN_FREE char *absent = io_path(dir, "absent");
    OWN_BUF struct buf got = BUF_EMPTY;

    (void)state;
    assert_int_equal(io_write_file(path, "0123456789", 10, 0600), WS_OK);
    assert_int_equal(io_read_file(path, 9, &got), WS_FULL);
    assert_int_equal(io_read_file(absent, 9, &got), WS_NOTFOUND);
}

static void test_io_make_dirs_makes_all_and_takes_what_is_there(void **state)
{
    OWN_FREE char *path = io_path(dir, "a/b/c");
    struct stat st;

    (void)state;
    assert_int_equal(io_make_dirs(path), WS_OK);
    assert_int_equal(io_make_dirs(path), WS_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void test_io_read_exact_at_an_early_end_is_not_found(void **state)
{
    char got[4];
    int pipe_fds[2];

    (void)state;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(io_write_all(pipe_fds[1], "abc", 3), WS_OK);
    close(pipe_fds[1]);
    assert_int_equal(io_read_exact(pipe_fds[0], got, 4), WS_NOTFOUND);
    close(pipe_fds[0]);
}

static void test_io_make_dirs_of_nothing_is_an_error(void **state)
{
    (void)state;
    assert_int_not_equal(io_make_dirs(""), WS_OK);
}

static void test_io_path_joins_with_one_slash(void **state)
{
    OWN_FREE char *a = io_path("/x/", "y");
    OWN_FREE char *b = io_path("/x", "y");
    OWN_FREE char *c = io_path("/", "y");
    OWN_FREE char *d = io_path("", "y");

    (void)state;
    assert_string_equal(a, "/x/y");
    assert_string_equal(b, "/x/y");
    assert_string_equal(d, "y");
    assert_string_equal(c, "/y");
}

static void test_sha256_hex_is_that_of_the_standard(void **state)
{
    char hex[SHA256_HEX_BYTES];
    uint8_t whole[SHA256_BYTES], parts[SHA256_BYTES], back[SHA256_BYTES];
    struct sha256 *h;

    (void)state;
    sha256_hash_hex("abc", 3, hex); /* FIPS 180-4, appendix B.1 */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
                             "b00361a396177a9cb410ff61f20015ad");
    sha256_hash("abc", 3, whole);
    assert_int_equal(sha256_open(&h), WS_OK);
    sha256_update(h, "a", 1);
    sha256_update(h, "bc", 2);
    sha256_finish(h, parts);
    sha256_close(h);
    assert_memory_equal(whole, parts, sizeof whole);
    assert_int_equal(sha256_unhex(hex, back, sizeof back), WS_OK);
    assert_memory_equal(whole, back, sizeof whole);
    hex[5] = 'g';
    assert_int_equal(sha256_unhex(hex, back, sizeof back), WS_INVALID);
    assert_int_equal(sha256_unhex("ab", back, sizeof back), WS_INVALID);
}

static void test_utf8_refuses_what_rfc_3629_refuses(void **state)
{
    static const char *const bad[] = {
        "\xc0\xaf",         /* overlong */
        "\xe0\x80\xaf",     /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xf4\x90\x80\x80", /* past U+10FFFF */
        "\x80",             /* continuation alone */
        "\xe2\x82",         /* cut */
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    assert_true(utf8_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10));
    assert_int_equal(utf8_count("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_io_write_file_replaces_whole_and_private),
        cmocka_unit_test(test_io_write_file_without_room_leaves_nothing_beside),
        cmocka_unit_test(test_io_read_file_says_absent_and_too_large),
        cmocka_unit_test(test_io_make_dirs_makes_all_and_takes_what_is_there),
        cmocka_unit_test(test_io_read_exact_at_an_early_end_is_not_found),
        cmocka_unit_test(test_io_make_dirs_of_nothing_is_an_error),
        cmocka_unit_test(test_io_path_joins_with_one_slash),
        cmocka_unit_test(test_sha256_hex_is_that_of_the_standard),
        cmocka_unit_test(test_utf8_refuses_what_rfc_3629_refuses),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
