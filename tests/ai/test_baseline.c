#include "agent/ai/baseline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#define SLOT_BYTES (64 * 1024)

struct folder {
    char dir[64], path[96];
    struct baseline_data data; /* large: not on the stack */
};

static int open_folder(void **state)
{
    struct folder *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    strcpy(f->dir, "/tmp/baseline.XXXXXX");
    if (!mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof(f->path), "%s/" BASELINE_FILE, f->dir);
    *state = f;
    return 0;
}

static int close_folder(void **state)
{
    struct folder *f = *state;

    unlink(f->path);
    rmdir(f->dir);
    free(f);
    return 0;
}

static enum baseline_found load(struct folder *f, struct baseline **out)
{
    enum baseline_found found;

    assert_int_equal(baseline_open(out, f->path, &env_system, &f->data, &found),
                     WS_OK);
    return found;
}

static void test_baseline_new_file_begins_with_a_key(void **state)
{
    struct folder *f = *state;
    OWN(baseline_close)
    struct baseline *b = NULL;
    uint8_t zero[BASELINE_KEY_BYTES] = {0};
    struct stat st;

    assert_int_equal(load(f, &b), BASELINE_NEW);
    assert_memory_not_equal(f->data.key, zero, sizeof(zero));
    assert_int_equal(f->data.memory.samples, 0);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_baseline_saved_data_comes_back(void **state)
{
    struct folder *f = *state;
    uint8_t key[BASELINE_KEY_BYTES];

    for (int64_t round = 1; round <= 5; round++) {
        OWN(baseline_close)
        struct baseline *b = NULL;

        assert_int_equal(load(f, &b),
                         round == 1 ? BASELINE_NEW : BASELINE_LOADED);
        assert_int_equal(f->data.memory.samples, round - 1);
        if (round > 1)
            assert_memory_equal(f->data.key, key, sizeof(key));
        memcpy(key, f->data.key, sizeof(key));
        f->data.memory.samples = round;
        f->data.memory.stream[0].mean = (double)round / 3;
        assert_int_equal(baseline_save(b, &f->data), WS_OK);
    }
}

static void spoil(const char *path, off_t at)
{
    int fd = open(path, O_RDWR);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "spoiled", 7, at), 7);
    close(fd);
}

static void save_twice(struct folder *f)
{
    OWN(baseline_close)
    struct baseline *b = NULL;

    (void)load(f, &b);
    f->data.memory.samples = 1; /* number 1: the second slot */
    assert_int_equal(baseline_save(b, &f->data), WS_OK);
    f->data.memory.samples = 2; /* number 2: the first slot */
    assert_int_equal(baseline_save(b, &f->data), WS_OK);
}

static void test_baseline_torn_newest_slot_falls_back(void **state)
{
    struct folder *f = *state;
    OWN(baseline_close)
    struct baseline *b = NULL;

    save_twice(f);
    spoil(f->path, 2000);
    assert_int_equal(load(f, &b), BASELINE_LOADED);
    assert_int_equal(f->data.memory.samples, 1);
}

static void test_baseline_corrupt_file_is_reset_and_said(void **state)
{
    struct folder *f = *state;
    OWN(baseline_close)
    struct baseline *b = NULL;

    save_twice(f);
    spoil(f->path, 2000);
    spoil(f->path, SLOT_BYTES + 2000);
    assert_int_equal(load(f, &b), BASELINE_RESET);
    assert_int_equal(f->data.memory.samples, 0);
    assert_int_equal(baseline_save(b, &f->data), WS_OK);
}

static void test_baseline_foreign_file_is_reset(void **state)
{
    struct folder *f = *state;
    OWN(baseline_close)
    struct baseline *b = NULL;
    int fd = open(f->path, O_WRONLY | O_CREAT, 0600);

    assert_int_equal(write(fd, "hello", 5), 5);
    close(fd);
    assert_int_equal(load(f, &b), BASELINE_RESET);
}

static void test_baseline_link_is_refused(void **state)
{
    struct folder *f = *state;
    struct baseline *b = NULL;
    enum baseline_found found;

    assert_int_equal(symlink("/dev/null", f->path), 0);
    assert_int_not_equal(
        baseline_open(&b, f->path, &env_system, &f->data, &found), WS_OK);
    assert_null(b);
}

#define IN_FOLDER(test)                                                        \
    cmocka_unit_test_setup_teardown(test, open_folder, close_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_baseline_new_file_begins_with_a_key),
        IN_FOLDER(test_baseline_saved_data_comes_back),
        IN_FOLDER(test_baseline_torn_newest_slot_falls_back),
        IN_FOLDER(test_baseline_corrupt_file_is_reset_and_said),
        IN_FOLDER(test_baseline_foreign_file_is_reset),
        IN_FOLDER(test_baseline_link_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
