#include "bench/pages_put.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pages_put {
    struct store *store; /* the caller's, or its own */
    bool own;
    struct pages_chunk chunks[2];
    int filling;                 /* which of them */
    struct pages_chunk *waiting; /* for the thread, which sets it to NULL */
    bool ending, begun;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

void pages_put_must(enum err e, const char *what)
{
    if (!e)
        return;
    fprintf(stderr, "pages_fill: %s: %s\n", what, err_name(e));
    exit(1);
}

static int by_session_key(const void *a, const void *b)
{
    const struct fact *x = *(const struct fact *const *)a;
    const struct fact *y = *(const struct fact *const *)b;

    if (x->session_id != y->session_id)
        return x->session_id < y->session_id ? -1 : 1;
    return strcmp(x->key, y->key);
}

static void put(struct pages_put *p, const struct pages_chunk *c)
{
    const struct fact *sorted[PAGES_CHUNK];
    enum err results[PAGES_CHUNK];

    if (p->own && !p->begun)
        pages_put_must(store_begin(p->store), "begin");
    p->begun = true;
    for (size_t i = 0; i < c->count; i++)
        sorted[i] = &c->facts[i];
    qsort(sorted, c->count, sizeof *sorted, by_session_key);
    pages_put_must(store_facts_put(p->store, sorted, c->count, results),
                   "facts");
    for (size_t i = 0; i < c->count; i++)
        if (results[i] != WS_EXISTS)
            pages_put_must(results[i], "a fact");
}

static void *run(void *arg)
{
    struct pages_put *p = arg;

    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->waiting && !p->ending)
            pthread_cond_wait(&p->changed, &p->lock);
        if (!p->waiting)
            break;
        pthread_mutex_unlock(&p->lock);
        put(p, p->waiting);
        pthread_mutex_lock(&p->lock);
        p->waiting = NULL;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pages_put *pages_put_open(struct store *store, const char *address)
{
    struct pages_put *p = calloc(1, sizeof *p);

    pages_put_must(p ? WS_OK : WS_NOMEM, "memory");
    p->store = store;
    p->own = strncmp(address, "sqlite:", 7) != 0;
    if (!p->own)
        return p;
    pages_put_must(store_open(&p->store, address, 0), "open");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    pages_put_must(pthread_create(&p->thread, NULL, run, p) ? WS_NOMEM : WS_OK,
                   "thread");
    return p;
}

static void wait_for_thread(struct pages_put *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->waiting)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void pages_put_close(struct pages_put *p)
{
    if (p->own) {
        pthread_mutex_lock(&p->lock);
        p->ending = true;
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
        pthread_join(p->thread, NULL);
        pthread_cond_destroy(&p->changed);
        pthread_mutex_destroy(&p->lock);
        store_close(p->store);
    }
    free(p);
}

struct pages_chunk *pages_put_next(struct pages_put *p)
{
    struct pages_chunk *c = &p->chunks[p->filling ^= 1];

    c->count = 0;
    return c;
}

void pages_put_chunk(struct pages_put *p, struct pages_chunk *chunk)
{
    if (!p->own) {
        put(p, chunk);
        return;
    }
    wait_for_thread(p);
    pthread_mutex_lock(&p->lock);
    p->waiting = chunk;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void pages_put_end(struct pages_put *p)
{
    if (p->own) {
        wait_for_thread(p);
        if (p->begun)
            pages_put_must(store_commit(p->store), "commit");
    }
    p->begun = false;
}
