/* The contract of store_accounts.h and store_audit.h, over every backend. */
#include "server/store/store.h"
#include "server/store/store_accounts.h"
#include "server/store/store_audit.h"
#include "server/store/store_backends.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_OF(name) #name,
static const char *const backends[] = {STORE_BACKENDS(TEXT_OF)};
#define BACKENDS (sizeof backends / sizeof *backends)

#define NOW INT64_C(1000000000000)

static void begin(struct store *s)
{
    assert_int_equal(store_begin(s), WS_OK);
}

static void commit(struct store *s)
{
    assert_int_equal(store_commit(s), WS_OK);
}

static int64_t add_account(struct store *s, const char *name, const char *roles)
{
    struct store_account a = {.created_ns = NOW};

    snprintf(a.name, sizeof a.name, "%s", name);
    snprintf(a.roles, sizeof a.roles, "%s", roles);
    snprintf(a.password, sizeof a.password, "$argon2id$");
    begin(s);
    assert_int_equal(store_accounts_add(s, &a), WS_OK);
    commit(s);
    return a.id;
}

static int64_t add_login(struct store *s, int64_t account, uint8_t mark)
{
    struct store_login l = {.account_id = account,
                            .created_ns = NOW,
                            .expires_ns = NOW + 100,
                            .address = "192.0.2.1"};

    memset(l.sha256, mark, sizeof l.sha256);
    begin(s);
    assert_int_equal(store_accounts_login_add(s, &l), WS_OK);
    commit(s);
    return l.id;
}

static enum err login_of(struct store *s, uint8_t mark, int64_t now_ns)
{
    struct store_login l;
    struct store_account a;
    uint8_t sha256[32];

    memset(sha256, mark, sizeof sha256);
    return store_accounts_login(s, sha256, now_ns, &l, &a);
}

static void test_store_accounts_name_is_found_whatever_its_case(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    struct store_account a, twin = {.name = "aNa", .roles = "viewer"};
    int64_t id = add_account(s, "Ana", "viewer");

    assert_int_equal(store_accounts_by_name(s, "ANA", &a), WS_OK);
    assert_int_equal(a.id, id);
    assert_string_equal(a.name, "Ana");
    begin(s);
    assert_int_equal(store_accounts_add(s, &twin), WS_EXISTS);
    store_rollback(s);
    assert_int_equal(store_accounts_by_name(s, "an", &a), WS_NOTFOUND);
}

static void test_store_accounts_first_admin_is_the_oldest(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    int64_t count = 9, first = 9, id;

    assert_int_equal(store_accounts_count(s, &count, &first), WS_OK);
    assert_int_equal(count + first, 0);
    (void)add_account(s, "a", "administratorish");
    id = add_account(s, "b", "reviewer,admin");
    (void)add_account(s, "c", "admin");
    assert_int_equal(store_accounts_count(s, &count, &first), WS_OK);
    assert_int_equal(count, 3);
    assert_int_equal(first, id);
}

static void
test_store_accounts_login_ends_by_time_word_and_password(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    int64_t account = add_account(s, "ana", "viewer");
    int64_t one = add_login(s, account, 1), two = add_login(s, account, 2);

    (void)add_login(s, account, 3);
    assert_int_equal(login_of(s, 1, NOW + 99), WS_OK);
    assert_int_equal(login_of(s, 1, NOW + 100), WS_NOTFOUND);
    assert_int_equal(login_of(s, 9, NOW), WS_NOTFOUND);
    begin(s);
    assert_int_equal(store_accounts_login_end(s, one, account + 1, NOW),
                     WS_NOTFOUND);
    assert_int_equal(store_accounts_login_end(s, one, account, NOW), WS_OK);
    assert_int_equal(store_accounts_login_end(s, one, account, NOW),
                     WS_NOTFOUND);
    commit(s);
    assert_int_equal(login_of(s, 1, NOW), WS_NOTFOUND);
    begin(s);
    assert_int_equal(
        store_accounts_set_password(s, account, "$argon2id$2", NOW, two),
        WS_OK);
    commit(s);
    assert_int_equal(login_of(s, 2, NOW), WS_OK);
    assert_int_equal(login_of(s, 3, NOW), WS_NOTFOUND);
}

static void test_store_accounts_code_is_used_once(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    struct store_code c = {.created_ns = NOW, .expires_ns = NOW + 100}, out;

    memset(c.sha256, 7, sizeof c.sha256);
    begin(s);
    assert_int_equal(store_accounts_code_add(s, &c), WS_OK);
    assert_int_equal(store_accounts_code_good(s, c.sha256, NOW, &out), WS_OK);
    assert_int_equal(store_accounts_code_good(s, c.sha256, NOW + 100, &out),
                     WS_NOTFOUND);
    assert_int_equal(store_accounts_code_use(s, c.sha256, 5, NOW, &out), WS_OK);
    assert_int_equal(store_accounts_code_use(s, c.sha256, 6, NOW, &out),
                     WS_NOTFOUND);
    assert_int_equal(store_accounts_code_revoke(s, c.id, NOW), WS_NOTFOUND);
    commit(s);
}

static void test_store_accounts_link_is_used_once(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    struct store_link l = {.created_ns = NOW, .expires_ns = NOW + 100}, out;

    memset(l.sha256, 7, sizeof l.sha256);
    begin(s);
    assert_int_equal(store_accounts_link_add(s, &l), WS_OK);
    assert_int_equal(store_accounts_link(s, l.sha256, NOW, &out), WS_OK);
    assert_int_equal(store_accounts_link_use(s, l.id, NOW + 100), WS_NOTFOUND);
    assert_int_equal(store_accounts_link_use(s, l.id, NOW), WS_OK);
    assert_int_equal(store_accounts_link_use(s, l.id, NOW), WS_NOTFOUND);
    assert_int_equal(store_accounts_link(s, l.sha256, NOW, &out), WS_NOTFOUND);
    commit(s);
}

static void test_store_accounts_revoked_key_is_unknown(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    struct store_key k = {.name = "k", .roles = "viewer"}, out;

    memset(k.sha256, 7, sizeof k.sha256);
    begin(s);
    assert_int_equal(store_accounts_key_add(s, &k), WS_OK);
    assert_int_equal(store_accounts_key(s, k.sha256, &out), WS_OK);
    assert_int_equal(store_accounts_key_revoke(s, 0, "other", NOW),
                     WS_NOTFOUND);
    assert_int_equal(store_accounts_key_revoke(s, 0, "k", NOW), WS_OK);
    assert_int_equal(store_accounts_key_revoke(s, 0, "k", NOW), WS_NOTFOUND);
    assert_int_equal(store_accounts_key(s, k.sha256, &out), WS_NOTFOUND);
    commit(s);
}

static void test_store_accounts_secret_is_made_once(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    uint8_t first[32] = {1}, second[32] = {2}, out[32];

    begin(s);
    assert_int_equal(store_accounts_secret_make(s, "cursor", first, out),
                     WS_OK);
    assert_int_equal(store_accounts_secret_make(s, "cursor", second, out),
                     WS_OK);
    commit(s);
    assert_memory_equal(out, first, 32);
}

static void test_store_accounts_sweep_takes_the_expired_alone(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    int64_t account = add_account(s, "ana", "viewer");
    struct store_login list[4];
    size_t count = 0;

    (void)add_login(s, account, 1);
    begin(s);
    assert_int_equal(store_accounts_sweep(s, NOW + 100), WS_OK);
    commit(s);
    assert_int_equal(login_of(s, 1, NOW), WS_OK);
    begin(s);
    assert_int_equal(store_accounts_sweep(s, NOW + 101), WS_OK);
    commit(s);
    assert_int_equal(
        store_accounts_logins(s, account, 0, INT64_MAX, list, 4, &count),
        WS_OK);
    assert_int_equal(count, 0);
}

/* --- the access log --- */

static void append(struct store *s, const char *object)
{
    struct store_audit row = {.at_ns = NOW,
                              .actor = "ana",
                              .action = "look",
                              .object = object,
                              .detail = "",
                              .address = "192.0.2.1",
                              .request = "r"};

    begin(s);
    assert_int_equal(store_audit_append(s, &row), WS_OK);
    commit(s);
}

static int count_rows(void *ctx, const struct store_audit *row)
{
    int64_t *before = ctx;

    assert_true(row->id < *before);
    *before = row->id;
    return 1;
}

static void test_store_audit_verify_whole_chain_is_ok(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    int64_t rows = 9, bad = 9, before = INT64_MAX;

    assert_int_equal(store_audit_verify(s, &rows, &bad), WS_OK);
    assert_int_equal(rows, 0);
    append(s, "a");
    append(s, "b");
    append(s, "a");
    assert_int_equal(store_audit_verify(s, &rows, &bad), WS_OK);
    assert_int_equal(rows, 3);
    assert_int_equal(store_audit_walk(s, INT64_MAX, count_rows, &before),
                     WS_OK);
    assert_int_equal(before, 1);
}

static void test_store_audit_rolled_back_row_leaves_no_gap(void **state)
{
    struct store *s = ((struct made *)*state)->store;
    struct store_audit row = {.actor = "x",
                              .action = "x",
                              .object = "x",
                              .detail = "",
                              .address = "",
                              .request = ""};
    int64_t rows = 0, bad = 0;

    append(s, "a");
    begin(s);
    assert_int_equal(store_audit_append(s, &row), WS_OK);
    assert_int_equal(row.id, 2);
    store_rollback(s);
    append(s, "b");
    assert_int_equal(store_audit_verify(s, &rows, &bad), WS_OK);
    assert_int_equal(rows, 2);
}

#define WITH(test)                                                             \
    cmocka_unit_test_setup_teardown(test, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_store_accounts_name_is_found_whatever_its_case),
        WITH(test_store_accounts_first_admin_is_the_oldest),
        WITH(test_store_accounts_login_ends_by_time_word_and_password),
        WITH(test_store_accounts_code_is_used_once),
        WITH(test_store_accounts_link_is_used_once),
        WITH(test_store_accounts_revoked_key_is_unknown),
        WITH(test_store_accounts_secret_is_made_once),
        WITH(test_store_accounts_sweep_takes_the_expired_alone),
        WITH(test_store_audit_verify_whole_chain_is_ok),
        WITH(test_store_audit_rolled_back_row_leaves_no_gap),
    };
    int failed = 0;

    for (size_t i = 0; i < BACKENDS; i++) {
        if (!made_use(backends[i]))
            continue;
        failed += cmocka_run_group_tests_name(backends[i], tests, NULL, NULL);
    }
    return failed;
}
