/* store_ledger_json.c - the law: recorded = delivered + dead-lettered + dropped
 * + still queued. What is still queued follows from the seqs; the agent's own
 * word about its queue, given with its last heartbeat, must cover it, or items
 * were lost on the way and nobody accounted for them. Things without a seq
 * (frames dropped before they became items) stand on both sides.
 */
#include "server/store/store_ledger_json.h"

#include "core/jsonw.h"
#include "server/store/store_ledger.h"

#include <stdlib.h>

static void write_runs(struct jsonw *w, const char *key,
                       const struct store_run *runs, size_t count)
{
    jsonw_array(w, key);
    for (size_t i = 0; i < count; i++) {
        jsonw_array(w, NULL);
        jsonw_int(w, NULL, runs[i].first);
        jsonw_int(w, NULL, runs[i].last);
        jsonw_array_end(w);
    }
    jsonw_array_end(w);
}

static void write_tombstones(struct jsonw *w, const struct store_ledger *l)
{
    jsonw_array(w, "tombstones");
    for (size_t i = 0; i < l->reason_count; i++) {
        const struct store_tombstones *t = &l->reasons[i];

        jsonw_object(w, NULL);
        jsonw_text(w, "reason", t->reason);
        jsonw_int(w, "count", t->seqs + t->count);
        jsonw_int(w, "seqs", t->seqs);
        jsonw_int(w, "replaced", t->replaced);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static void write_counters(struct jsonw *w, const struct store_ledger *l)
{
    jsonw_object(w, "counters");
    jsonw_int(w, "accepted", l->accepted);
    jsonw_int(w, "tombstoned", l->tombstoned);
    jsonw_int(w, "replaced", l->replaced);
    jsonw_int(w, "expired", l->expired);
    jsonw_int(w, "erased", l->erased);
    jsonw_object_end(w);
}

static void write_law(struct jsonw *w, const struct store_ledger *l)
{
    bool layer_2 = l->accepted > 0 || l->head_seq > 0;

    jsonw_object(w, "law");
    jsonw_int(w, "delivered", l->accepted);
    jsonw_int(w, "dead_lettered", l->dead);
    jsonw_int(w, "dropped", l->buried - l->dead + l->counted);
    if (layer_2) {
        jsonw_int(w, "recorded", l->recorded + l->counted);
        jsonw_int(w, "queued", l->queued);
    } else {
        jsonw_null(w, "recorded");
        jsonw_null(w, "queued");
    }
    if (layer_2 && (l->queued == 0 || l->pending >= 0))
        jsonw_bool(w, "holds",
                   l->queued >= 0 &&
                       (l->queued == 0 || l->queued <= l->pending));
    else
        jsonw_null(w, "holds");
    jsonw_object_end(w);
}

static enum err write_delivered(struct store *s, int64_t session_id,
                                struct jsonw *w)
{
    OWN_FREE struct store_run *runs =
        calloc(STORE_LEDGER_JSON_RUNS, sizeof *runs);
    size_t n;
    enum err e;

    if (!runs)
        return WS_NOMEM;
    e = store_ledger_delivered(s, session_id, 1, INT64_MAX, runs,
                               STORE_LEDGER_JSON_RUNS, &n);
    if (e)
        return e;
    write_runs(w, "delivered", runs, n);
    jsonw_bool(w, "delivered_more", n == STORE_LEDGER_JSON_RUNS);
    e = store_ledger_buried(s, session_id, 0, runs, STORE_LEDGER_JSON_RUNS, &n);
    if (e)
        return e;
    write_runs(w, "buried", runs, n);
    return WS_OK;
}

enum err store_ledger_json_write(struct store *s, int64_t session_id,
                                 struct buf *out)
{
    OWN_FREE struct store_ledger *l = malloc(sizeof *l);
    struct jsonw w;
    enum err e;

    if (!l)
        return WS_NOMEM;
    e = store_ledger_read(s, session_id, l);
    if (e)
        return e;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_int(&w, "session_id", session_id);
    if (l->head_ns)
        jsonw_int(&w, "head_seq", l->head_seq);
    else
        jsonw_null(&w, "head_seq");
    jsonw_time(&w, "head_at", l->head_ns);
    e = write_delivered(s, session_id, &w);
    if (e)
        return e;
    write_tombstones(&w, l);
    write_counters(&w, l);
    write_law(&w, l);
    jsonw_object_end(&w);
    return buf_check(out);
}
