#include "server/retention/retention.h"

#include "core/clock.h"
#include "core/log.h"
#include "server/commit/committer.h"
#include "server/counters.h"
#include "server/retention/days.h"
#include "server/retention/fleet.h"
#include "server/retention/sweep.h"
#include "server/server.h"
#include "server/store/store.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RETENTION_FIRST_S 5 /* after the start; also between two questions */
#define RETENTION_PERIOD_S 3600
#define RETENTION_TRIES 5 /* of one page */

struct retention {
    struct server *server;
    const char *address; /* of the store */
    bool own_writer;
    struct store *reader; /* NULL until it is this worker's turn */
    struct store *writer; /* its own; NULL: there is one, the committer's */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool stop;
};

/* True: the time is over; false: stop. */
static bool wait_ns(struct retention *r, int64_t ns)
{
    struct timespec end;
    bool stop;

    clock_gettime(CLOCK_MONOTONIC, &end);
    ns += end.tv_nsec;
    end.tv_sec += ns / CLOCK_NS_PER_S;
    end.tv_nsec = ns % CLOCK_NS_PER_S;
    pthread_mutex_lock(&r->lock);
    while (!r->stop &&
           pthread_cond_timedwait(&r->woken, &r->lock, &end) != ETIMEDOUT)
        continue;
    stop = r->stop;
    pthread_mutex_unlock(&r->lock);
    return !stop;
}

static enum err write_once(struct store *s,
                           enum err (*fn)(struct store *s, void *arg),
                           void *arg)
{
    enum err e = store_begin(s);

    if (e)
        return e;
    e = fn(s, arg);
    if (!e)
        e = store_commit(s);
    if (e)
        store_rollback(s);
    return e;
}

/* On a connection of its own nobody waits for a page to be written; a deadlock
 * with those who deliver is this one's to do again. Two thirds of the time are
 * theirs: 16,800 rows a second without a pause doubled what they waited. */
static enum err
write_page(void *ctx, enum err (*fn)(struct store *s, void *arg), void *arg)
{
    struct retention *r = ctx;
    int64_t begun_ns = env_mono_ns(r->server->env);
    enum err e = WS_AGAIN;

    if (!r->writer)
        return committer_call_wait(r->server->committer, fn, arg);
    for (int try = 0; e == WS_AGAIN && try < RETENTION_TRIES; try++)
        e = write_once(r->writer, fn, arg);
    (void)wait_ns(r, 2 * (env_mono_ns(r->server->env) - begun_ns));
    return e;
}

static bool go_on(void *ctx)
{
    struct retention *r = ctx;
    bool stop;

    pthread_mutex_lock(&r->lock);
    stop = r->stop;
    pthread_mutex_unlock(&r->lock);
    return !stop;
}

static void count(struct counters *c, const struct sweep *w)
{
    COUNTERS_ADD(c, expired_pictures, w->counts[SWEEP_PICTURES].rows);
    COUNTERS_ADD(c, expired_recordings, w->counts[SWEEP_RECORDINGS].rows);
    COUNTERS_ADD(c, expired_metrics, w->counts[SWEEP_METRICS].rows);
    COUNTERS_ADD(c, expired_rollups, w->counts[SWEEP_ROLLUPS].rows);
    COUNTERS_ADD(c, expired_audit, w->counts[SWEEP_AUDIT].rows);
    COUNTERS_ADD(c, expired_picture_bytes, w->counts[SWEEP_PICTURES].bytes);
}

static struct sweep begin(struct retention *r)
{
    return (struct sweep){.settings = r->server->settings,
                          .reader = r->reader,
                          .blob = r->server->blob,
                          .now_ns = env_wall_ns(r->server->env),
                          .write = write_page,
                          .go_on = go_on,
                          .ctx = r};
}

static void tell(struct retention *r, const char *what, enum err e)
{
    if (e && go_on(r))
        log_warn("retention", "%s ended early, again in an hour: %s", what,
                 err_name(e));
}

static void count_fleet(struct retention *r)
{
    struct sweep w = begin(r);

    tell(r, "the figures of the fleet", fleet_run(&w));
}

static void sum_days(struct retention *r)
{
    struct sweep w = begin(r);

    tell(r, "the days of long sessions", days_run(&w));
}

static void remove_old(struct retention *r)
{
    struct sweep w = begin(r);
    enum err e = sweep_run(&w);
    int64_t rows = 0;

    count(r->server->counters, &w);
    for (int i = 0; i < SWEEP_CLASSES; i++)
        rows += w.counts[i].rows;
    if (rows)
        log_info("retention", "%lld rows were older than they are kept",
                 (long long)rows);
    tell(r, "the removal", e);
}

/* Of a machine's workers the first that asks, until it is gone: whichever seat
 * it has, for a worker that is replaced leaves its seat to nobody for a while.
 */
static bool is_keeper(struct retention *r)
{
    uint_least32_t is = 0, me = (uint_least32_t)r->server->seat + 1;

    return atomic_compare_exchange_strong(r->server->keeper, &is, me) ||
           is == me;
}

static enum err open_stores(struct retention *r)
{
    enum err e = store_open(&r->reader, r->address, STORE_READ);

    if (!e && r->own_writer)
        e = store_open(&r->writer, r->address, 0);
    if (e)
        store_close(TAKE(r->reader));
    return e;
}

/* Wait for this worker's turn; false: stop. */
static bool await_turn(struct retention *r)
{
    while (!is_keeper(r) || open_stores(r))
        if (!wait_ns(r, RETENTION_FIRST_S * CLOCK_NS_PER_S))
            return false;
    return true;
}

static void *run(void *arg)
{
    struct retention *r = arg;
    int64_t seconds = RETENTION_FIRST_S;

    if (!await_turn(r))
        return NULL;
    count_fleet(r);
    while (wait_ns(r, seconds * CLOCK_NS_PER_S)) {
        if (seconds == RETENTION_PERIOD_S)
            count_fleet(r);
        remove_old(r);
        sum_days(r);
        seconds = RETENTION_PERIOD_S;
    }
    return NULL;
}

enum err retention_open(struct retention **out, struct server *server,
                        const char *store_address, bool own_writer)
{
    struct retention *r = calloc(1, sizeof *r);
    pthread_condattr_t attributes;

    if (!r)
        return WS_NOMEM;
    r->server = server;
    r->address = store_address;
    r->own_writer = own_writer;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&r->woken, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&r->thread, NULL, run, r)) {
        free(r);
        return WS_NOMEM;
    }
    *out = r;
    return WS_OK;
}

void retention_close(struct retention *r)
{
    if (!r)
        return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_signal(&r->woken);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->woken);
    pthread_mutex_destroy(&r->lock);
    store_close(r->reader);
    store_close(r->writer);
    free(r);
}
