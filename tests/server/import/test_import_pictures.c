/* Paths of somebody else's rows: below the media folder, or nowhere. */
#include "server/import/import_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

struct rig {
    char dir[40];
    int media;
};

static void make_file(int at, const char *name)
{
    OWN_FD int fd = openat(at, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "bytes", 5), 5);
}

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    OWN_FD int top = -1;

    assert_non_null(r);
    snprintf(r->dir, sizeof r->dir, "/tmp/test-import.XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    top = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    make_file(top, "secret");
    assert_int_equal(mkdirat(top, "media", 0700), 0);
    r->media = openat(top, "media", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(mkdirat(r->media, "2026", 0700), 0);
    make_file(r->media, "2026/shot.png");
    assert_int_equal(symlinkat("../secret", r->media, "link"), 0);
    assert_int_equal(symlinkat("..", r->media, "up"), 0);
    assert_int_equal(mkfifoat(r->media, "pipe", 0600), 0);
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;
    char command[64];

    close(r->media);
    snprintf(command, sizeof command, "rm -rf %s", r->dir);
    assert_int_equal(system(command), 0);
    free(r);
    return 0;
}

static void test_import_pictures_path_below_is_opened(void **state)
{
    static const char *const good[] = {"2026/shot.png", "2026//shot.png",
                                       "./2026/./shot.png"};
    const struct rig *r = *state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char reason[IMPORT_REASON_BYTES] = "", bytes[8] = "";
        OWN_FD int fd = -1;

        assert_int_equal(import_pictures_open(r->media, good[i], &fd, reason),
                         WS_OK);
        assert_int_equal(read(fd, bytes, sizeof bytes), 5);
        assert_string_equal(reason, "");
    }
}

static void test_import_pictures_path_elsewhere_is_refused(void **state)
{
    static const struct {
        const char *path;
        enum err e;
    } bad[] = {
        {"../secret", WS_INVALID},
        {"2026/../../secret", WS_INVALID},
        {"/etc/passwd", WS_INVALID},
        {"link", WS_INVALID},
        {"2026/..", WS_INVALID},
        {"", WS_INVALID},
        {"2026", WS_INVALID},
        {"pipe", WS_INVALID},
        {"2026/gone.png", WS_NOTFOUND},
        {"gone/shot.png", WS_NOTFOUND},
        {"2026/shot.png/x", WS_NOTFOUND},
    };
    const struct rig *r = *state;
    char reason[IMPORT_REASON_BYTES], path[NAME_MAX + 10];
    int fd = -1;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        reason[0] = '\0';
        assert_int_equal(
            import_pictures_open(r->media, bad[i].path, &fd, reason), bad[i].e);
        assert_true(reason[0]); /* by name, so that the import goes on */
    }
    /* through a folder that is a link */
    reason[0] = '\0';
    assert_int_not_equal(
        import_pictures_open(r->media, "up/secret", &fd, reason), WS_OK);
    assert_true(reason[0]);
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(import_pictures_open(r->media, path, &fd, reason),
                     WS_INVALID);
    assert_int_equal(fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import_pictures_path_below_is_opened),
        cmocka_unit_test(test_import_pictures_path_elsewhere_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
