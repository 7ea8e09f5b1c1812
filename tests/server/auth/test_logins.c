/* Cookies and keys: what is remembered, for how long, and what is forgotten. */
#include "server/auth/logins.h"

#include "core/clock.h"
#include "server/store/store.h"
#include "server/store/store_accounts.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int64_t mono_ns, wall_ns;
static uint8_t next_random;

static int64_t test_mono(void *ctx)
{
    (void)ctx;
    return mono_ns;
}

static int64_t test_wall(void *ctx)
{
    (void)ctx;
    return wall_ns;
}

static void test_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    memset(out, ++next_random, len);
}

static const struct env env = {.wall_ns = test_wall,
                               .mono_ns = test_mono,
                               .boot_ns = test_mono,
                               .random = test_random};

struct rig {
    void *made;
    struct store *store;
    struct logins *logins;
    int64_t account, login;
    char cookie[LOGINS_SECRET_BYTES];
};

static int set_up(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    struct store_account a = {.name = "ana", .roles = "viewer"};
    struct store_login l = {.address = "192.0.2.1"};

    assert_non_null(r);
    assert_int_equal(made_setup(&r->made), 0);
    r->store = ((struct made *)r->made)->store;
    mono_ns = wall_ns = 1000 * CLOCK_NS_PER_S;
    assert_int_equal(logins_open(&r->logins, &env, NULL, NULL), WS_OK);
    logins_make_secret(&env, "", r->cookie, l.sha256);
    l.expires_ns = wall_ns + 60 * CLOCK_NS_PER_S;
    assert_int_equal(store_begin(r->store), WS_OK);
    assert_int_equal(store_accounts_add(r->store, &a), WS_OK);
    l.account_id = a.id;
    assert_int_equal(store_accounts_login_add(r->store, &l), WS_OK);
    assert_int_equal(store_commit(r->store), WS_OK);
    r->account = a.id;
    r->login = l.id;
    *state = r;
    return 0;
}

static int tear_down(void **state)
{
    struct rig *r = *state;

    logins_close(r->logins);
    made_teardown(&r->made);
    free(r);
    return 0;
}

static void end_login(struct rig *r)
{
    assert_int_equal(store_begin(r->store), WS_OK);
    assert_int_equal(
        store_accounts_login_end(r->store, r->login, r->account, wall_ns),
        WS_OK);
    assert_int_equal(store_commit(r->store), WS_OK);
}

static void load(struct rig *r)
{
    struct logins_who who;

    assert_int_equal(
        logins_load(r->logins, r->store, LOGINS_BY_COOKIE, r->cookie, &who),
        WS_OK);
    assert_string_equal(who.principal.name, "ana");
    assert_int_equal(strlen(who.principal.csrf), 64);
    assert_string_not_equal(who.principal.csrf, r->cookie);
}

static enum err find(struct rig *r)
{
    struct logins_who who;

    return logins_find(r->logins, LOGINS_BY_COOKIE, r->cookie, &who);
}

static void test_logins_find_knows_what_was_loaded_for_a_while(void **state)
{
    struct rig *r = *state;

    assert_int_equal(find(r), WS_AGAIN);
    load(r);
    assert_int_equal(find(r), WS_OK);
    mono_ns += LOGINS_FRESH_MS * CLOCK_NS_PER_MS;
    assert_int_equal(find(r), WS_AGAIN);
}

static void test_logins_ended_login_is_denied_within_a_second(void **state)
{
    struct rig *r = *state;
    struct logins_who who;

    load(r);
    end_login(r);
    mono_ns += CLOCK_NS_PER_S;
    assert_int_equal(find(r), WS_AGAIN);
    assert_int_equal(
        logins_load(r->logins, r->store, LOGINS_BY_COOKIE, r->cookie, &who),
        WS_DENIED);
}

static void test_logins_forget_is_at_once(void **state)
{
    struct rig *r = *state;

    load(r);
    logins_forget(r->logins);
    assert_int_equal(find(r), WS_AGAIN);
}

static void test_logins_expired_login_is_denied(void **state)
{
    struct rig *r = *state;
    struct logins_who who;

    wall_ns += 60 * CLOCK_NS_PER_S;
    assert_int_equal(
        logins_load(r->logins, r->store, LOGINS_BY_COOKIE, r->cookie, &who),
        WS_DENIED);
}

static void test_logins_unknown_secret_is_denied_and_not_kept(void **state)
{
    struct rig *r = *state;
    struct logins_who who;

    assert_int_equal(
        logins_load(r->logins, r->store, LOGINS_BY_COOKIE, "0000", &who),
        WS_DENIED);
    assert_int_equal(logins_find(r->logins, LOGINS_BY_COOKIE, "0000", &who),
                     WS_AGAIN);
    assert_int_equal(
        logins_load(r->logins, r->store, LOGINS_BY_KEY, r->cookie, &who),
        WS_DENIED);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_logins_find_knows_what_was_loaded_for_a_while),
        WITH(test_logins_ended_login_is_denied_within_a_second),
        WITH(test_logins_forget_is_at_once),
        WITH(test_logins_expired_login_is_denied),
        WITH(test_logins_unknown_secret_is_denied_and_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
