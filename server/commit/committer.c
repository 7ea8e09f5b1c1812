#include "server/commit/committer.h"

#include "core/log.h"
#include "server/commit/commit_queue.h"
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

struct writer {
    struct committer *of;
    struct commit_run run;
    pthread_t thread;
    pthread_cond_t work;
    struct commit_marks mine; /* under the lock: sessions it writes now */
    struct commit_item *group[COMMITTER_MAX_ITEMS];
};

struct committer {
    struct committer_options options;
    struct writer *writers;
    pthread_mutex_t lock;
    /* under the lock: */
    struct commit_queue queue;
    struct call *calls, **calls_end;
    size_t call_count;
    bool closing;
    /* set before the first submit; then the first writer's: */
    struct periodic periodics[COMMITTER_MAX_PERIODIC];
    size_t periodic_count;
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
        c->call_count--;
    }
    c->calls = *end;
    *end = NULL;
    if (!c->calls)
        c->calls_end = &c->calls;
    return first;
}

static bool is_first(const struct writer *w)
{
    return w == w->of->writers;
}

static bool may_help(const struct committer *c)
{
    return c->queue.items > COMMITTER_HELP_ITEMS || c->closing;
}

static struct committer_request *take_requests(struct writer *w)
{
    struct committer *c = w->of;
    struct commit_marks busy = {0};

    if (!is_first(w) && !may_help(c))
        return NULL;
    for (size_t i = 0; i < c->options.writers; i++)
        commit_marks_add(&busy, &c->writers[i].mine);
    return commit_queue_take(&c->queue, &busy, &w->mine);
}

/* Something came, or a session is free again. */
static void wake(struct committer *c)
{
    (void)pthread_cond_signal(&c->writers[0].work);
    for (size_t i = 1; i < c->options.writers && may_help(c); i++)
        (void)pthread_cond_signal(&c->writers[i].work);
}

/* --- doing it: on a writer's thread, without the lock --- */

static void run_calls(struct writer *w, struct call *list)
{
    while (list) {
        struct call *call = list;
        enum err e = commit_run_call(&w->run, call->fn, call->arg);

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

static void run_requests(struct writer *w, struct committer_request *list)
{
    struct committer_request *next;
    size_t n = 0;

    for (struct committer_request *r = list; r; r = r->next) {
        if (r->gone && r->gone(r)) {
            drop(r);
            continue;
        }
        for (size_t i = 0; i < r->count; i++)
            w->group[n++] = &r->items[i];
    }
    if (n)
        commit_run_group(&w->run, w->group, n);
    for (; list; list = next) {
        next = list->next; /* done() may free it */
        tell(w->of, list);
    }
}

static void run_periodic(struct committer *c, struct periodic *p)
{
    enum err e;

    if (p->wanted && !p->wanted(p->call.arg))
        return;
    e = commit_run_call(&c->writers[0].run, p->call.fn, p->call.arg);
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

/* Wait for work; the first writer, or for the next periodic write. */
static void wait_for_work(struct writer *w)
{
    struct committer *c = w->of;
    int64_t due = INT64_MAX;
    struct timespec t;

    for (size_t i = 0; is_first(w) && i < c->periodic_count; i++)
        if (c->periodics[i].due_ns < due)
            due = c->periodics[i].due_ns;
    if (due == INT64_MAX) {
        (void)pthread_cond_wait(&w->work, &c->lock);
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
    (void)pthread_cond_timedwait(&w->work, &c->lock, &t);
}

/* The lock is held before and after. */
static void work(struct writer *w, struct call *calls,
                 struct committer_request *requests)
{
    struct committer *c = w->of;
    size_t periodics = is_first(w) ? c->periodic_count : 0;

    (void)pthread_mutex_unlock(&c->lock);
    run_calls(w, calls);
    run_requests(w, requests);
    run_periodics(c, periodics, false);
    (void)pthread_mutex_lock(&c->lock);
    w->mine = (struct commit_marks){0};
    if (c->queue.first || c->closing)
        wake(c);
}

static void *run(void *arg)
{
    struct writer *w = arg;
    struct committer *c = w->of;

    (void)pthread_mutex_lock(&c->lock);
    for (;;) {
        struct call *calls = is_first(w) ? take_calls(c) : NULL;
        struct committer_request *requests = take_requests(w);

        if (!calls && !requests) {
            if (c->closing && !c->calls && !c->queue.first)
                break;
            wait_for_work(w);
        }
        work(w, calls, requests);
    }
    (void)pthread_mutex_unlock(&c->lock);
    if (is_first(w))
        run_periodics(c, c->periodic_count, true);
    return NULL;
}

/* --- from other threads --- */

static size_t waiting(const struct committer *c)
{
    return c->queue.items + c->call_count;
}

enum err committer_submit(struct committer *c, struct committer_request *r)
{
    enum err e = WS_OK;

    r->bytes = 0;
    if (r->count == 0 || r->count > COMMITTER_MAX_ITEMS)
        return WS_INVALID;
    for (size_t i = 0; i < r->count; i++)
        r->bytes += r->items[i].fact.payload_len;
    (void)pthread_mutex_lock(&c->lock);
    if (c->closing)
        e = WS_DENIED;
    else if (waiting(c) + r->count > c->options.queue_items ||
             (c->queue.bytes + r->bytes > c->options.queue_bytes &&
              c->queue.bytes))
        e = WS_FULL;
    if (!e) {
        commit_queue_put(&c->queue, r);
        wake(c);
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
    else if (waiting(c) >= c->options.queue_items)
        e = WS_FULL;
    if (!e) {
        *c->calls_end = call;
        c->calls_end = &call->next;
        c->call_count++;
        call = NULL;
        (void)pthread_cond_signal(&c->writers[0].work);
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
    (void)pthread_cond_signal(&c->writers[0].work);
    (void)pthread_mutex_unlock(&c->lock);
    return e;
}

size_t committer_depth(struct committer *c)
{
    size_t n;

    (void)pthread_mutex_lock(&c->lock);
    n = waiting(c);
    (void)pthread_mutex_unlock(&c->lock);
    return n;
}

static void writer_init(struct writer *w, struct committer *c, size_t number)
{
    pthread_condattr_t attr;

    w->of = c;
    w->run = (struct commit_run){.store = c->options.stores[number],
                                 .env = c->options.env,
                                 .counters = c->options.counters,
                                 .shards = c->options.shards};
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->work, &attr);
    (void)pthread_condattr_destroy(&attr);
}

/* Close with the first `started` threads running. */
static void close_started(struct committer *c, size_t started)
{
    (void)pthread_mutex_lock(&c->lock);
    c->closing = true;
    wake(c);
    (void)pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(c->writers[i].thread, NULL);
    for (size_t i = 0; i < c->options.writers; i++)
        (void)pthread_cond_destroy(&c->writers[i].work);
    (void)pthread_mutex_destroy(&c->lock);
    free(c->writers);
    free(c);
}

enum err committer_open(struct committer **out,
                        const struct committer_options *options)
{
    struct committer *c;

    if (options->writers == 0 || options->writers > COMMITTER_MAX_WRITERS)
        return WS_INVALID;
    c = calloc(1, sizeof *c);
    if (c)
        c->writers = calloc(options->writers, sizeof *c->writers);
    if (!c || !c->writers) {
        free(c);
        return WS_NOMEM;
    }
    c->options = *options;
    c->calls_end = &c->calls;
    commit_queue_init(&c->queue);
    (void)pthread_mutex_init(&c->lock, NULL);
    for (size_t i = 0; i < options->writers; i++)
        writer_init(&c->writers[i], c, i);
    for (size_t i = 0; i < options->writers; i++) {
        struct writer *w = &c->writers[i];

        if (pthread_create(&w->thread, NULL, run, w) == 0)
            continue;
        close_started(c, i);
        return err_sys("committer: make a thread");
    }
    *out = c;
    return WS_OK;
}

void committer_close(struct committer *c)
{
    if (c)
        close_started(c, c->options.writers);
}
