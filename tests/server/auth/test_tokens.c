#include "server/auth/tokens.h"

#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int64_t now_ns = 1;

static int64_t settable(void *ctx)
{
    (void)ctx;
    return now_ns;
}

static const struct env env = {
    .wall_ns = settable, .mono_ns = settable, .boot_ns = settable};

static void revoke_token(struct store *s, int64_t session)
{
    assert_int_equal(store_begin(s), WS_OK);
    assert_int_equal(store_sessions_revoke_token(s, session, 5), WS_OK);
    assert_int_equal(store_commit(s), WS_OK);
}

static void test_tokens_load_is_remembered_for_less_than_a_second(void **state)
{
    struct made *m = *state;
    OWN(tokens_close)
    struct tokens *t = NULL;
    uint8_t token[32];
    struct tokens_session id = {0};

    made_session(m->store, 1);
    made_token(1, token);
    assert_int_equal(tokens_open(&t, &env, 16, NULL), WS_OK);
    assert_int_equal(tokens_find(t, token, &id), WS_AGAIN);
    assert_int_equal(tokens_load(t, m->store, token, &id), WS_OK);
    assert_int_equal(id.id, 1);
    id.id = 0;
    assert_int_equal(tokens_find(t, token, &id), WS_OK);
    assert_int_equal(id.id, 1);
    now_ns += INT64_C(1000000000);
    assert_int_equal(tokens_find(t, token, &id), WS_AGAIN);
}

static void test_tokens_unknown_or_revoked_is_denied(void **state)
{
    struct made *m = *state;
    OWN(tokens_close)
    struct tokens *t = NULL;
    uint8_t token[32], unknown[32];
    struct tokens_session id;

    made_session(m->store, 1);
    made_token(1, token);
    made_token(2, unknown);
    assert_int_equal(tokens_open(&t, &env, 16, NULL), WS_OK);
    assert_int_equal(tokens_load(t, m->store, unknown, &id), WS_DENIED);
    assert_int_equal(tokens_load(t, m->store, token, &id), WS_OK);
    revoke_token(m->store, 1);
    tokens_forget(t);
    assert_int_equal(tokens_find(t, token, &id), WS_AGAIN);
    assert_int_equal(tokens_load(t, m->store, token, &id), WS_DENIED);
    assert_int_equal(tokens_find(t, token, &id), WS_AGAIN);
}

static void test_tokens_put_makes_a_new_session_known(void **state)
{
    OWN(tokens_close)
    struct tokens *t = NULL;
    uint8_t token[32], neighbour[32];
    struct tokens_session id = {0};

    (void)state;
    made_token(1, token);
    made_token(1, neighbour); /* the same slot, another token */
    neighbour[31] ^= 1;
    assert_int_equal(tokens_open(&t, &env, 1, NULL), WS_OK);
    tokens_put(t, token, (struct tokens_session){.id = 9, .tier = 2});
    assert_int_equal(tokens_find(t, token, &id), WS_OK);
    assert_int_equal(id.id, 9);
    assert_int_equal(id.tier, 2);
    assert_int_equal(tokens_find(t, neighbour, &id), WS_AGAIN);
    tokens_put(t, neighbour, (struct tokens_session){.id = 10, .tier = -1});
    assert_int_equal(tokens_find(t, token, &id), WS_AGAIN);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_tokens_load_is_remembered_for_less_than_a_second),
        TEST(test_tokens_unknown_or_revoked_is_denied),
        TEST(test_tokens_put_makes_a_new_session_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
