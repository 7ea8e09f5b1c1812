/* readers.c - threads that may wait: two rings of jobs and a condition. */
#include "server/http/readers.h"

#include "core/log.h"

#include <pthread.h>
#include <stdbool.h>

struct job {
    void (*fn)(void *arg);
    void *arg;
};

enum { FIRST, USUAL, QUEUES };

struct queue {
    struct job *ring; /* options.queue_max jobs */
    size_t first, count;
};

struct readers {
    struct readers_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake;    /* a job came, or it is time to stop */
    pthread_cond_t started; /* a thread's context is open, or is not */
    struct queue queues[QUEUES];
    size_t ready;        /* threads whose opener is done */
    enum err open_error; /* the first opener's that failed */
    bool stop;
    size_t joinable; /* threads made */
    pthread_t threads[];
};

static _Thread_local void *own_context;

void *readers_context(void)
{
    return own_context;
}

static struct queue *waiting(struct readers *r)
{
    int i;

    for (i = 0; i < QUEUES; i++)
        if (r->queues[i].count)
            return &r->queues[i];
    return NULL;
}

/* Wait for a job; false: stop, and none is left. */
static bool next_job(struct readers *r, struct job *out)
{
    struct queue *q;

    pthread_mutex_lock(&r->lock);
    while (!(q = waiting(r)) && !r->stop)
        pthread_cond_wait(&r->wake, &r->lock);
    if (q) {
        *out = q->ring[q->first];
        q->first = (q->first + 1) % r->options.queue_max;
        q->count--;
    }
    pthread_mutex_unlock(&r->lock);
    return q != NULL;
}

static void *reader_main(void *arg)
{
    struct readers *r = arg;
    void *context = NULL;
    enum err e = WS_OK;
    struct job job;

    if (r->options.open)
        e = r->options.open(&context, r->options.arg);
    own_context = context;
    pthread_mutex_lock(&r->lock);
    r->ready++;
    if (e && !r->open_error)
        r->open_error = e;
    pthread_cond_signal(&r->started);
    pthread_mutex_unlock(&r->lock);
    if (e)
        return NULL;
    while (next_job(r, &job))
        job.fn(job.arg);
    own_context = NULL;
    if (r->options.close)
        r->options.close(context);
    return NULL;
}

static enum err start_threads(struct readers *r)
{
    enum err e = WS_OK;
    size_t i;

    for (i = 0; i < r->options.threads; i++) {
        if (pthread_create(&r->threads[i], NULL, reader_main, r) != 0) {
            log_error("reader_start",
                      "readers: the system gave only %zu of "
                      "%zu threads",
                      i, r->options.threads);
            return WS_NOMEM;
        }
        r->joinable++;
    }
    pthread_mutex_lock(&r->lock);
    while (r->ready < r->joinable)
        pthread_cond_wait(&r->started, &r->lock);
    e = r->open_error;
    pthread_mutex_unlock(&r->lock);
    return e;
}

enum err readers_open(struct readers **out,
                      const struct readers_options *options)
{
    OWN(readers_close)
    struct readers *r =
        calloc(1, sizeof(*r) + options->threads * sizeof(r->threads[0]));
    enum err e;
    int i;

    if (!r)
        return WS_NOMEM;
    r->options = *options;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->wake, NULL);
    pthread_cond_init(&r->started, NULL);
    for (i = 0; i < QUEUES; i++) {
        r->queues[i].ring = calloc(options->queue_max, sizeof(struct job));
        if (!r->queues[i].ring)
            return WS_NOMEM;
    }
    e = start_threads(r);
    if (e)
        return e;
    *out = TAKE(r);
    return WS_OK;
}

void readers_close(struct readers *r)
{
    size_t i;

    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_broadcast(&r->wake);
    pthread_mutex_unlock(&r->lock);
    for (i = 0; i < r->joinable; i++)
        pthread_join(r->threads[i], NULL);
    pthread_cond_destroy(&r->started);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    for (i = 0; i < QUEUES; i++)
        free(r->queues[i].ring);
    free(r);
}

static enum err put(struct readers *r, struct queue *q, const struct job *job)
{
    enum err e = WS_OK;

    pthread_mutex_lock(&r->lock);
    if (q->count == r->options.queue_max || r->stop) {
        e = WS_FULL;
    } else {
        q->ring[(q->first + q->count++) % r->options.queue_max] = *job;
        pthread_cond_signal(&r->wake);
    }
    pthread_mutex_unlock(&r->lock);
    return e;
}

enum err readers_run(struct readers *r, void (*fn)(void *arg), void *arg)
{
    return put(r, &r->queues[USUAL], &(struct job){fn, arg});
}

enum err readers_run_first(struct readers *r, void (*fn)(void *arg), void *arg)
{
    return put(r, &r->queues[FIRST], &(struct job){fn, arg});
}
