/* crew.c - the workers of one server.
 *
 * Everything is decided at the supervisor's tick from the state of the hands:
 * while one comes or leaves nothing else begins, so at any moment at most one
 * worker is on its way in and one on its way out.
 */
#include "server/crew.h"

#include "core/log.h"
#include "core/supervise.h"
#include "server/shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CREW_LIVENESS_MS 15000
#define CREW_FIRST_TRIES 3 /* deaths before the first "ready" */

enum hand_is {
    HAND_FREE,
    HAND_COMING, /* started; not yet, or not any more, ready */
    HAND_SERVING,
    HAND_LEAVING, /* asked to end for good */
};

/* Shared by the hands that were started with it. */
struct args {
    size_t users;
    struct crew_start start;
};

struct hand {
    enum hand_is is;
    uint32_t generation;
    unsigned deaths;         /* since it was last ready */
    char name[24], seat[12]; /* "worker-3"; "0" */
    struct args *args;
    char **argv;
};

struct crew {
    struct crew_options options;
    struct supervise *supervise;
    struct hand hands[SHARED_SEATS];
    struct args *args, *former; /* of this generation; of the one before */
    size_t wanted, former_wanted;
    uint32_t generation, serial;
    bool was_ready, failed;
};

static void free_list(char **list)
{
    for (size_t i = 0; list && list[i]; i++) {
        explicit_bzero(list[i], strlen(list[i]));
        free(list[i]);
    }
    free(list);
}

void crew_start_fini(struct crew_start *s)
{
    free_list(s->argv);
    free_list(s->env);
    *s = (struct crew_start){.argv = NULL};
}

static void args_drop(struct args *a)
{
    if (!a || --a->users)
        return;
    crew_start_fini(&a->start);
    free(a);
}

static struct args *args_share(struct args *a)
{
    if (a)
        a->users++;
    return a;
}

/* --- one hand --- */

static void release(struct hand *h)
{
    args_drop(h->args);
    free(h->argv);
    *h = (struct hand){.is = HAND_FREE};
}

static enum err engage(struct crew *c, size_t seat)
{
    struct hand *h = &c->hands[seat];
    struct supervise_child child = {.name = h->name,
                                    .role = "worker",
                                    .liveness_ms = CREW_LIVENESS_MS,
                                    .fd_count = c->options.fd_count};
    size_t count = 0;
    enum err e;

    while (c->args->start.argv[count])
        count++;
    h->argv = calloc(count + 2, sizeof(*h->argv));
    if (!h->argv)
        return WS_NOMEM;
    memcpy(h->argv, c->args->start.argv, count * sizeof(*h->argv));
    snprintf(h->name, sizeof(h->name), "worker-%u", ++c->serial);
    snprintf(h->seat, sizeof(h->seat), "%zu", seat);
    h->argv[count] = h->seat;
    h->args = args_share(c->args);
    h->generation = c->generation;
    h->is = HAND_COMING;
    child.argv = h->argv;
    child.env = h->args->start.env;
    memcpy(child.fds, c->options.fds, child.fd_count * sizeof(child.fds[0]));
    e = supervise_add(c->supervise, &child);
    if (e)
        release(h);
    return e;
}

static void add_one(struct crew *c)
{
    size_t seat = 0;
    enum err e;

    while (seat < SHARED_SEATS && c->hands[seat].is != HAND_FREE)
        seat++;
    e = seat < SHARED_SEATS ? engage(c, seat) : WS_FULL;
    if (e)
        log_error("no_worker", "a worker can't be added (%s)", err_name(e));
}

static void retire(struct crew *c, struct hand *h)
{
    h->is = HAND_LEAVING;
    atomic_store(&c->options.shared->seats[h - c->hands].linger_ms,
                 c->options.linger_ms);
    log_info("leaving", "%s finishes its requests and ends", h->name);
    if (supervise_retire(c->supervise, h->name, c->options.leave_ms))
        release(h);
}

/* --- what the supervisor tells --- */

static void on_event(void *ctx, const char *name, enum supervise_event event,
                     pid_t pid)
{
    struct crew *c = ctx;
    struct hand *h = c->hands;

    while (h < c->hands + SHARED_SEATS && strcmp(h->name, name) != 0)
        h++;
    if (h == c->hands + SHARED_SEATS)
        return;
    switch (event) {
    case SUPERVISE_STARTED:
        log_info("started", "%s has pid %d", name, (int)pid);
        break;
    case SUPERVISE_READY:
        log_info("ready", "%s takes requests", name);
        h->is = HAND_SERVING;
        h->deaths = 0;
        if (!c->was_ready)
            c->options.on_serving(c->options.ctx);
        c->was_ready = true;
        break;
    case SUPERVISE_DIED:
        log_info("ended", "%s (pid %d) is gone", name, (int)pid);
        shared_vacate(c->options.shared, (size_t)(h - c->hands));
        h->deaths++;
        if (h->is == HAND_LEAVING)
            release(h);
        else
            h->is = HAND_COMING;
        break;
    }
}

static void on_hangup(void *ctx)
{
    struct crew *c = ctx;

    c->options.on_hangup(c->options.ctx);
}

/* --- what is to be done --- */

/* The new arguments don't work: go on with those of before. */
static void go_back(struct crew *c, struct hand *h)
{
    log_error("reload_failed",
              "%s did not get ready %d times: the settings of before stay in "
              "force; see the lines above, mend them, and send SIGHUP again",
              h->name, CREW_FIRST_TRIES);
    args_drop(c->args);
    c->args = c->former;
    c->former = NULL;
    c->wanted = c->former_wanted;
    for (size_t i = 0; i < SHARED_SEATS; i++)
        c->hands[i].generation =
            c->hands[i].args == c->args ? c->generation : c->generation - 1;
    retire(c, h);
}

/* The hand that stands in the way of anything else; NULL: none. */
static struct hand *in_motion(struct crew *c)
{
    for (size_t i = 0; i < SHARED_SEATS; i++)
        if (c->hands[i].is == HAND_LEAVING ||
            (c->hands[i].is == HAND_COMING &&
             c->hands[i].generation == c->generation))
            return &c->hands[i];
    return NULL;
}

static bool on_tick(void *ctx)
{
    struct crew *c = ctx;
    struct hand *moving = in_motion(c), *old = NULL;
    size_t fresh = 0, olds = 0, i;

    if (moving && moving->is == HAND_COMING &&
        moving->deaths >= CREW_FIRST_TRIES) {
        c->failed = !c->was_ready;
        if (!c->failed && c->former)
            go_back(c, moving);
    }
    if (moving || c->failed)
        return !c->failed;
    for (i = 0; i < SHARED_SEATS; i++) {
        struct hand *h = &c->hands[i];

        if (h->is == HAND_FREE)
            continue;
        fresh += h->generation == c->generation;
        olds += h->generation != c->generation;
        old = h->generation != c->generation ? h : old;
    }
    if (old && (fresh + olds > c->wanted || !c->options.overlap)) {
        retire(c, old);
    } else if (fresh < c->wanted) {
        add_one(c);
    } else if (c->former) { /* all are here, and none of before */
        log_info("replaced", "%zu workers run with the new settings", fresh);
        args_drop(c->former);
        c->former = NULL;
    }
    return true;
}

/* --- the handle --- */

enum err crew_open(struct crew **out, const struct crew_options *options)
{
    OWN(crew_close)
    struct crew *c = calloc(1, sizeof(*c));
    struct supervise_options supervise = {.on_event = on_event,
                                          .on_hangup = on_hangup,
                                          .on_tick = on_tick,
                                          .ctx = c,
                                          .stop_ms = CREW_STOP_MS};
    enum err e;

    if (!c)
        return WS_NOMEM;
    c->options = *options;
    e = supervise_open(&c->supervise, &supervise);
    if (e)
        return e;
    *out = TAKE(c);
    return WS_OK;
}

void crew_close(struct crew *c)
{
    if (!c)
        return;
    supervise_close(c->supervise);
    for (size_t i = 0; i < SHARED_SEATS; i++)
        release(&c->hands[i]);
    args_drop(c->args);
    args_drop(c->former);
    free(c);
}

enum err crew_set(struct crew *c, size_t workers,
                  const struct crew_start *start)
{
    struct args *a = calloc(1, sizeof(*a));

    if (!a)
        return WS_NOMEM;
    *a = (struct args){.users = 1, .start = *start};
    /* A second change during the first: the oldest that worked is kept. */
    if (c->former) {
        args_drop(c->args);
    } else {
        c->former = c->args;
        c->former_wanted = c->wanted;
    }
    c->args = a;
    c->wanted = workers < CREW_MAX_WORKERS ? workers : CREW_MAX_WORKERS;
    c->generation++;
    return WS_OK;
}

enum err crew_run(struct crew *c)
{
    enum err e = supervise_run(c->supervise);

    return c->failed && !e ? WS_DENIED : e;
}
