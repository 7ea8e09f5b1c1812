/* sweep.c - how the old rows are found without reading all of them.
 *
 * Ids come in blocks of STORE_ID_BLOCK, one block a writer at a time, and
 * within a block they rise with the time of receipt. So a page whose rows are
 * all young ends the block it is in; the walk goes on at the next block, as
 * another writer may have taken that one earlier than its rows came. After
 * SWEEP_YOUNG_BLOCKS such blocks in a row it ends: that many writers may hold
 * a block each without a row of one of them being kept too long.
 */
#include "server/retention/sweep.h"

#include "server/blob/blob.h"
#include "server/server.h"
#include "server/store/store_audit.h"
#include "server/store/store_days.h"
#include "server/store/store_facts.h"
#include "server/store/store_fleet.h"
#include "server/store/store_retention.h"

#include <stddef.h>
#include <string.h>

#define SWEEP_YOUNG_BLOCKS 64

const char *const sweep_class_names[SWEEP_CLASSES] = {
    [SWEEP_PICTURES] = "pictures", [SWEEP_RECORDINGS] = "recordings",
    [SWEEP_METRICS] = "metrics",   [SWEEP_ROLLUPS] = "rollups",
    [SWEEP_AUDIT] = "audit",
};

static const struct {
    enum store_retention_table table;
    enum sweep_class class;
    bool whole; /* few rows, in no order of age: all are looked at */
} tables[] = {
    {STORE_RETENTION_SCREENSHOT, SWEEP_PICTURES},
    {STORE_RETENTION_RECORDING, SWEEP_RECORDINGS},
    {STORE_RETENTION_RECORDING_STATUS, SWEEP_RECORDINGS},
    {STORE_RETENTION_METRIC, SWEEP_METRICS},
    {STORE_RETENTION_EVENT, SWEEP_METRICS},
    {STORE_RETENTION_TOMBSTONE, SWEEP_METRICS},
    {STORE_RETENTION_NOTICE_ACK, SWEEP_AUDIT, .whole = true},
};

struct page {
    enum store_retention_table table;
    struct store_retention_row rows[STORE_RETENTION_PAGE];
    size_t count, dropped;
};

static bool may_go_on(const struct sweep *w)
{
    return !w->go_on || w->go_on(w->ctx);
}

static enum err drop_page(struct store *writer, void *arg)
{
    struct page *p = arg;

    return store_retention_drop(writer, p->table, p->rows, p->count,
                                &p->dropped);
}

static enum err drop_blobs(const struct sweep *w, const struct page *p)
{
    for (size_t i = 0; i < p->count; i++) {
        const char *const names[] = {p->rows[i].blob, p->rows[i].thumbnail};

        for (int part = 0; part < 2; part++) {
            enum err e = *names[part] ? blob_drop(w->blob, names[part]) : WS_OK;

            if (e && e != WS_INVALID) /* a name from elsewhere: row alone */
                return e;
        }
    }
    return WS_OK;
}

/* What is left on the page goes. */
static enum err end_rows(struct sweep *w, struct page *p,
                         struct sweep_count *count)
{
    enum err e = WS_OK;

    for (size_t i = 0; i < p->count; i++)
        count->bytes += p->rows[i].bytes;
    p->dropped = p->count;
    if (p->count && !w->dry_run) {
        e = drop_blobs(w, p);
        if (!e)
            e = w->write(w->ctx, drop_page, p);
    }
    if (!e)
        count->rows += (int64_t)p->dropped;
    return e;
}

/* Keep the young rows out of the page: they stay. */
static void leave_young(struct page *p, int64_t before_ns, int64_t *excess)
{
    size_t n = 0;

    for (size_t i = 0; i < p->count; i++) {
        if (p->rows[i].received_ns >= before_ns && *excess <= 0)
            continue;
        *excess -= p->rows[i].bytes;
        p->rows[n++] = p->rows[i];
    }
    p->count = n;
}

/* All bytes of a table: only asked for with a bound. */
static enum err measure(const struct sweep *w, struct page *p, int64_t *bytes)
{
    int64_t after = 0;

    *bytes = 0;
    do {
        enum err e;

        if (!may_go_on(w))
            return WS_AGAIN;
        e = store_retention_rows(w->reader, p->table, after, p->rows,
                                 &p->count);
        if (e)
            return e;
        for (size_t i = 0; i < p->count; i++)
            *bytes += p->rows[i].bytes;
        if (p->count)
            after = p->rows[p->count - 1].id;
    } while (p->count);
    return WS_OK;
}

static enum err sweep_table(struct sweep *w, size_t which, int64_t max_bytes)
{
    struct sweep_count *count = &w->counts[tables[which].class];
    struct page p = {.table = tables[which].table};
    int64_t after = 0, excess = 0;
    int young = 0;

    if (max_bytes > 0) {
        enum err e = measure(w, &p, &excess);

        if (e)
            return e;
        excess -= max_bytes;
    }
    while (young < SWEEP_YOUNG_BLOCKS) {
        enum err e;
        int64_t last;

        if (!may_go_on(w))
            return WS_AGAIN;
        e = store_retention_rows(w->reader, p.table, after, p.rows, &p.count);
        if (e || p.count == 0)
            return e;
        last = p.rows[p.count - 1].id;
        leave_young(&p, count->before_ns, &excess);
        if (p.count || tables[which].whole) {
            young = 0;
            after = last;
        } else {
            young++;
            after = (last / STORE_ID_BLOCK + 1) * STORE_ID_BLOCK - 1;
        }
        e = end_rows(w, &p, count);
        if (e)
            return e;
    }
    return WS_OK;
}

/* --- roll-ups --- */

struct old_rollups {
    int64_t session_id, before_quarter, count;
};

static enum err drop_rollups(struct store *writer, void *arg)
{
    struct old_rollups *o = arg;

    return store_retention_drop_rollups(writer, o->session_id,
                                        o->before_quarter, &o->count);
}

static int64_t day_of(int64_t quarter)
{
    return quarter - quarter % STORE_DAY_QUARTERS;
}

/* Those of one session, some days at a time. */
static enum err end_rollups(struct sweep *w, struct store_retention_oldest *at,
                            int64_t before)
{
    struct old_rollups o = {.session_id = at->session_id};
    enum err e = WS_OK;

    while (!e && at->quarter < before) {
        if (!may_go_on(w))
            return WS_AGAIN;
        o.before_quarter = day_of(at->quarter + STORE_RETENTION_PAGE);
        if (o.before_quarter > before || w->dry_run)
            o.before_quarter = before;
        e = w->dry_run ? store_retention_rollups(w->reader, o.session_id,
                                                 before, &o.count)
                       : w->write(w->ctx, drop_rollups, &o);
        if (e)
            return e;
        w->counts[SWEEP_ROLLUPS].rows += o.count;
        at->quarter = o.before_quarter;
        if (at->quarter < before)
            e = store_retention_oldest_of(w->reader, o.session_id,
                                          &at->quarter);
    }
    return e;
}

/* By whole days: a day and its quarters go together. */
static enum err sweep_rollups(struct sweep *w)
{
    struct store_retention_oldest page[STORE_RETENTION_PAGE];
    int64_t before =
        day_of(w->counts[SWEEP_ROLLUPS].before_ns / STORE_QUARTER_NS);
    int64_t after = 0;
    size_t count;

    do {
        enum err e;

        if (!may_go_on(w))
            return WS_AGAIN;
        e = store_retention_oldest(w->reader, after, page, &count);
        for (size_t i = 0; !e && i < count; i++)
            e = end_rollups(w, &page[i], before);
        if (e)
            return e;
        if (count)
            after = page[count - 1].session_id;
    } while (count);
    return WS_OK;
}

static enum err drop_fleet(struct store *writer, void *arg)
{
    struct old_rollups *o = arg;

    return store_fleet_drop(writer, o->before_quarter, &o->count);
}

static enum err sweep_fleet(struct sweep *w)
{
    struct sweep_count *count = &w->counts[SWEEP_ROLLUPS];
    struct old_rollups o = {.before_quarter =
                                count->before_ns / STORE_QUARTER_NS};
    enum err e = store_fleet_before(w->reader, o.before_quarter, &o.count);

    if (!e && o.count && !w->dry_run)
        e = w->write(w->ctx, drop_fleet, &o);
    if (!e)
        count->rows += o.count;
    return e;
}

/* --- the access log --- */

struct old_audit {
    int64_t before_ns, count;
};

static enum err drop_audit(struct store *writer, void *arg)
{
    struct old_audit *o = arg;

    return store_audit_expire(writer, o->before_ns, STORE_RETENTION_PAGE,
                              &o->count);
}

static enum err sweep_audit(struct sweep *w)
{
    struct sweep_count *count = &w->counts[SWEEP_AUDIT];
    struct old_audit o = {.before_ns = count->before_ns};
    enum err e;

    if (w->dry_run) {
        e = store_audit_older(w->reader, o.before_ns, &o.count);
        count->rows += o.count;
        return e;
    }
    do {
        if (!may_go_on(w))
            return WS_AGAIN;
        e = w->write(w->ctx, drop_audit, &o);
        if (e)
            return e;
        count->rows += o.count;
    } while (o.count);
    return WS_OK;
}

enum err sweep_run(struct sweep *w)
{
    const struct settings *s = w->settings;
    const int64_t keep_ms[SWEEP_CLASSES] = {
        s->keep_pictures_ms, s->keep_recordings_ms, s->keep_metrics_ms,
        s->keep_rollups_ms, s->keep_audit_ms};
    enum err e = WS_OK;

    for (int i = 0; i < SWEEP_CLASSES; i++)
        w->counts[i] = (struct sweep_count){
            .before_ns = w->now_ns - keep_ms[i] * INT64_C(1000000)};
    for (size_t i = 0; !e && i < sizeof tables / sizeof *tables; i++)
        e = sweep_table(w, i,
                        tables[i].table == STORE_RETENTION_SCREENSHOT
                            ? s->max_pictures_bytes
                            : 0);
    if (!e)
        e = sweep_rollups(w);
    if (!e)
        e = sweep_fleet(w);
    return e ? e : sweep_audit(w);
}
