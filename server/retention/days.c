#include "server/retention/days.h"

#include "server/store/store_days.h"
#include "server/store/store_facts.h"

#include <stddef.h>

struct past {
    int64_t session_id, upto;
};

static enum err sum(struct store *writer, void *arg)
{
    const struct past *p = arg;

    return store_days_sum(writer, p->session_id, p->upto);
}

/* A watermark ahead is that of a clock that was wrong. */
static bool needs_sum(const struct store_days *d, int64_t upto)
{
    if (d->metrics < DAYS_LEAST_METRICS)
        return false;
    return d->late != d->late_then || d->upto > upto ||
           (d->upto < upto && d->last_metric_ns / STORE_QUARTER_NS >= d->upto);
}

static bool may_go_on(const struct sweep *w)
{
    return !w->go_on || w->go_on(w->ctx);
}

static enum err sum_page(const struct sweep *w, const struct store_days *page,
                         size_t count, int64_t upto)
{
    for (size_t i = 0; i < count; i++) {
        struct past p = {page[i].session_id, upto};
        enum err e;

        if (!needs_sum(&page[i], upto))
            continue;
        if (!may_go_on(w))
            return WS_AGAIN;
        e = w->write(w->ctx, sum, &p);
        if (e && e != WS_EXISTS)
            return e;
    }
    return WS_OK;
}

enum err days_run(const struct sweep *w)
{
    struct store_days page[STORE_DAYS_PAGE];
    int64_t upto = store_days_past(w->now_ns), after = 0;
    size_t count = 0;

    do {
        enum err e;

        if (!may_go_on(w))
            return WS_AGAIN;
        e = store_days_read(w->reader, after, page, &count);
        if (!e)
            e = sum_page(w, page, count, upto);
        if (e)
            return e;
        if (count)
            after = page[count - 1].session_id;
    } while (count);
    return WS_OK;
}
