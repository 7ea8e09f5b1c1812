#include "server/ingest/orphans.h"

#include "server/blob/blob.h"
#include "server/store/store.h"
#include "server/store/store_facts.h"
#include "tests/server/made.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define OLD_S 1000 /* put so many seconds after 1970 */
#define SECOND INT64_C(1000000000)

static struct blob *open_blobs(const struct made *m)
{
    char address[128];
    struct blob *b = NULL;

    snprintf(address, sizeof address, "file:%s/blobs", m->dir);
    assert_int_equal(blob_open(&b, &(struct blob_options){.address = address}),
                     WS_OK);
    return b;
}

static void put(const struct made *m, struct blob *b, const char *name)
{
    OWN_FD int fd = open(m->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    struct timespec old[2] = {{.tv_sec = OLD_S}, {.tv_sec = OLD_S}};
    char path[160];

    assert_int_equal(write(fd, "x", 1), 1);
    assert_int_equal(blob_put(b, name, &(struct bytes){.fd = fd, .len = 1}),
                     WS_OK);
    snprintf(path, sizeof path, "%s/blobs/%s", m->dir, name);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
}

static bool is_there(struct blob *b, const char *name)
{
    OWN_FD int fd = -1;
    int64_t len;

    return blob_get(b, name, &fd, &len) == WS_OK;
}

static void put_row(struct store *s, const char *blob, const char *thumbnail)
{
    struct fact f = made_metric(7, 1, "k", "{}");
    const struct fact *list[] = {&f};
    enum err result = WS_OK;

    f.kind = WIRE_ITEM_SCREENSHOT;
    f.screenshot = (struct fact_screenshot){
        .blob = blob, .thumbnail = thumbnail, .bytes = 1, .format = FACT_PNG};
    assert_int_equal(store_begin(s), WS_OK);
    assert_int_equal(store_facts_put(s, list, 1, &result), WS_OK);
    assert_int_equal(store_commit(s), WS_OK);
}

static void test_orphans_sweep_removes_old_blobs_without_a_row(void **state)
{
    struct made *m = *state;
    OWN(blob_close)
    struct blob *b = open_blobs(m);
    size_t removed = 0;

    made_session(m->store, 1);
    put(m, b, "1/0a");
    put(m, b, "1/0b");
    put(m, b, "1/0c");
    put_row(m->store, "1/0a", "1/0b");
    assert_int_equal(
        orphans_sweep(m->store, b, 1, 0, (OLD_S + 1) * SECOND, &removed),
        WS_OK);
    assert_int_equal(removed, 1);
    assert_true(is_there(b, "1/0a") && is_there(b, "1/0b"));
    assert_false(is_there(b, "1/0c"));
}

static void test_orphans_sweep_leaves_what_may_still_get_its_row(void **state)
{
    struct made *m = *state;
    OWN(blob_close)
    struct blob *b = open_blobs(m);
    size_t removed = 0;

    made_session(m->store, 1);
    put(m, b, "1/0a");
    assert_int_equal(orphans_sweep(m->store, b, 1, 0, OLD_S * SECOND, &removed),
                     WS_OK);
    assert_int_equal(orphans_sweep(m->store, b, 1, (OLD_S + 1) * SECOND,
                                   (OLD_S + 2) * SECOND, &removed),
                     WS_OK);
    assert_int_equal(removed, 0);
    assert_true(is_there(b, "1/0a"));
}

static void test_orphans_sweep_of_an_unknown_session_keeps_all(void **state)
{
    struct made *m = *state;
    OWN(blob_close)
    struct blob *b = open_blobs(m);
    size_t removed = 0;

    put(m, b, "9/0a");
    assert_int_equal(orphans_sweep(m->store, b, 9, 0, INT64_MAX, &removed),
                     WS_OK);
    assert_int_equal(removed, 0);
    assert_true(is_there(b, "9/0a"));
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_orphans_sweep_removes_old_blobs_without_a_row),
        TEST(test_orphans_sweep_leaves_what_may_still_get_its_row),
        TEST(test_orphans_sweep_of_an_unknown_session_keeps_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
