#include "server/import/import_private.h"

#include "core/clock.h"
#include "server/store/store_sessions.h"
#include "server/store/store_views.h"

#include <inttypes.h>
#include <string.h>

struct beats {
    struct store_heartbeat list[IMPORT_PAGE];
    int64_t theirs[IMPORT_PAGE]; /* Django's session */
    size_t count;
};

static int see(void *ctx, const struct store_session_view *v)
{
    int64_t *last_seen_ns = ctx;

    *last_seen_ns = v->last_seen_ns;
    return 0;
}

static enum err last_seen(struct import *im, int64_t ours, int64_t *ns)
{
    static const struct store_scope all = {.width = STORE_SCOPE_EVERYONE};

    return store_views_session(im->o->store, &all, ours,
                               INT64_MAX / STORE_QUARTER_NS, see, ns);
}

static uint64_t hash_beat(int64_t theirs, int64_t last_seen_ns)
{
    OWN_BUF struct buf b = BUF_EMPTY;

    buf_printf(&b, "%" PRId64 "|%" PRId64, theirs, last_seen_ns);
    return import_hash(&b);
}

static enum err write_beats(struct import *im, void *arg)
{
    const struct beats *p = arg;

    for (size_t i = 0; i < p->count; i++) { /* ids here may be out of order */
        enum err e =
            store_sessions_put_heartbeats(im->o->store, &p->list[i], 1);

        if (e)
            return e;
    }
    return WS_OK;
}

/* What is there already, or a newer one of an agent that goes on here. */
static enum err leave_there(struct import *im, struct beats *p)
{
    struct import_count *c = &im->counts[IMPORT_HEARTBEATS];
    size_t n = 0;

    for (size_t i = 0; i < p->count; i++) {
        int64_t now_ns;
        enum err e = last_seen(im, p->list[i].session_id, &now_ns);

        if (e)
            return e;
        if (now_ns >= p->list[i].last_seen_ns) {
            c->there++;
            c->target += hash_beat(p->theirs[i], p->list[i].last_seen_ns);
            continue;
        }
        p->list[n] = p->list[i];
        p->theirs[n++] = p->theirs[i];
    }
    p->count = n;
    return WS_OK;
}

static enum err count_written(struct import *im, const struct beats *p)
{
    struct import_count *c = &im->counts[IMPORT_HEARTBEATS];

    for (size_t i = 0; i < p->count; i++) {
        int64_t now_ns;
        enum err e = last_seen(im, p->list[i].session_id, &now_ns);

        if (e)
            return e;
        c->written++;
        c->target += hash_beat(p->theirs[i], now_ns);
    }
    return WS_OK;
}

static void read_beat(struct import *im, struct db_stmt *q, struct beats *p)
{
    struct import_count *c = &im->counts[IMPORT_HEARTBEATS];
    struct store_heartbeat beat = {.pending = -1};
    int64_t theirs = db_int(q, 0);
    const char *seen = db_text(q, 1);

    c->read++;
    if (!seen || clock_parse_iso(seen, strlen(seen), &beat.last_seen_ns)) {
        import_refuse(im, IMPORT_HEARTBEATS, theirs, "last_seen is no time");
        return;
    }
    c->source += hash_beat(theirs, beat.last_seen_ns);
    if (import_sessions_find(im, theirs, &beat.session_id)) {
        import_refuse(im, IMPORT_HEARTBEATS, theirs,
                      "its session was refused or is not there");
        return;
    }
    p->theirs[p->count] = theirs;
    p->list[p->count++] = beat;
}

static enum err read_page(struct import *im, int64_t *after, struct beats *p,
                          size_t *rows)
{
    struct db_stmt *q;
    enum err e = db_stmt(
        im->source,
        "SELECT session_id, " IMPORT_TIME(
            "last_seen") " FROM monitoring_agentheartbeat WHERE session_id > ?"
                         " ORDER BY session_id" IMPORT_PAGE_SQL,
        &q);

    *rows = p->count = 0;
    if (e)
        return e;
    db_bind_int(q, *after);
    while (!(e = db_step(q))) {
        ++*rows;
        *after = db_int(q, 0);
        read_beat(im, q, p);
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err write_page(struct import *im, struct beats *p)
{
    enum err e;

    if (!im->o->store) {
        im->counts[IMPORT_HEARTBEATS].written += (int64_t)p->count;
        return WS_OK;
    }
    e = leave_there(im, p);
    if (!e && p->count)
        e = import_write(im, write_beats, p);
    return e ? e : count_written(im, p);
}

enum err import_heartbeats(struct import *im)
{
    OWN_FREE struct beats *p = calloc(1, sizeof *p);
    int64_t after = 0, last;
    size_t rows = 0;
    enum err e =
        p ? import_source_last(im, IMPORT_HEARTBEATS, &last) : WS_NOMEM;

    while (!e) {
        e = read_page(im, &after, p, &rows);
        if (!e)
            e = write_page(im, p);
        if (rows)
            im->o->progress(im->o->ctx, import_table_names[IMPORT_HEARTBEATS],
                            after, last);
        if (rows < IMPORT_PAGE)
            break;
    }
    return e;
}
