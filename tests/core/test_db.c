/* test_db.c - the promises of core/db.h.
 *
 * Goal: each code of the header is met in earnest, and a commit that answered
 * WS_OK is in the file that another connection reads.
 */
#include "core/db.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];
static char path[96];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/test_db.XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/q.db", dir);
    return 0;
}

static int remove_dir(void **state)
{
    const char *endings[] = {"", "-wal", "-shm"};
    char name[128];
    size_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%s%s", path, endings[i]);
        unlink(name);
    }
    return rmdir(dir);
}

static const char insert_row[] = "INSERT INTO t(id, v) VALUES(?, ?)";
static const char select_row[] = "SELECT id, v FROM t ORDER BY id";

static enum err put(struct db *db, int64_t id, const char *v)
{
    struct db_stmt *s;
    enum err e = db_stmt(db, insert_row, &s);

    if (e)
        return e;
    db_bind_int(s, id);
    db_bind_text(s, v);
    return db_run(s);
}

static struct db *open_table(unsigned flags)
{
    struct db *db;

    assert_int_equal(db_open(&db, path, flags), WS_OK);
    assert_int_equal(db_exec(db, "CREATE TABLE t(id INTEGER PRIMARY KEY,"
                                 " v TEXT CHECK (v <> 'bad'))"),
                     WS_OK);
    return db;
}

static void test_db_open_creates_private_wal_file(void **state)
{
    OWN(db_close)
    struct db *db = open_table(0);
    struct db_stmt *s;
    struct stat st;

    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(db_stmt(db, "PRAGMA journal_mode", &s), WS_OK);
    assert_int_equal(db_step(s), WS_OK);
    assert_string_equal(db_text(s, 0), "wal");
    db_reset(s);
    assert_int_equal(db_stmt(db, "PRAGMA synchronous", &s), WS_OK);
    assert_int_equal(db_step(s), WS_OK);
    assert_int_equal(db_int(s, 0), 2);
}

static void test_db_step_values_come_back_as_bound(void **state)
{
    OWN(db_close)
    struct db *db = NULL;
    struct db_stmt *s;
    size_t len;

    (void)state;
    assert_int_equal(db_open(&db, ":memory:", 0), WS_OK);
    assert_int_equal(db_stmt(db, "SELECT ?, ?, ?, ?, ?, ?", &s), WS_OK);
    db_bind_int(s, INT64_MIN);
    db_bind_number(s, 0.1);
    db_bind_text(s, "\xc3\xa4");
    db_bind_blob(s, "a\0b", 3);
    db_bind_null(s);
    db_bind_blob(s, NULL, 0);
    assert_int_equal(db_step(s), WS_OK);
    assert_true(db_int(s, 0) == INT64_MIN);
    assert_true(db_number(s, 1) == 0.1);
    assert_string_equal(db_text(s, 2), "\xc3\xa4");
    assert_memory_equal(db_blob(s, 3, &len), "a\0b", 3);
    assert_int_equal(len, 3);
    assert_true(db_is_null(s, 4));
    assert_null(db_text(s, 4));
    assert_false(db_is_null(s, 5));
    assert_int_equal(db_step(s), WS_NOTFOUND);
}

static void test_db_stmt_second_use_is_cached_and_clean(void **state)
{
    OWN(db_close)
    struct db *db = open_table(0);
    struct db_stmt *first, *again;

    (void)state;
    assert_int_equal(put(db, 1, "one"), WS_OK);
    assert_int_equal(db_stmt(db, insert_row, &first), WS_OK);
    assert_int_equal(db_stmt(db, insert_row, &again), WS_OK);
    assert_ptr_equal(first, again);
    db_bind_int(again, 2); /* the second parameter of the last use is gone */
    assert_int_equal(db_run(again), WS_OK);
    assert_int_equal(db_stmt(db, select_row, &first), WS_OK);
    assert_int_equal(db_step(first), WS_OK);
    assert_int_equal(db_step(first), WS_OK);
    assert_int_equal(db_int(first, 0), 2);
    assert_true(db_is_null(first, 1));
}

static void test_db_run_twice_same_key_is_exists(void **state)
{
    OWN(db_close)
    struct db *db = open_table(0);

    (void)state;
    assert_int_equal(put(db, 1, "one"), WS_OK);
    assert_int_equal(db_changes(db), 1);
    assert_int_equal(db_last_rowid(db), 1);
    assert_int_equal(put(db, 1, "two"), WS_EXISTS);
}

static void test_db_run_failed_check_is_invalid(void **state)
{
    OWN(db_close)
    struct db *db = open_table(0);

    (void)state;
    assert_int_equal(put(db, 1, "bad"), WS_INVALID);
    assert_non_null(strstr(db_error(db), "CHECK"));
}

static void test_db_run_too_many_parameters_is_refused(void **state)
{
    OWN(db_close)
    struct db *db = open_table(0);
    struct db_stmt *s;

    (void)state;
    assert_int_equal(db_stmt(db, insert_row, &s), WS_OK);
    db_bind_int(s, 1);
    db_bind_text(s, "a");
    db_bind_text(s, "b");
    assert_int_equal(db_run(s), WS_IO);
    assert_int_equal(put(db, 1, "a"), WS_OK); /* and usable afterwards */
}

static void test_db_run_statement_with_rows_is_invalid(void **state)
{
    OWN(db_close)
    struct db *db = open_table(0);
    struct db_stmt *s;

    (void)state;
    assert_int_equal(put(db, 1, "a"), WS_OK);
    assert_int_equal(db_stmt(db, select_row, &s), WS_OK);
    assert_int_equal(db_run(s), WS_INVALID);
}

static void test_db_rollback_leaves_nothing(void **state)
{
    OWN(db_close)
    struct db *db = open_table(0);
    struct db_stmt *s;

    (void)state;
    assert_int_equal(db_begin(db), WS_OK);
    assert_int_equal(put(db, 1, "a"), WS_OK);
    db_rollback(db);
    db_rollback(db); /* outside a transaction: nothing to do */
    assert_int_equal(db_stmt(db, select_row, &s), WS_OK);
    assert_int_equal(db_step(s), WS_NOTFOUND);
}

static void test_db_readonly_sees_commits_and_cannot_write(void **state)
{
    OWN(db_close)
    struct db *db = open_table(0);
    OWN(db_close)
    struct db *reader = NULL;
    struct db_stmt *s;

    (void)state;
    assert_int_equal(db_begin(db), WS_OK);
    assert_int_equal(put(db, 1, "a"), WS_OK);
    assert_int_equal(db_open(&reader, path, DB_READONLY), WS_OK);
    assert_int_equal(db_stmt(reader, select_row, &s), WS_OK);
    assert_int_equal(db_step(s), WS_NOTFOUND);
    assert_int_equal(db_commit(db), WS_OK);
    assert_int_equal(db_stmt(reader, select_row, &s), WS_OK);
    assert_int_equal(db_step(s), WS_OK);
    db_reset(s);
    assert_int_equal(put(reader, 2, "b"), WS_DENIED);
}

static void test_db_readonly_without_file_is_notfound(void **state)
{
    struct db *db = NULL;

    (void)state;
    assert_int_equal(db_open(&db, path, DB_READONLY), WS_NOTFOUND);
    assert_null(db);
    assert_int_equal(access(path, F_OK), -1);
}

static void test_db_exclusive_second_owner_is_again(void **state)
{
    OWN(db_close)
    struct db *db = open_table(DB_EXCLUSIVE);
    struct db *other = NULL;
    char shm[128];

    (void)state;
    assert_int_equal(put(db, 1, "a"), WS_OK);
    assert_int_equal(db_open(&other, path, DB_EXCLUSIVE), WS_AGAIN);
    assert_null(other);
    snprintf(shm, sizeof(shm), "%s-shm", path);
    assert_int_equal(access(shm, F_OK), -1);
}

static void test_db_open_no_database_is_corrupt(void **state)
{
    struct db *db = NULL;
    FILE *f = fopen(path, "w");
    int i;

    (void)state;
    assert_non_null(f);
    for (i = 0; i < 500; i++)
        fputs("this is no database ", f);
    fclose(f);
    assert_int_equal(db_open(&db, path, 0), WS_CORRUPT);
    assert_null(db);
}

static void test_db_commit_over_page_limit_is_full(void **state)
{
    OWN(db_close)
    struct db *db = open_table(0);
    static char big[100001];
    enum err e = WS_OK;
    int64_t i;

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    assert_int_equal(db_exec(db, "PRAGMA max_page_count=64"), WS_OK);
    for (i = 1; i < 10 && !e; i++)
        e = put(db, i, big);
    assert_int_equal(e, WS_FULL);
    assert_int_equal(db_exec(db, "DELETE FROM t"), WS_OK);
    assert_int_equal(put(db, 1, "small"), WS_OK);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

/* A quota, or a limit of the file's size, shows at the commit alone. */
static void test_db_commit_over_file_limit_is_full(void **state)
{
    struct rlimit limit;
    struct db *db = open_table(DB_EXCLUSIVE);
    int64_t id;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(db_begin(db), WS_OK);
    for (id = 1; id < 2000; id++)
        assert_int_equal(put(db, id, "a value of some length"), WS_OK);
    limit.rlim_cur = 30000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(db_commit(db), WS_FULL);
    limit.rlim_cur = RLIM_INFINITY;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    db_rollback(db);
    assert_int_equal(put(db, 1, "again"), WS_OK);
    db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_db_open_creates_private_wal_file),
        CASE(test_db_step_values_come_back_as_bound),
        CASE(test_db_stmt_second_use_is_cached_and_clean),
        CASE(test_db_run_twice_same_key_is_exists),
        CASE(test_db_run_failed_check_is_invalid),
        CASE(test_db_run_too_many_parameters_is_refused),
        CASE(test_db_run_statement_with_rows_is_invalid),
        CASE(test_db_rollback_leaves_nothing),
        CASE(test_db_readonly_sees_commits_and_cannot_write),
        CASE(test_db_readonly_without_file_is_notfound),
        CASE(test_db_exclusive_second_owner_is_again),
        CASE(test_db_open_no_database_is_corrupt),
        CASE(test_db_commit_over_page_limit_is_full),
        CASE(test_db_commit_over_file_limit_is_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
