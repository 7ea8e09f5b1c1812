/* Several writers of one committer. Each has a store of its own here (SQLite
 * has one writer a file): what is asked is who writes what, and when. */
#include "server/commit/committer.h"
#include "server/counters.h"
#include "tests/server/made.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SESSIONS 12
#define REQUESTS 400
#define ITEMS 20 /* of a request */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;

struct sent {
    struct committer_request request;
    struct commit_item items[ITEMS];
    char keys[ITEMS][24];
    int64_t session_id;
    bool done;
    pthread_t writer;
};

static struct {
    pthread_t writer;
    int held; /* requests of it that are being written */
} now[SESSIONS + 1];
static int done_count, shared_sessions;

/* On the writer's thread, before it writes. */
static bool begins(struct committer_request *r)
{
    struct sent *s = r->arg;

    pthread_mutex_lock(&lock);
    if (now[s->session_id].held &&
        !pthread_equal(now[s->session_id].writer, pthread_self()))
        shared_sessions++;
    now[s->session_id].writer = pthread_self();
    now[s->session_id].held++;
    pthread_mutex_unlock(&lock);
    return false;
}

static void ends(struct committer_request *r)
{
    struct sent *s = r->arg;

    pthread_mutex_lock(&lock);
    now[s->session_id].held--;
    s->writer = pthread_self();
    s->done = true;
    done_count++;
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&lock);
}

static void wait_for(int count)
{
    pthread_mutex_lock(&lock);
    while (done_count < count)
        pthread_cond_wait(&change, &lock);
    pthread_mutex_unlock(&lock);
}

static void send(struct committer *c, struct sent *s, int number, int64_t id)
{
    s->session_id = id;
    for (int i = 0; i < ITEMS; i++) {
        snprintf(s->keys[i], sizeof s->keys[i], "%d-%d", number, i);
        s->items[i] = made_item(id, s->keys[i], "{}");
    }
    s->request = (struct committer_request){.items = s->items,
                                            .count = ITEMS,
                                            .done = ends,
                                            .gone = begins,
                                            .arg = s};
    assert_int_equal(committer_submit(c, &s->request), WS_OK);
}

struct gate { /* at which the first writer stands still */
    bool entered, open;
    pthread_t writer;
};

/* Two migrated stores with the same sessions, and a committer over them. */
struct two {
    struct made *made[2];
    struct store *stores[2];
    struct committer *c;
    struct sent *sent;
    struct gate gate; /* outlives the writers */
};

static int setup(void **state)
{
    struct two *t = calloc(1, sizeof *t);
    struct committer_options o = {.stores = t->stores,
                                  .writers = 2,
                                  .env = &env_system,
                                  .queue_items = REQUESTS * ITEMS,
                                  .queue_bytes = 1 << 20};

    for (int i = 0; i < 2; i++) {
        void *made = NULL;

        assert_int_equal(made_setup(&made), 0);
        t->made[i] = made;
        t->stores[i] = t->made[i]->store;
        for (int64_t id = 1; id <= SESSIONS; id++)
            made_session(t->stores[i], id);
    }
    t->sent = calloc(REQUESTS, sizeof *t->sent);
    done_count = shared_sessions = 0;
    assert_int_equal(committer_open(&t->c, &o), WS_OK);
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct two *t = *state;

    committer_close(t->c);
    for (int i = 0; i < 2; i++) {
        void *made = t->made[i];

        made_teardown(&made);
    }
    free(t->sent);
    free(t);
    return 0;
}

/* --- a first writer that stands still --- */

static enum err stand_still(struct store *s, void *arg)
{
    struct gate *g = arg;

    (void)s;
    pthread_mutex_lock(&lock);
    g->entered = true;
    g->writer = pthread_self();
    pthread_cond_broadcast(&change);
    while (!g->open)
        pthread_cond_wait(&change, &lock);
    pthread_mutex_unlock(&lock);
    return WS_OK;
}

static void hold(struct two *t)
{
    struct gate *g = &t->gate;

    assert_int_equal(committer_call(t->c, stand_still, NULL, g), WS_OK);
    pthread_mutex_lock(&lock);
    while (!g->entered)
        pthread_cond_wait(&change, &lock);
    pthread_mutex_unlock(&lock);
}

static void release(struct gate *g)
{
    pthread_mutex_lock(&lock);
    g->open = true;
    pthread_cond_broadcast(&change);
    pthread_mutex_unlock(&lock);
}

/* --- promises --- */

static void test_writers_never_write_one_session_at_a_time(void **state)
{
    struct two *t = *state;

    for (int i = 0; i < REQUESTS; i++)
        send(t->c, &t->sent[i], i, 1 + i * 7 % SESSIONS);
    wait_for(REQUESTS);
    assert_int_equal(shared_sessions, 0);
    for (int i = 0; i < REQUESTS; i++)
        for (int k = 0; k < ITEMS; k++)
            assert_int_equal(t->sent[i].items[k].verdict, COMMIT_ACCEPTED);
}

static void test_writers_help_with_much_while_the_first_is_busy(void **state)
{
    struct two *t = *state;
    struct gate *g = &t->gate;
    const int much = COMMITTER_HELP_ITEMS / ITEMS + 1;

    hold(t);
    for (int i = 0; i < much; i++)
        send(t->c, &t->sent[i], i, 1 + i % SESSIONS);
    wait_for(much); /* the first stands still all the time */
    for (int i = 0; i < much; i++)
        assert_false(pthread_equal(t->sent[i].writer, g->writer));
    release(g);
}

static void test_writers_leave_little_to_the_first(void **state)
{
    struct two *t = *state;
    struct gate *g = &t->gate;
    const int little = COMMITTER_HELP_ITEMS / ITEMS; /* requests */

    hold(t);
    for (int i = 0; i < little; i++)
        send(t->c, &t->sent[i], i, 1 + i % SESSIONS);
    release(g);
    wait_for(little);
    for (int i = 0; i < little; i++)
        assert_true(pthread_equal(t->sent[i].writer, g->writer));
}

static void test_writers_commit_all_that_waits_before_they_close(void **state)
{
    struct two *t = *state;

    for (int i = 0; i < REQUESTS; i++)
        send(t->c, &t->sent[i], i, 1 + i / 40 % SESSIONS);
    committer_close(t->c);
    t->c = NULL;
    assert_int_equal(done_count, REQUESTS);
    assert_int_equal(shared_sessions, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_writers_never_write_one_session_at_a_time),
        TEST(test_writers_help_with_much_while_the_first_is_busy),
        TEST(test_writers_leave_little_to_the_first),
        TEST(test_writers_commit_all_that_waits_before_they_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
