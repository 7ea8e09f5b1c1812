/* Sessions: the list, one of them, its health and its ledger. */
#include "server/http/readers.h"
#include "server/server.h"
#include "server/store/store_ledger.h"
#include "server/views/page.h"
#include "server/views/session_filter.h"
#include "server/views/views.h"

/* Rows that one request may look at: a filter that few rows pass gives a
 * short page with a next_cursor instead of a long wait. */
#define MAX_LOOKED_AT 2000

struct list {
    struct page page;
    struct jsonw w;
    struct store *reader;
    const struct settings *settings;
    int64_t now_ns, looked_at;
    struct session_filter filter;
    enum err failed;
};

static int list_one(void *ctx, const struct store_session_view *row)
{
    struct list *l = ctx;
    struct session_view v;

    if (!page_takes(&l->page))
        return 0;
    if (l->looked_at++ == MAX_LOOKED_AT) {
        l->page.more = true;
        return 0;
    }
    l->failed = session_view_read(l->settings, l->now_ns, row, &v);
    if (l->failed)
        return 0;
    if (session_filter_passes(&l->filter, &v)) {
        session_view_write(&v, &l->w, NULL);
        page_wrote(&l->page, row->id, 0);
    } else {
        l->page.last[0] = row->id;
    }
    session_view_fini(&v);
    return 1;
}

void views_sessions(struct exchange *x)
{
    static const char *const known[] = {"q",     "status", "attention",
                                        "limit", "cursor", NULL};
    struct server *server = exchange_server(x);
    struct store_scope scope = page_scope(x);
    struct list l = {.reader = readers_context(),
                     .settings = server->settings,
                     .now_ns = env_wall_ns(server->env)};
    struct buf b = BUF_EMPTY;
    enum err e;

    page_begin(&l.page, x, known);
    session_filter_read(&l.filter, &l.page);
    page_read_list(&l.page, PAGE_SESSIONS);
    if (page_refused(&l.page))
        return;
    page_begin_items(&l.w, &b);
    e = store_views_sessions(l.reader, &scope,
                             l.page.goes_on ? l.page.cursor.keys[0] : INT64_MAX,
                             session_view_since(l.now_ns), list_one, &l);
    if (!e)
        e = l.failed;
    page_end_items(&l.page, e, &l.w, &b);
}

/* --- one session --- */

struct one {
    struct store *reader;
    const struct settings *settings;
    int64_t now_ns;
    bool health;
    struct buf b;
    enum err failed;
};

static int write_one(void *ctx, const struct store_session_view *row)
{
    struct one *o = ctx;
    struct session_view v;
    struct jsonw w;

    o->failed = session_view_read(o->settings, o->now_ns, row, &v);
    if (o->failed)
        return 0;
    jsonw_init(&w, &o->b);
    if (o->health)
        session_view_write_health(&v, o->now_ns, &w);
    else
        session_view_write(&v, &w, NULL);
    session_view_fini(&v);
    return 0;
}

static void answer_one(struct exchange *x, bool health)
{
    static const char *const known[] = {NULL};
    struct server *server = exchange_server(x);
    struct store_scope scope = page_scope(x);
    struct one o = {.reader = readers_context(),
                    .settings = server->settings,
                    .now_ns = env_wall_ns(server->env),
                    .health = health};
    struct page page;
    enum err e;

    page_begin(&page, x, known);
    if (page_refused(&page))
        return;
    e = store_views_session(o.reader, &scope, exchange_path_id(x),
                            session_view_since(o.now_ns), write_one, &o);
    if (!e)
        e = o.failed;
    if (e) {
        buf_fini(&o.b);
        page_fail(x, e);
        return;
    }
    page_reply(x, &o.b);
}

void views_session(struct exchange *x)
{
    answer_one(x, false);
}

void views_health(struct exchange *x)
{
    answer_one(x, true);
}
