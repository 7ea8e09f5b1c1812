/* What MySQL alone promises, on the server of WS_TEST_MYSQL. */
#include "server/store/store_db.h"
#include "server/store/store_facts.h"
#include "server/store/store_mysql_conn.h"
#include "tests/server/made.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_mode(struct store *s)
{
    struct db_stmt *q;

    assert_int_equal(db_stmt(store_db_conn(s), "SELECT @@sql_mode", &q), WS_OK);
    assert_int_equal(db_step(q), WS_OK);
    assert_string_equal(db_text(q, 0), STORE_MYSQL_MODES);
    db_reset(q);
}

static void test_store_mysql_every_connection_has_the_strict_mode(void **state)
{
    struct made *m = *state;
    OWN(store_close)
    struct store *reader = NULL;

    check_mode(m->store);
    assert_int_equal(store_open(&reader, m->address, STORE_READ), WS_OK);
    check_mode(reader);
}

static enum err put_one(struct store *s, const struct fact *f)
{
    enum err result = WS_OK, e;

    assert_int_equal(store_begin(s), WS_OK);
    e = store_facts_put(s, &f, 1, &result);
    if (e) {
        store_rollback(s);
        return e;
    }
    assert_int_equal(store_commit(s), WS_OK);
    return result;
}

#define LONGEST 1024 /* characters of source_ref, as wire.md bounds it */

static void test_store_mysql_one_character_too_long_is_invalid(void **state)
{
    struct made *m = *state;
    struct fact f = made_metric(1, 1, "k", "{}");
    struct fact_found found = {0};
    OWN_BUF struct buf text = BUF_EMPTY;

    made_session(m->store, 1);
    for (int i = 0; i < LONGEST; i++)
        buf_printf(&text, "\xf0\x9f\x98\x80");
    f.metric.source_ref = buf_text(&text);
    assert_int_equal(put_one(m->store, &f), WS_OK);
    buf_printf(&text, "x");
    f = made_metric(2, 1, "l", "{}");
    f.metric.source_ref = buf_text(&text);
    assert_int_equal(put_one(m->store, &f), WS_INVALID);
    assert_int_equal(store_facts_find(m->store, f.kind, 1, "l", &found),
                     WS_NOTFOUND);
}

#define MANY 400

static void
test_store_mysql_batch_of_new_and_known_tells_them_apart(void **state)
{
    struct made *m = *state;
    static struct fact facts[MANY];
    static char keys[MANY][8];
    const struct fact *list[MANY];
    enum err results[MANY];

    made_session(m->store, 1);
    for (int i = 0; i < MANY; i++) {
        snprintf(keys[i], sizeof keys[i], "k%05d", i);
        facts[i] = made_metric(1000 + i, 1, keys[i], "{}");
    }
    for (int i = 0; i < MANY; i += 7)
        assert_int_equal(put_one(m->store, &facts[i]), WS_OK);
    for (int i = 0; i < MANY; i++) {
        facts[i].id += MANY;
        list[i] = &facts[i];
    }
    facts[11] = facts[10]; /* and one twice in the call */
    assert_int_equal(store_begin(m->store), WS_OK);
    assert_int_equal(store_facts_put(m->store, list, MANY, results), WS_OK);
    assert_int_equal(store_commit(m->store), WS_OK);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(results[i], i % 7 == 0 || i == 11 ? WS_EXISTS : WS_OK);
}

/* Rows of one statement; each has its own NULLs. */
static void
test_store_mysql_rows_of_a_statement_keep_what_each_says(void **state)
{
    enum { ROWS = 100 };
    struct made *m = *state;
    static struct fact facts[ROWS];
    static char keys[ROWS][8], refs[ROWS][16];
    const struct fact *list[ROWS];
    enum err results[ROWS];
    struct db_stmt *q;

    made_session(m->store, 1);
    for (int i = 0; i < ROWS; i++) {
        snprintf(keys[i], sizeof keys[i], "k%03d", i);
        snprintf(refs[i], sizeof refs[i], "ref %d", i);
        facts[i] = made_metric(1 + i, 1, keys[i], "{}");
        facts[i].seq = i % 2 ? i : 0;
        facts[i].metric.source_ref = refs[i];
        facts[i].metric.error_message = i % 3 ? NULL : refs[i];
        facts[i].metric.activity = i % 5 ? NAN : i / 256.0;
        list[i] = &facts[i];
    }
    assert_int_equal(store_begin(m->store), WS_OK);
    assert_int_equal(store_facts_put(m->store, list, ROWS, results), WS_OK);
    assert_int_equal(store_commit(m->store), WS_OK);
    assert_int_equal(
        db_stmt(store_db_conn(m->store),
                "SELECT seq, source_ref, error_message, activity FROM metric"
                " ORDER BY id",
                &q),
        WS_OK);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(db_step(q), WS_OK);
        assert_int_equal(db_is_null(q, 0), i % 2 == 0);
        assert_int_equal(db_int(q, 0), facts[i].seq);
        assert_string_equal(db_text(q, 1), refs[i]);
        assert_int_equal(db_is_null(q, 2), i % 3 != 0);
        if (i % 3 == 0)
            assert_string_equal(db_text(q, 2), refs[i]);
        assert_int_equal(db_is_null(q, 3), i % 5 != 0);
        if (i % 5 == 0)
            assert_true(db_number(q, 3) == i / 256.0);
    }
    assert_int_equal(db_step(q), WS_NOTFOUND);
}

static void
test_store_mysql_one_row_too_long_among_many_stores_none(void **state)
{
    enum { ROWS = 100 };
    struct made *m = *state;
    static struct fact facts[ROWS];
    static char keys[ROWS][8];
    const struct fact *list[ROWS];
    enum err results[ROWS];
    OWN_BUF struct buf text = BUF_EMPTY;
    struct db_stmt *q;

    made_session(m->store, 1);
    buf_printf(&text, "%*s", LONGEST + 1, "x");
    for (int i = 0; i < ROWS; i++) {
        snprintf(keys[i], sizeof keys[i], "k%03d", i);
        facts[i] = made_metric(1 + i, 1, keys[i], "{}");
        list[i] = &facts[i];
    }
    facts[ROWS / 2].metric.source_ref = buf_text(&text);
    assert_int_equal(store_begin(m->store), WS_OK);
    assert_int_equal(store_facts_put(m->store, list, ROWS, results),
                     WS_INVALID);
    assert_int_equal(
        db_stmt(store_db_conn(m->store), "SELECT count(*) FROM metric", &q),
        WS_OK);
    assert_int_equal(db_step(q), WS_OK);
    assert_int_equal(db_int(q, 0), 0); /* still in the transaction */
    db_reset(q);
    store_rollback(m->store);
}

static void end_connection(struct made *m)
{
    OWN(store_close)
    struct store *other = NULL;
    struct db_stmt *q;
    char sql[64];

    assert_int_equal(
        db_stmt(store_db_conn(m->store), "SELECT connection_id()", &q), WS_OK);
    assert_int_equal(db_step(q), WS_OK);
    snprintf(sql, sizeof sql, "KILL CONNECTION %lld", (long long)db_int(q, 0));
    db_reset(q);
    assert_int_equal(store_open(&other, m->address, 0), WS_OK);
    assert_int_equal(db_exec(store_db_conn(other), sql), WS_OK);
}

static void
test_store_mysql_lost_connection_ends_its_transaction_alone(void **state)
{
    struct made *m = *state;
    struct fact f = made_metric(1, 1, "k", "{}");
    const struct fact *list = &f;
    struct fact_found found = {0};
    struct store_session_key key;
    enum err result;

    made_session(m->store, 1);
    assert_int_equal(store_begin(m->store), WS_OK);
    assert_int_equal(store_facts_put(m->store, &list, 1, &result), WS_OK);
    end_connection(m);
    assert_int_equal(store_commit(m->store), WS_IO); /* outcome not known */
    store_rollback(m->store);
    assert_int_equal(store_facts_find(m->store, f.kind, 1, "k", &found),
                     WS_NOTFOUND);
    assert_int_equal(put_one(m->store, &f), WS_OK);
    end_connection(m); /* between transactions nobody notices */
    assert_int_equal(store_sessions_by_id(m->store, 1, &key), WS_OK);
    end_connection(m);
    f = made_metric(2, 1, "l", "{}");
    assert_int_equal(put_one(m->store, &f), WS_OK);
}

static void test_store_mysql_lock_held_too_long_is_again(void **state)
{
    struct made *m = *state;
    OWN(store_close)
    struct store *other = NULL;
    struct fact f = made_metric(1, 1, "k", "{}");
    const struct fact *list = &f;
    enum err result;

    made_session(m->store, 1);
    assert_int_equal(store_open(&other, m->address, 0), WS_OK);
    assert_int_equal(
        db_exec(store_db_conn(other), "SET SESSION innodb_lock_wait_timeout=1"),
        WS_OK);
    assert_int_equal(store_begin(m->store), WS_OK);
    assert_int_equal(store_facts_put(m->store, &list, 1, &result), WS_OK);
    assert_int_equal(store_begin(other), WS_OK);
    assert_int_equal(store_facts_put(other, &list, 1, &result), WS_AGAIN);
    store_rollback(other);
    assert_int_equal(store_commit(m->store), WS_OK);
    assert_int_equal(put_one(other, &f), WS_EXISTS);
}

static enum err ask(struct db *db, int64_t last, int *rows)
{
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "SELECT 9223372036854775807 + n"
                         " FROM (SELECT 0 AS n UNION ALL SELECT ?) AS t",
                         &q);

    assert_int_equal(e, WS_OK);
    db_bind_int(q, last);
    for (*rows = 0; !(e = db_step(q)); ++*rows)
        ;
    db_reset(q);
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* As a node of a cluster ends a SELECT whose transaction it gives up. */
static void
test_store_mysql_error_among_the_rows_leaves_the_statement_usable(void **state)
{
    struct made *m = *state;
    int rows;

    assert_int_equal(store_begin(m->store), WS_OK);
    assert_int_equal(ask(store_db_conn(m->store), 1, &rows), WS_IO);
    assert_int_equal(rows, 0);
    assert_int_equal(ask(store_db_conn(m->store), 0, &rows), WS_OK);
    assert_int_equal(rows, 2);
    assert_int_equal(store_commit(m->store), WS_OK);
}

/* As a node does that gives the transaction up and loses the word. */
static void end_unasked(struct store *s)
{
    struct db_stmt *q;

    assert_int_equal(db_stmt(store_db_conn(s), "ROLLBACK", &q), WS_OK);
    assert_int_equal(db_run(q), WS_OK);
}

static void
test_store_mysql_transaction_that_the_node_ended_is_again(void **state)
{
    struct made *m = *state;
    struct fact f = made_metric(1, 1, "k", "{}");
    const struct fact *list = &f;
    struct fact_found found = {0};
    enum err result;

    made_session(m->store, 1);
    assert_int_equal(store_begin(m->store), WS_OK);
    end_unasked(m->store);
    assert_int_equal(store_facts_put(m->store, &list, 1, &result), WS_AGAIN);
    store_rollback(m->store);
    assert_int_equal(store_begin(m->store), WS_OK);
    assert_int_equal(store_facts_put(m->store, &list, 1, &result), WS_OK);
    end_unasked(m->store);
    assert_int_equal(store_commit(m->store), WS_AGAIN);
    store_rollback(m->store);
    assert_int_equal(store_facts_find(m->store, f.kind, 1, "k", &found),
                     WS_NOTFOUND);
    assert_int_equal(put_one(m->store, &f), WS_OK);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_store_mysql_every_connection_has_the_strict_mode),
        TEST(test_store_mysql_one_character_too_long_is_invalid),
        TEST(test_store_mysql_batch_of_new_and_known_tells_them_apart),
        TEST(test_store_mysql_rows_of_a_statement_keep_what_each_says),
        TEST(test_store_mysql_one_row_too_long_among_many_stores_none),
        TEST(test_store_mysql_lost_connection_ends_its_transaction_alone),
        TEST(test_store_mysql_lock_held_too_long_is_again),
        TEST(test_store_mysql_error_among_the_rows_leaves_the_statement_usable),
    };
    const struct CMUnitTest on_galera[] = {
        TEST(test_store_mysql_transaction_that_the_node_ended_is_again),
    };

    if (!made_use("mysql")) {
        fputs("WS_TEST_MYSQL names no server: make test-stack\n", stderr);
        return 2;
    }
    if (getenv("WS_TEST_GALERA"))
        return cmocka_run_group_tests(on_galera, NULL, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
