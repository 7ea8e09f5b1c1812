/* The access log, for auditors: who did and saw what, the newest first. */
#include "server/store/store_audit.h"

#include "server/http/readers.h"
#include "server/views/page.h"
#include "server/views/views.h"

struct listing {
    struct page page;
    struct jsonw w;
};

static const char *or_null(const char *text)
{
    return text && *text ? text : NULL;
}

static int write_row(void *ctx, const struct store_audit *row)
{
    struct listing *l = ctx;

    if (!page_takes(&l->page))
        return 0;
    jsonw_object(&l->w, NULL);
    jsonw_int(&l->w, "id", row->id);
    jsonw_time(&l->w, "at", row->at_ns);
    jsonw_text(&l->w, "actor", row->actor);
    jsonw_text(&l->w, "action", row->action);
    jsonw_text(&l->w, "object", or_null(row->object));
    jsonw_text(&l->w, "detail", or_null(row->detail));
    jsonw_text(&l->w, "address", or_null(row->address));
    jsonw_text(&l->w, "request_id", or_null(row->request));
    jsonw_object_end(&l->w);
    page_wrote(&l->page, row->id, 0);
    return 1;
}

void views_audit(struct exchange *x)
{
    static const char *const known[] = {"limit", "cursor", NULL};
    struct buf b = BUF_EMPTY;
    struct listing l;
    enum err e;

    page_begin(&l.page, x, known);
    page_read_list(&l.page, PAGE_AUDIT);
    if (page_refused(&l.page))
        return;
    page_begin_items(&l.w, &b);
    e = store_audit_walk(readers_context(),
                         l.page.goes_on ? l.page.cursor.keys[0] : INT64_MAX,
                         write_row, &l);
    page_end_items(&l.page, e, &l.w, &b);
}
