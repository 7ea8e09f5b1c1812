#include "server/commit/committer.h"

#include "core/log.h"
#include "server/commit/commit_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define MAX_CALLS_A_TURN 64 /* then facts have their turn */

struct call {
    enum err (*fn)(struct store *s, void *arg);
    void (*done)(enum err e, void *arg);
    void *arg;
    struct call *next;
};

struct periodic {
    struct call call;
    bool (*wanted)(void *arg);
    int64_t period_ns, due_ns;
};

struct committer {
    struct committer_options options;
    struct commit_run run;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t work;
    /* under the lock: */
    struct committer_request *requests, **requests_end;
    struct call *calls, **calls_end;
    size_t waiting_items, waiting_bytes;
    bool closing;
    /* set before the first submit; then the thread's: */
    struct periodic periodics[COMMITTER_MAX_PERIODIC];
    size_t periodic_count;
    struct commit_item *group[COMMITTER_MAX_ITEMS];
};

static int64_t now_ns(const struct committer *c)
{
    return env_mono_ns(c->options.env);
}

/* --- taking work: under the lock --- */

static struct call *take_calls(struct committer *c)
{
    struct call *first = c->calls, **end = &first;

    for (int n = 0; *end && n < MAX_CALLS_A_TURN; n++) {
        end = &(*end)->next;
        c->waiting_items--;
    }
    c->calls = *end;
    *end = NULL;
    if (!c->calls)
        c->calls_end = &c->calls;
    return first;
}

/* As many requests as fit one transaction, at least one. */
static struct committer_request *take_requests(struct committer *c)
{
    struct committer_request *first = c->requests, **end = &first;
    size_t items = 0, bytes = 0;

    while (*end &&
           (items == 0 || (items + (*end)->count <= COMMITTER_MAX_ITEMS &&
                           bytes + (*end)->bytes <= COMMITTER_MAX_BYTES))) {
        items += (*end)->count;
        bytes += (*end)->bytes;
        end = &(*end)->next;
    }
    c->requests = *end;
    *end = NULL;
    if (!c->requests)
        c->requests_end = &c->requests;
    c->waiting_items -= items;
    c->waiting_bytes -= bytes;
    return first;
}

/* --- doing it: on the thread, without the lock --- */

static void run_calls(struct committer *c, struct call *list)
{
    while (list) {
        struct call *call = list;
        enum err e = commit_run_call(&c->run, call->fn, call->arg);

        list = call->next;
        if (call->done)
            call->done(e, call->arg);
        free(call);
    }
}

static void drop(struct committer_request *r)
{
    for (size_t i = 0; i < r->count; i++) {
        r->items[i].verdict = COMMIT_RETRY;
        r->items[i].id = 0;
    }
}

static void tell(struct committer *c, struct committer_request *r)
{
    for (size_t i = 0; c->options.accepted && i < r->count; i++)
        if (r->items[i].verdict == COMMIT_ACCEPTED)
            c->options.accepted(c->options.ctx, &r->items[i]);
    r->done(r);
}

static void run_requests(struct committer *c, struct committer_request *list)
{
    struct committer_request *next;
    size_t n = 0;

    for (struct committer_request *r = list; r; r = r->next) {
        if (r->gone && r->gone(r)) {
            drop(r);
            continue;
        }
        for (size_t i = 0; i < r->count; i++)
            c->group[n++] = &r->items[i];
    }
    if (n)
        commit_run_group(&c->run, c->group, n);
    for (; list; list = next) {
        next = list->next; /* done() may free it */
        tell(c, list);
    }
}

static void run_periodic(struct committer *c, struct periodic *p)
{
    enum err e;

    if (p->wanted && !p->wanted(p->call.arg))
        return;
    e = commit_run_call(&c->run, p->call.fn, p->call.arg);
    if (e)
        log_warn("commit_periodic_failed", "a periodic write failed: %s",
                 err_name(e));
    if (p->call.done)
        p->call.done(e, p->call.arg);
}

static void run_periodics(struct committer *c, size_t count, bool all)
{
    for (size_t i = 0; i < count; i++) {
        struct periodic *p = &c->periodics[i];
        int64_t now = now_ns(c);

        if (!all && now < p->due_ns)
            continue;
        run_periodic(c, p);
        p->due_ns = now + p->period_ns;
    }
}

/* Wait for work or for the next periodic write. */
static void wait_for_work(struct committer *c)
{
    int64_t due = INT64_MAX;
    struct timespec t;

    for (size_t i = 0; i < c->periodic_count; i++)
        if (c->periodics[i].due_ns < due)
            due = c->periodics[i].due_ns;
    if (due == INT64_MAX) {
        (void)pthread_cond_wait(&c->work, &c->lock);
        return;
    }
    due -= now_ns(c);
    if (due <= 0)
        return;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(due / 1000000000);
    t.tv_nsec += (long)(due % 1000000000);
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    (void)pthread_cond_timedwait(&c->work, &c->lock, &t);
}

static void *run(void *arg)
{
    struct committer *c = arg;

    (void)pthread_mutex_lock(&c->lock);
    for (;;) {
        struct call *calls;
        struct committer_request *requests;
        size_t periodics;

        if (!c->calls && !c->requests) {
            if (c->closing)
                break;
            wait_for_work(c);
        }
        calls = take_calls(c);
        requests = take_requests(c);
        periodics = c->periodic_count;
        (void)pthread_mutex_unlock(&c->lock);
        run_calls(c, calls);
        run_requests(c, requests);
        run_periodics(c, periodics, false);
        (void)pthread_mutex_lock(&c->lock);
    }
    (void)pthread_mutex_unlock(&c->lock);
    run_periodics(c, c->periodic_count, true);
    return NULL;
}

/* --- from other threads --- */

enum err committer_submit(struct committer *c, struct committer_request *r)
{
    enum err e = WS_OK;

    r->bytes = 0;
    r->next = NULL;
    if (r->count == 0 || r->count > COMMITTER_MAX_ITEMS)
        return WS_INVALID;
    for (size_t i = 0; i < r->count; i++)
        r->bytes += r->items[i].fact.payload_len;
    (void)pthread_mutex_lock(&c->lock);
    if (c->closing)
        e = WS_DENIED;
    else if (c->waiting_items + r->count > c->options.queue_items ||
             (c->waiting_bytes + r->bytes > c->options.queue_bytes &&
              c->waiting_bytes))
        e = WS_FULL;
    if (!e) {
        *c->requests_end = r;
        c->requests_end = &r->next;
        c->waiting_items += r->count;
        c->waiting_bytes += r->bytes;
        (void)pthread_cond_signal(&c->work);
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (e)
        COUNTERS_ADD(c->options.counters, queue_full, 1);
    return e;
}

enum err committer_call(struct committer *c,
                        enum err (*fn)(struct store *s, void *arg),
                        void (*done)(enum err e, void *arg), void *arg)
{
    OWN_FREE struct call *call = malloc(sizeof *call);
    enum err e = WS_OK;

    if (!call)
        return WS_NOMEM;
    *call = (struct call){fn, done, arg, NULL};
    (void)pthread_mutex_lock(&c->lock);
    if (c->closing)
        e = WS_DENIED;
    else if (c->waiting_items >= c->options.queue_items)
        e = WS_FULL;
    if (!e) {
        *c->calls_end = call;
        c->calls_end = &call->next;
        c->waiting_items++;
        call = NULL;
        (void)pthread_cond_signal(&c->work);
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (e)
        COUNTERS_ADD(c->options.counters, queue_full, 1);
    return e;
}

struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t told;
    enum err (*fn)(struct store *s, void *arg);
    void *arg;
    enum err outcome;
    bool done;
};

static enum err waiter_run(struct store *s, void *arg)
{
    struct waiter *w = arg;

    return w->fn(s, w->arg);
}

static void waiter_done(enum err e, void *arg)
{
    struct waiter *w = arg;

    (void)pthread_mutex_lock(&w->lock);
    w->outcome = e;
    w->done = true;
    (void)pthread_cond_signal(&w->told);
    (void)pthread_mutex_unlock(&w->lock);
}

enum err committer_call_wait(struct committer *c,
                             enum err (*fn)(struct store *s, void *arg),
                             void *arg)
{
    struct waiter w = {.lock = PTHREAD_MUTEX_INITIALIZER,
                       .told = PTHREAD_COND_INITIALIZER,
                       .fn = fn,
                       .arg = arg};
    enum err e = committer_call(c, waiter_run, waiter_done, &w);

    if (e)
        return e;
    (void)pthread_mutex_lock(&w.lock);
    while (!w.done)
        (void)pthread_cond_wait(&w.told, &w.lock);
    (void)pthread_mutex_unlock(&w.lock);
    return w.outcome;
}

enum err committer_every(struct committer *c, int64_t period_ms,
                         bool (*wanted)(void *arg),
                         enum err (*fn)(struct store *s, void *arg),
                         void (*done)(enum err e, void *arg), void *arg)
{
    enum err e = WS_OK;

    (void)pthread_mutex_lock(&c->lock);
    if (c->periodic_count == COMMITTER_MAX_PERIODIC)
        e = WS_FULL;
    else
        c->periodics[c->periodic_count++] = (struct periodic){
            .call = {fn, done, arg, NULL},
            .wanted = wanted,
            .period_ns = period_ms * 1000000,
            .due_ns = now_ns(c) + period_ms * 1000000,
        };
    (void)pthread_cond_signal(&c->work);
    (void)pthread_mutex_unlock(&c->lock);
    return e;
}

size_t committer_depth(struct committer *c)
{
    size_t n;

    (void)pthread_mutex_lock(&c->lock);
    n = c->waiting_items;
    (void)pthread_mutex_unlock(&c->lock);
    return n;
}

static void init_sync(struct committer *c)
{
    pthread_condattr_t attr;

    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&c->work, &attr);
    (void)pthread_condattr_destroy(&attr);
}

enum err committer_open(struct committer **out,
                        const struct committer_options *options)
{
    struct committer *c = calloc(1, sizeof *c);

    if (!c)
        return WS_NOMEM;
    c->options = *options;
    c->run = (struct commit_run){.store = options->store,
                                 .env = options->env,
                                 .counters = options->counters,
                                 .shards = options->shards};
    c->requests_end = &c->requests;
    c->calls_end = &c->calls;
    init_sync(c);
    if (pthread_create(&c->thread, NULL, run, c) != 0) {
        free(c);
        return err_sys("committer: make the thread");
    }
    *out = c;
    return WS_OK;
}

void committer_close(struct committer *c)
{
    if (!c)
        return;
    (void)pthread_mutex_lock(&c->lock);
    c->closing = true;
    (void)pthread_cond_signal(&c->work);
    (void)pthread_mutex_unlock(&c->lock);
    (void)pthread_join(c->thread, NULL);
    (void)pthread_cond_destroy(&c->work);
    (void)pthread_mutex_destroy(&c->lock);
    free(c);
}
