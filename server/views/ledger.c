/* The ledger of a session: where every recorded item is. */
#include "server/http/readers.h"
#include "server/store/store_ledger.h"
#include "server/views/page.h"
#include "server/views/views.h"

#include <stdlib.h>
#include <string.h>

#define RUNS_AT_ONCE 512

struct law {
    int64_t recorded, delivered, dead, dropped, queued;
    bool known; /* layer 1 has no seqs: nothing can be said */
};

/* recorded = delivered + dead-lettered + dropped + queued. What a heartbeat
 * has not told yet shows by what was delivered or buried past its head. */
static struct law judge(const struct store_ledger *l, int64_t highest)
{
    struct law law = {.delivered = l->accepted};
    size_t i;

    for (i = 0; i < l->reason_count; i++) {
        if (strncmp(l->reasons[i].reason, "dead", 4) == 0)
            law.dead += l->reasons[i].seqs;
        else
            law.dropped += l->reasons[i].seqs;
    }
    law.recorded = l->head_seq > highest ? l->head_seq : highest;
    law.known = law.recorded > 0;
    law.queued = law.recorded - law.delivered - law.dead - law.dropped;
    return law;
}

static void write_law(const struct law *law, struct jsonw *w)
{
    jsonw_object(w, "law");
    if (law->known)
        jsonw_int(w, "recorded", law->recorded);
    else
        jsonw_null(w, "recorded");
    jsonw_int(w, "delivered", law->delivered);
    jsonw_int(w, "dead_lettered", law->dead);
    jsonw_int(w, "dropped", law->dropped);
    if (law->known) {
        jsonw_int(w, "queued", law->queued > 0 ? law->queued : 0);
        jsonw_bool(w, "holds", law->queued >= 0);
    } else {
        jsonw_null(w, "queued");
        jsonw_null(w, "holds");
    }
    jsonw_object_end(w);
}

static enum err write_delivered(struct store *s, int64_t session_id,
                                struct jsonw *w, int64_t *highest)
{
    struct store_run runs[RUNS_AT_ONCE];
    int64_t next = 1;
    size_t count, i;
    enum err e;

    jsonw_array(w, "delivered");
    do {
        e = store_ledger_delivered(s, session_id, next, INT64_MAX, runs,
                                   RUNS_AT_ONCE, &count);
        if (e)
            return e;
        for (i = 0; i < count; i++) {
            jsonw_array(w, NULL);
            jsonw_int(w, NULL, runs[i].first);
            jsonw_int(w, NULL, runs[i].last);
            jsonw_array_end(w);
            *highest = runs[i].last;
            next = runs[i].last + 1;
        }
    } while (count == RUNS_AT_ONCE);
    jsonw_array_end(w);
    return WS_OK;
}

static enum err highest_buried(struct store *s, int64_t session_id,
                               int64_t *highest)
{
    struct store_run runs[RUNS_AT_ONCE];
    int64_t after = 0;
    size_t count;
    enum err e;

    do {
        e = store_ledger_buried(s, session_id, after, runs, RUNS_AT_ONCE,
                                &count);
        if (e)
            return e;
        if (count > 0) {
            after = runs[count - 1].last;
            if (after > *highest)
                *highest = after;
        }
    } while (count == RUNS_AT_ONCE);
    return WS_OK;
}

static void write_tombstones(const struct store_ledger *l, struct jsonw *w)
{
    size_t i;

    jsonw_array(w, "tombstones");
    for (i = 0; i < l->reason_count; i++) {
        if (l->reasons[i].seqs + l->reasons[i].count == 0)
            continue;
        jsonw_object(w, NULL);
        jsonw_text(w, "reason", l->reasons[i].reason);
        jsonw_int(w, "count", l->reasons[i].seqs + l->reasons[i].count);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
    jsonw_object(w, "counters");
    jsonw_int(w, "accepted", l->accepted);
    jsonw_int(w, "tombstoned", l->tombstoned);
    jsonw_int(w, "expired", l->expired);
    jsonw_int(w, "erased", l->erased);
    jsonw_object_end(w);
}

static enum err write_ledger(struct store *s, int64_t id,
                             const struct store_ledger *l, struct jsonw *w)
{
    int64_t highest = 0;
    struct law law;
    enum err e;

    jsonw_object(w, NULL);
    jsonw_int(w, "session_id", id);
    if (l->head_seq)
        jsonw_int(w, "head_seq", l->head_seq);
    else
        jsonw_null(w, "head_seq");
    jsonw_time(w, "head_at", l->head_ns);
    e = write_delivered(s, id, w, &highest);
    if (!e)
        e = highest_buried(s, id, &highest);
    if (e)
        return e;
    write_tombstones(l, w);
    law = judge(l, highest);
    write_law(&law, w);
    jsonw_object_end(w);
    return WS_OK;
}

void views_ledger(struct exchange *x)
{
    static const char *const known[] = {NULL};
    struct store *s = readers_context();
    struct store_scope scope = page_scope(x);
    OWN_FREE struct store_ledger *l = calloc(1, sizeof(*l));
    struct buf b = BUF_EMPTY;
    struct page page;
    struct jsonw w;
    enum err e = l ? WS_OK : WS_NOMEM;

    page_begin(&page, x, known);
    if (page_refused(&page))
        return;
    if (!e)
        e = store_views_may_see(s, &scope, exchange_path_id(x));
    if (!e)
        e = store_ledger_read(s, exchange_path_id(x), l);
    jsonw_init(&w, &b);
    if (!e)
        e = write_ledger(s, exchange_path_id(x), l, &w);
    if (e) {
        buf_fini(&b);
        page_fail(x, e);
        return;
    }
    page_reply(x, &b);
}
