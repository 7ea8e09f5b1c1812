#include "server/ingest/beats.h"

#include "server/commit/committer.h"
#include "tests/server/made.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct committer *open_committer(struct made *m)
{
    struct committer_options o = {.stores = &m->store,
                                  .writers = 1,
                                  .env = &env_system,
                                  .queue_items = 10,
                                  .queue_bytes = 1 << 20};
    struct committer *c = NULL;

    assert_int_equal(committer_open(&c, &o), WS_OK);
    return c;
}

static void hear(struct beats *b, int64_t session, int64_t seen, int64_t head,
                 const char *health)
{
    struct store_heartbeat beat = {.session_id = session,
                                   .last_seen_ns = seen,
                                   .head_seq = head,
                                   .pending = head,
                                   .health = health};

    assert_int_equal(beats_hear(b, &beat), WS_OK);
}

static void test_beats_hear_many_of_one_session_is_one_row(void **state)
{
    struct made *m = *state;
    struct committer *c = open_committer(m);
    OWN(beats_close)
    struct beats *b = NULL;
    struct store_ledger l;

    made_session(m->store, 1);
    assert_int_equal(beats_open(&b, c), WS_OK);
    for (int i = 1; i <= 100; i++)
        hear(b, 1, i, i, i % 2 ? "{}" : NULL);
    hear(b, 1, 200, 0, NULL); /* an empty body forgets nothing */
    hear(b, 1, 50, 7, "{\"old\":1}");
    assert_int_equal(beats_waiting(b), 1);
    committer_close(c); /* writes once more */
    assert_int_equal(beats_waiting(b), 0);
    assert_int_equal(store_ledger_read(m->store, 1, &l), WS_OK);
    assert_int_equal(l.head_seq, 100);
    assert_int_equal(l.pending, 100);
}

static void test_beats_hear_of_many_sessions_keeps_each(void **state)
{
    struct made *m = *state;
    struct committer *c = open_committer(m);
    OWN(beats_close)
    struct beats *b = NULL;
    struct store_ledger l;

    for (int64_t id = 1; id <= 5; id++)
        made_session(m->store, id);
    assert_int_equal(beats_open(&b, c), WS_OK);
    for (int64_t id = 1; id <= 3000; id++)
        hear(b, id, id, id, "{}");
    assert_int_equal(beats_waiting(b), 3000);
    committer_close(c);
    for (int64_t id = 1; id <= 5; id++) {
        assert_int_equal(store_ledger_read(m->store, id, &l), WS_OK);
        assert_int_equal(l.head_seq, id);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_beats_hear_many_of_one_session_is_one_row),
        TEST(test_beats_hear_of_many_sessions_keeps_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
