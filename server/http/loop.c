/* loop.c - errands wait in a list; one write to an eventfd wakes the loop.
 *
 * The eventfd is written only when the list was empty before: whoever finds it
 * filled knows that somebody else's wake-up is on its way. The loop takes the
 * whole list at once, so an errand that posts another one lets the sockets
 * have their turn first.
 */
#include "server/http/loop.h"

#include "core/log.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop {
    struct event_base *base;
    struct event *wake;
    int wake_fd;
    pthread_mutex_t lock;
    struct loop_task *first, **last; /* posted, in order */
    pthread_t thread;
    atomic_bool running; /* `thread` counts */
    atomic_bool stop;
};

struct errand { /* of loop_post(): frees itself */
    struct loop_task task;
    void (*fn)(void *arg);
    void *arg;
};

struct loop_timer {
    struct event *event;
    void (*fn)(void *arg);
    void *arg;
};

struct loop_watch {
    struct event *event;
    void (*fn)(void *arg);
    void *arg;
};

static void wake_up(struct loop *l)
{
    uint64_t one = 1;
    ssize_t n;

    do
        n = write(l->wake_fd, &one, sizeof(one));
    while (n < 0 && errno == EINTR);
    /* EAGAIN means that the counter is full, so the loop wakes anyway. */
}

static struct loop_task *take_tasks(struct loop *l)
{
    struct loop_task *first;

    pthread_mutex_lock(&l->lock);
    first = l->first;
    l->first = NULL;
    l->last = &l->first;
    pthread_mutex_unlock(&l->lock);
    return first;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct loop *l = arg;
    struct loop_task *task;
    uint64_t count;

    (void)what;
    /* Read first: a task posted from here on writes again. */
    if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
        err_sys("loop: read its eventfd");
    for (task = take_tasks(l); task;) {
        struct loop_task *next = task->next;

        task->next = NULL;
        task->run(task->arg);
        task = next;
    }
    if (atomic_load(&l->stop))
        event_base_loopbreak(l->base);
}

static enum err loop_setup(struct loop *l)
{
    struct event_config *config = event_config_new();

    if (!config)
        return WS_NOMEM;
    /* All events are handled on one thread; other threads only write the
     * eventfd, so libevent's own locks are not needed. */
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    l->base = event_base_new_with_config(config);
    event_config_free(config);
    if (!l->base)
        return WS_NOMEM;
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->wake_fd < 0)
        return err_sys("loop: make an eventfd");
    l->wake = event_new(l->base, l->wake_fd, EV_READ | EV_PERSIST, on_wake, l);
    if (!l->wake || event_add(l->wake, NULL) < 0)
        return WS_NOMEM;
    return WS_OK;
}

enum err loop_open(struct loop **out)
{
    OWN(loop_close)
    struct loop *l = calloc(1, sizeof(*l));
    enum err e;

    if (!l)
        return WS_NOMEM;
    l->wake_fd = -1;
    l->last = &l->first;
    pthread_mutex_init(&l->lock, NULL);
    e = loop_setup(l);
    if (e)
        return e;
    *out = TAKE(l);
    return WS_OK;
}

static void run_errand(void *arg)
{
    struct errand *errand = arg;
    void (*fn)(void *arg) = errand->fn;

    arg = errand->arg;
    free(errand);
    fn(arg);
}

void loop_close(struct loop *l)
{
    struct loop_task *task;

    if (!l)
        return;
    for (task = take_tasks(l); task;) {
        struct loop_task *next = task->next;

        if (task->run == run_errand)
            free(task->arg);
        task = next;
    }
    if (l->wake)
        event_free(l->wake);
    if (l->wake_fd >= 0)
        close(l->wake_fd);
    if (l->base)
        event_base_free(l->base);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

enum err loop_run(struct loop *l)
{
    l->thread = pthread_self();
    atomic_store(&l->running, true);
    while (!atomic_load(&l->stop))
        if (event_base_dispatch(l->base) < 0)
            return err_sys("loop: wait for events");
    atomic_store(&l->stop, false);
    return WS_OK;
}

enum err loop_step(struct loop *l, bool wait)
{
    l->thread = pthread_self();
    atomic_store(&l->running, true);
    if (event_base_loop(l->base, wait ? EVLOOP_ONCE : EVLOOP_NONBLOCK) < 0)
        return err_sys("loop: wait for events");
    return WS_OK;
}

void loop_stop(struct loop *l)
{
    atomic_store(&l->stop, true);
    wake_up(l);
}

void loop_post_task(struct loop *l, struct loop_task *task)
{
    bool was_empty;

    task->next = NULL;
    pthread_mutex_lock(&l->lock);
    was_empty = !l->first;
    *l->last = task;
    l->last = &task->next;
    pthread_mutex_unlock(&l->lock);
    if (was_empty)
        wake_up(l);
}

enum err loop_post(struct loop *l, void (*fn)(void *arg), void *arg)
{
    struct errand *errand = malloc(sizeof(*errand));

    if (!errand)
        return WS_NOMEM;
    *errand = (struct errand){
        .task = {.run = run_errand, .arg = errand}, .fn = fn, .arg = arg};
    loop_post_task(l, &errand->task);
    return WS_OK;
}

bool loop_is_mine(const struct loop *l)
{
    return atomic_load(&l->running) && pthread_equal(l->thread, pthread_self());
}

struct event_base *loop_base(struct loop *l)
{
    return l->base;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct loop_timer *t = arg;

    (void)fd;
    (void)what;
    t->fn(t->arg);
}

enum err loop_timer_open(struct loop_timer **out, struct loop *l,
                         int64_t period_ms, void (*fn)(void *arg), void *arg)
{
    OWN(loop_timer_close)
    struct loop_timer *t = calloc(1, sizeof(*t));
    struct timeval period = {.tv_sec = period_ms / 1000,
                             .tv_usec = period_ms % 1000 * 1000};

    if (!t)
        return WS_NOMEM;
    t->fn = fn;
    t->arg = arg;
    t->event = event_new(l->base, -1, EV_PERSIST, on_timer, t);
    if (!t->event || event_add(t->event, &period) < 0)
        return WS_NOMEM;
    *out = TAKE(t);
    return WS_OK;
}

void loop_timer_close(struct loop_timer *t)
{
    if (!t)
        return;
    if (t->event)
        event_free(t->event);
    free(t);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct loop_watch *w = arg;

    (void)fd;
    (void)what;
    w->fn(w->arg);
}

enum err loop_watch_open(struct loop_watch **out, struct loop *l, int fd,
                         void (*fn)(void *arg), void *arg)
{
    OWN(loop_watch_close)
    struct loop_watch *w = calloc(1, sizeof(*w));

    if (!w)
        return WS_NOMEM;
    w->fn = fn;
    w->arg = arg;
    w->event = event_new(l->base, fd, EV_READ | EV_PERSIST, on_readable, w);
    if (!w->event || event_add(w->event, NULL) < 0)
        return WS_NOMEM;
    *out = TAKE(w);
    return WS_OK;
}

void loop_watch_close(struct loop_watch *w)
{
    if (!w)
        return;
    if (w->event)
        event_free(w->event);
    free(w);
}
