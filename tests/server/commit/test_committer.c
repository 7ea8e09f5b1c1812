#include "server/commit/committer.h"
#include "server/counters.h"
#include "server/store/store_db.h"
#include "tests/server/made.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct counters counters;

static struct committer *open_committer(struct made *m, size_t queue_items)
{
    struct committer_options o = {.stores = &m->store,
                                  .writers = 1,
                                  .env = &env_system,
                                  .counters = &counters,
                                  .queue_items = queue_items,
                                  .queue_bytes = 1 << 20};
    struct committer *c = NULL;

    memset(&counters, 0, sizeof counters);
    assert_int_equal(committer_open(&c, &o), WS_OK);
    return c;
}

/* A request of one item, and a way to wait for it. */
struct waited {
    struct committer_request request;
    struct commit_item item;
    char key[32];
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool done;
};

static void on_done(struct committer_request *r)
{
    struct waited *w = r->arg;

    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->told);
    pthread_mutex_unlock(&w->lock);
}

static void prepare(struct waited *w, int64_t session, const char *key)
{
    *w = (struct waited){.lock = PTHREAD_MUTEX_INITIALIZER,
                         .told = PTHREAD_COND_INITIALIZER};
    snprintf(w->key, sizeof w->key, "%s", key);
    w->item = made_item(session, w->key, "{}");
    w->request = (struct committer_request){
        .items = &w->item, .count = 1, .done = on_done, .arg = w};
}

static void wait_done(struct waited *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->done)
        pthread_cond_wait(&w->told, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

#define THREADS 8
#define KEYS 100

struct racer {
    struct committer *c;
    atomic_int *accepted, *duplicate; /* a key each */
    int64_t (*ids)[THREADS];
    int number;
};

static void *race(void *arg)
{
    struct racer *r = arg;

    for (int k = 0; k < KEYS; k++) {
        struct waited w;
        char key[32];

        snprintf(key, sizeof key, "key-%d", k);
        prepare(&w, 1, key);
        if (committer_submit(r->c, &w.request))
            return arg;
        wait_done(&w);
        if (w.item.verdict == COMMIT_ACCEPTED)
            atomic_fetch_add(&r->accepted[k], 1);
        if (w.item.verdict == COMMIT_DUPLICATE)
            atomic_fetch_add(&r->duplicate[k], 1);
        r->ids[k][r->number] = w.item.id;
    }
    return NULL;
}

static void
test_committer_same_key_by_many_threads_is_accepted_once(void **state)
{
    struct made *m = *state;
    OWN(committer_close)
    struct committer *c = NULL;
    atomic_int accepted[KEYS] = {0}, duplicate[KEYS] = {0};
    int64_t ids[KEYS][THREADS];
    struct racer racers[THREADS];
    pthread_t threads[THREADS];

    made_session(m->store, 1);
    c = open_committer(m, 1000);
    for (int i = 0; i < THREADS; i++) {
        racers[i] = (struct racer){c, accepted, duplicate, ids, i};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]),
                         0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;

        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    for (int k = 0; k < KEYS; k++) {
        assert_int_equal(accepted[k], 1);
        assert_int_equal(duplicate[k], THREADS - 1);
        for (int i = 1; i < THREADS; i++)
            assert_int_equal(ids[k][i], ids[k][0]);
    }
    assert_int_equal(counters.accepted, KEYS);
}

/* --- a writer that stands still on request --- */

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool entered, open;
};

static enum err stand_still(struct store *s, void *arg)
{
    struct gate *g = arg;

    (void)s;
    pthread_mutex_lock(&g->lock);
    g->entered = true;
    pthread_cond_broadcast(&g->change);
    while (!g->open)
        pthread_cond_wait(&g->change, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return WS_OK;
}

static void hold(struct committer *c, struct gate *g)
{
    *g = (struct gate){.lock = PTHREAD_MUTEX_INITIALIZER,
                       .change = PTHREAD_COND_INITIALIZER};
    assert_int_equal(committer_call(c, stand_still, NULL, g), WS_OK);
    pthread_mutex_lock(&g->lock);
    while (!g->entered)
        pthread_cond_wait(&g->change, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void release(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->change);
    pthread_mutex_unlock(&g->lock);
}

static void test_committer_full_queue_refuses_and_recovers(void **state)
{
    struct made *m = *state;
    OWN(committer_close)
    struct committer *c = NULL;
    struct waited w[4];
    struct gate g;

    made_session(m->store, 1);
    c = open_committer(m, 3);
    hold(c, &g);
    for (int i = 0; i < 4; i++) {
        char key[8];

        snprintf(key, sizeof key, "k%d", i);
        prepare(&w[i], 1, key);
        assert_int_equal(committer_submit(c, &w[i].request),
                         i < 3 ? WS_OK : WS_FULL);
    }
    assert_int_equal(committer_depth(c), 3);
    release(&g);
    for (int i = 0; i < 3; i++) {
        wait_done(&w[i]);
        assert_int_equal(w[i].item.verdict, COMMIT_ACCEPTED);
    }
    prepare(&w[3], 1, "later");
    assert_int_equal(committer_submit(c, &w[3].request), WS_OK);
    wait_done(&w[3]);
    assert_int_equal(w[3].item.verdict, COMMIT_ACCEPTED);
    assert_int_equal(counters.queue_full, 1);
}

static void test_committer_what_waits_becomes_one_transaction(void **state)
{
    struct made *m = *state;
    OWN(committer_close)
    struct committer *c = NULL;
    struct waited w[40];
    struct gate g;

    made_session(m->store, 1);
    c = open_committer(m, 1000);
    hold(c, &g);
    for (int i = 0; i < 40; i++) {
        char key[8];

        snprintf(key, sizeof key, "k%d", i);
        prepare(&w[i], 1, key);
        assert_int_equal(committer_submit(c, &w[i].request), WS_OK);
    }
    release(&g);
    for (int i = 0; i < 40; i++)
        wait_done(&w[i]);
    assert_int_equal(counters.transactions, 1);
    assert_int_equal(counters.accepted, 40);
}

static void test_committer_close_commits_what_waits(void **state)
{
    struct made *m = *state;
    struct committer *c;
    struct fact_found found = {0};
    struct waited w;
    struct gate g;

    made_session(m->store, 1);
    c = open_committer(m, 10);
    hold(c, &g);
    prepare(&w, 1, "k");
    assert_int_equal(committer_submit(c, &w.request), WS_OK);
    release(&g);
    committer_close(c);
    assert_true(w.done);
    assert_int_equal(
        store_facts_find(m->store, WIRE_ITEM_METRIC, 1, "k", &found), WS_OK);
    buf_fini(&found.payload);
}

static bool is_gone(struct committer_request *r)
{
    (void)r;
    return true;
}

static void
test_committer_request_of_a_client_that_left_is_not_written(void **state)
{
    struct made *m = *state;
    OWN(committer_close)
    struct committer *c = NULL;
    struct waited left, stays;
    struct gate g;

    made_session(m->store, 1);
    c = open_committer(m, 10);
    hold(c, &g);
    prepare(&left, 1, "left");
    left.request.gone = is_gone;
    prepare(&stays, 1, "stays");
    assert_int_equal(committer_submit(c, &left.request), WS_OK);
    assert_int_equal(committer_submit(c, &stays.request), WS_OK);
    release(&g);
    wait_done(&left);
    wait_done(&stays);
    assert_int_equal(left.item.verdict, COMMIT_RETRY);
    assert_int_equal(stays.item.verdict, COMMIT_ACCEPTED);
    assert_int_equal(counters.accepted, 1);
}

static enum err revoke_token(struct store *s, void *arg)
{
    return store_sessions_revoke_token(s, *(int64_t *)arg, 5);
}

static void test_committer_no_row_lands_after_a_revocation(void **state)
{
    struct made *m = *state;
    OWN(committer_close)
    struct committer *c = NULL;
    int64_t session = 1;
    struct waited before, after;

    made_session(m->store, 1);
    c = open_committer(m, 10);
    prepare(&before, 1, "before");
    assert_int_equal(committer_submit(c, &before.request), WS_OK);
    wait_done(&before);
    assert_int_equal(committer_call_wait(c, revoke_token, &session), WS_OK);
    prepare(&after, 1, "after"); /* passed the access check before */
    assert_int_equal(committer_submit(c, &after.request), WS_OK);
    wait_done(&after);
    assert_int_equal(before.item.verdict, COMMIT_ACCEPTED);
    assert_int_equal(after.item.verdict, COMMIT_DENIED);
}

static enum err take_and_refuse(struct store *s, void *arg)
{
    enum err e = store_take_ids(s, "mine", 10, arg);

    return e ? e : WS_DENIED;
}

static enum err take(struct store *s, void *arg)
{
    return store_take_ids(s, "mine", 1, arg);
}

static void test_committer_call_that_refuses_leaves_nothing(void **state)
{
    struct made *m = *state;
    OWN(committer_close)
    struct committer *c = open_committer(m, 10);
    int64_t first = 0;

    assert_int_equal(committer_call_wait(c, take_and_refuse, &first),
                     WS_DENIED);
    assert_int_equal(committer_call_wait(c, take, &first), WS_OK);
    assert_int_equal(first, 1);
}

static bool always(void *arg)
{
    (void)arg;
    return true;
}

static enum err count_up(struct store *s, void *arg)
{
    (void)s;
    atomic_fetch_add((atomic_int *)arg, 1);
    return WS_OK;
}

static void count_done(enum err e, void *arg)
{
    (void)arg;
    assert_int_equal(e, WS_OK);
}

static void test_committer_periodic_runs_once_more_at_close(void **state)
{
    struct made *m = *state;
    struct committer *c = open_committer(m, 10);
    atomic_int runs = 0;

    assert_int_equal(
        committer_every(c, 3600000, always, count_up, count_done, &runs),
        WS_OK);
    assert_int_equal(runs, 0);
    committer_close(c);
    assert_int_equal(runs, 1);
}

static void test_committer_full_disk_is_no_room_and_ends_with_it(void **state)
{
    struct made *m = *state;
    OWN(committer_close)
    struct committer *c = NULL;
    static char large[600000];
    struct waited w;

    made_session(m->store, 1);
    memset(large, ' ', sizeof large - 3);
    memcpy(large + sizeof large - 3, "{}", 3);
    assert_int_equal(
        db_exec(store_db_conn(m->store), "PRAGMA max_page_count = 100"), WS_OK);
    c = open_committer(m, 10);
    prepare(&w, 1, "large");
    w.item.fact.payload = large;
    w.item.fact.payload_len = sizeof large - 1;
    assert_int_equal(committer_submit(c, &w.request), WS_OK);
    wait_done(&w);
    assert_int_equal(w.item.verdict, COMMIT_NO_ROOM);
    prepare(&w, 1, "small");
    assert_int_equal(committer_submit(c, &w.request), WS_OK);
    wait_done(&w);
    assert_int_equal(w.item.verdict, COMMIT_ACCEPTED);
}

static void test_committer_request_without_items_is_invalid(void **state)
{
    struct made *m = *state;
    OWN(committer_close)
    struct committer *c = open_committer(m, 10);
    struct waited w;

    prepare(&w, 1, "k");
    w.request.count = 0;
    assert_int_equal(committer_submit(c, &w.request), WS_INVALID);
    w.request.count = COMMITTER_MAX_ITEMS + 1;
    assert_int_equal(committer_submit(c, &w.request), WS_INVALID);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_committer_same_key_by_many_threads_is_accepted_once),
        TEST(test_committer_full_queue_refuses_and_recovers),
        TEST(test_committer_what_waits_becomes_one_transaction),
        TEST(test_committer_close_commits_what_waits),
        TEST(test_committer_request_of_a_client_that_left_is_not_written),
        TEST(test_committer_no_row_lands_after_a_revocation),
        TEST(test_committer_call_that_refuses_leaves_nothing),
        TEST(test_committer_periodic_runs_once_more_at_close),
        TEST(test_committer_full_disk_is_no_room_and_ends_with_it),
        TEST(test_committer_request_without_items_is_invalid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
