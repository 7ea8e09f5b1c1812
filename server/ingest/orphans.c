#include "server/ingest/orphans.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "server/blob/blob.h"
#include "server/http/loop.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/store/store_sessions.h"
#include "server/store/store_views.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* --- one session --- */

struct candidate {
    char name[BLOB_NAME_BYTES];
    bool has_row;
};

struct sweep {
    int64_t after_ns, before_ns;
    struct buf found; /* of struct candidate, sorted after the walk */
};

static struct candidate *list_of(const struct sweep *s, size_t *count)
{
    *count = s->found.len / sizeof(struct candidate);
    return (struct candidate *)(void *)s->found.data;
}

static int meet_blob(void *ctx, const char *name, int64_t put_ns)
{
    struct sweep *s = ctx;
    struct candidate c = {.has_row = false};

    if (put_ns < s->after_ns || put_ns >= s->before_ns ||
        strlen(name) >= sizeof c.name)
        return 1;
    memcpy(c.name, name, strlen(name) + 1);
    buf_append(&s->found, &c, sizeof c);
    return 1;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct candidate *)a)->name,
                  ((const struct candidate *)b)->name);
}

static void mark(struct sweep *s, const char *name)
{
    struct candidate key = {.has_row = false}, *hit;
    size_t count;
    struct candidate *list = list_of(s, &count);

    if (!name || strlen(name) >= sizeof key.name)
        return;
    memcpy(key.name, name, strlen(name) + 1);
    hit = bsearch(&key, list, count, sizeof *list, by_name);
    if (hit)
        hit->has_row = true;
}

static int meet_row(void *ctx, const struct store_screenshot_view *row)
{
    mark(ctx, row->blob);
    mark(ctx, row->thumbnail);
    return 1;
}

static enum err drop_unmarked(const struct sweep *s, struct blob *b,
                              size_t *removed)
{
    size_t count;
    const struct candidate *list = list_of(s, &count);

    for (size_t i = 0; i < count; i++) {
        enum err e;

        if (list[i].has_row)
            continue;
        e = blob_drop_old(b, list[i].name, s->before_ns);
        if (e == WS_AGAIN || e == WS_INVALID) /* put again; not ours */
            continue;
        if (e)
            return e;
        ++*removed;
    }
    return WS_OK;
}

enum err orphans_sweep(struct store *reader, struct blob *b, int64_t session_id,
                       int64_t after_ns, int64_t before_ns, size_t *removed)
{
    const struct store_range all = {.session_id = session_id,
                                    .from_ns = INT64_MIN,
                                    .to_ns = INT64_MAX,
                                    .before_ns = INT64_MAX,
                                    .before_id = INT64_MAX};
    struct sweep s = {.after_ns = after_ns, .before_ns = before_ns};
    OWN_BUF struct buf found = BUF_EMPTY;
    struct store_session_key session;
    struct candidate *list;
    size_t count;
    enum err e = store_sessions_by_id(reader, session_id, &session);

    if (e == WS_NOTFOUND)
        return WS_OK;
    if (!e)
        e = blob_walk(b, session_id, meet_blob, &s);
    found = s.found; /* so that it ends with this function */
    if (!e)
        e = buf_check(&found);
    if (e)
        return e;
    list = list_of(&s, &count);
    if (count == 0)
        return WS_OK;
    qsort(list, count, sizeof *list, by_name);
    e = store_views_screenshots(reader, &all, meet_row, &s);
    return e ? e : drop_unmarked(&s, b, removed);
}

/* --- the rounds --- */

struct orphans {
    struct server *server;
    struct loop_timer *timer;
    atomic_bool busy; /* a round goes on: the rest is the reader's */
    int64_t due_ns;   /* monotonic; the loop's */
    int64_t after_ns; /* younger than this was looked at already */
    int64_t before_ns;
    struct buf sessions; /* int64_t each, of this round */
    size_t at, removed;
};

static void end_round(struct orphans *o, enum err e)
{
    if (e)
        log_warn("orphans",
                 "pictures without a row are looked for again in "
                 "an hour: %s",
                 err_name(e));
    else
        o->after_ns = o->before_ns;
    if (o->removed)
        log_info("orphans", "%zu pictures that no row names were removed",
                 o->removed);
    buf_clear(&o->sessions);
    atomic_store(&o->busy, false);
}

/* One session, then the next one behind what else waits for a reader. */
static void sweep_next(void *arg)
{
    struct orphans *o = arg;
    size_t count = o->sessions.len / sizeof(int64_t);
    int64_t id;
    enum err e = WS_OK;

    if (o->at < count) {
        memcpy(&id, o->sessions.data + o->at++ * sizeof id, sizeof id);
        e = orphans_sweep(readers_context(), o->server->blob, id, o->after_ns,
                          o->before_ns, &o->removed);
    }
    if (!e && o->at < count) {
        e = readers_run(o->server->readers, sweep_next, o);
        if (!e)
            return;
    }
    end_round(o, e);
}

static int meet_session(void *ctx, int64_t session_id)
{
    struct orphans *o = ctx;

    buf_append(&o->sessions, &session_id, sizeof session_id);
    return 1;
}

static void begin_round(void *arg)
{
    struct orphans *o = arg;
    enum err e;

    o->at = o->removed = 0;
    o->before_ns =
        env_wall_ns(o->server->env) - ORPHANS_AGE_MS * CLOCK_NS_PER_MS;
    e = blob_walk_sessions(o->server->blob, meet_session, o);
    if (!e)
        e = buf_check(&o->sessions);
    if (e)
        end_round(o, e);
    else
        sweep_next(o);
}

static void on_timer(void *arg)
{
    struct orphans *o = arg;
    int64_t now_ns = env_mono_ns(o->server->env);

    if (now_ns < o->due_ns || atomic_exchange(&o->busy, true))
        return;
    o->due_ns = now_ns + ORPHANS_PERIOD_MS * CLOCK_NS_PER_MS;
    if (readers_run(o->server->readers, begin_round, o)) {
        o->due_ns = now_ns; /* the readers have too much to do: soon again */
        atomic_store(&o->busy, false);
    }
}

enum err orphans_open(struct orphans **out, struct server *server)
{
    OWN(orphans_close)
    struct orphans *o = calloc(1, sizeof *o);
    enum err e;

    if (!o)
        return WS_NOMEM;
    o->server = server;
    atomic_init(&o->busy, false);
    e = loop_timer_open(&o->timer, server->loop, ORPHANS_FIRST_MS, on_timer, o);
    if (e)
        return e;
    *out = TAKE(o);
    return WS_OK;
}

void orphans_close(struct orphans *o)
{
    if (!o)
        return;
    loop_timer_close(o->timer);
    buf_fini(&o->sessions);
    free(o);
}
