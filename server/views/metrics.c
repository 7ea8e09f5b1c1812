/* Metrics of a session, and one of them with its reasons. */
#include "server/auth/roles.h"
#include "server/http/readers.h"
#include "server/views/explain.h"
#include "server/views/page.h"
#include "server/views/views.h"

struct list {
    struct page page;
    struct jsonw w;
    enum err failed;
};

static int list_one(void *ctx, const struct store_metric_view *row)
{
    struct list *l = ctx;
    struct explain why;

    if (!page_takes(&l->page))
        return 0;
    l->failed = explain_read(row, &why);
    if (l->failed)
        return 0;
    jsonw_object(&l->w, NULL);
    explain_write_common(&why, row, &l->w);
    jsonw_object(&l->w, "anomaly");
    explain_write_anomaly(&why, row, &l->w);
    jsonw_object_end(&l->w);
    jsonw_object_end(&l->w);
    explain_fini(&why);
    page_wrote(&l->page, row->at_ns, row->id);
    return 1;
}

void views_metrics(struct exchange *x)
{
    static const char *const known[] = {"from", "to", "limit", "cursor", NULL};
    struct store *s = readers_context();
    struct store_scope scope = page_scope(x);
    struct list l = {.failed = WS_OK};
    struct store_range range;
    struct buf b = BUF_EMPTY;
    enum err e;

    page_begin(&l.page, x, known);
    page_read_range(&l.page);
    page_read_list(&l.page, PAGE_METRICS);
    if (page_refused(&l.page))
        return;
    e = store_views_may_see(s, &scope, exchange_path_id(x));
    range = page_range(&l.page, exchange_path_id(x));
    page_begin_items(&l.w, &b);
    if (!e)
        e = store_views_metrics(s, &range, list_one, &l);
    if (!e)
        e = l.failed;
    page_end_items(&l.page, e, &l.w, &b);
}

struct one {
    struct store *reader;
    struct store_scope scope;
    bool pictures; /* the asker may see them */
    struct buf b;
    enum err failed;
};

static enum err write_one(struct one *o, const struct store_metric_view *row)
{
    struct explain why;
    struct jsonw w;
    int64_t picture = 0;
    enum err e = store_views_may_see(o->reader, &o->scope, row->session_id);

    if (!e && o->pictures)
        e = store_views_screenshot_at(o->reader, row->session_id, row->at_ns,
                                      &picture);
    if (!e)
        e = explain_read(row, &why);
    if (e)
        return e;
    jsonw_init(&w, &o->b);
    jsonw_object(&w, NULL);
    explain_write_common(&why, row, &w);
    explain_write_why(&why, row, &w);
    if (picture)
        jsonw_int(&w, "screenshot_id", picture);
    else
        jsonw_null(&w, "screenshot_id");
    jsonw_object_end(&w);
    explain_fini(&why);
    return WS_OK;
}

static int meet_one(void *ctx, const struct store_metric_view *row)
{
    struct one *o = ctx;

    o->failed = write_one(o, row);
    return 0;
}

void views_metric(struct exchange *x)
{
    static const char *const known[] = {NULL};
    struct one o = {.reader = readers_context(),
                    .scope = page_scope(x),
                    .pictures =
                        exchange_principal(x)->permissions & PERM_SCREENSHOTS};
    struct page page;
    enum err e;

    page_begin(&page, x, known);
    if (page_refused(&page))
        return;
    e = store_views_metric(o.reader, exchange_path_id(x), meet_one, &o);
    if (!e)
        e = o.failed;
    if (e) {
        buf_fini(&o.b);
        page_fail(x, e);
        return;
    }
    page_reply(x, &o.b);
}
