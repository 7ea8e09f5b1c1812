#include "server/commit/commit_tally.h"

#include "server/store/store_days.h"

#include <stdlib.h>

enum err commit_tally_open(struct commit_tally *t, size_t most)
{
    *t = (struct commit_tally){
        .rollups = calloc(most, sizeof *t->rollups),
        .fleet = calloc(most, sizeof *t->fleet),
        .stats = calloc(most, sizeof *t->stats),
    };
    if (t->rollups && t->fleet && t->stats)
        return WS_OK;
    commit_tally_close(t);
    return WS_NOMEM;
}

void commit_tally_close(struct commit_tally *t)
{
    free(t->rollups);
    free(t->fleet);
    free(t->stats);
    *t = (struct commit_tally){0};
}

void commit_tally_clear(struct commit_tally *t)
{
    t->rollup_count = t->fleet_count = t->stat_count = 0;
}

int64_t commit_tally_quarter(int64_t at_ns)
{
    int64_t q = at_ns / STORE_QUARTER_NS;

    return at_ns % STORE_QUARTER_NS < 0 ? q - 1 : q;
}

static struct store_rollup *rollup_of(struct commit_tally *t,
                                      const struct fact *f)
{
    int64_t quarter = commit_tally_quarter(f->at_ns);
    struct store_rollup *r;

    for (size_t i = t->rollup_count; i > 0; i--) {
        r = &t->rollups[i - 1];
        if (r->session_id != f->session_id)
            break;
        if (r->quarter == quarter)
            return r;
    }
    r = &t->rollups[t->rollup_count++];
    *r = (struct store_rollup){.session_id = f->session_id, .quarter = quarter};
    return r;
}

static struct store_stat *stat_of(struct commit_tally *t, int64_t session_id)
{
    struct store_stat *s;

    if (t->stat_count && t->stats[t->stat_count - 1].session_id == session_id)
        return &t->stats[t->stat_count - 1];
    s = &t->stats[t->stat_count++];
    *s = (struct store_stat){.session_id = session_id};
    return s;
}

static void raise_to(int64_t *to, int64_t v)
{
    if (*to < v)
        *to = v;
}

/* The extremes of two sets, where an empty one has none. */
static void widen(double *min, double *max, bool any, double from_min,
                  double from_max)
{
    if (!any || from_min < *min)
        *min = from_min;
    if (!any || from_max > *max)
        *max = from_max;
}

static void merge_extremes(struct store_rollup *to,
                           const struct store_rollup *from)
{
    if (from->scored)
        widen(&to->productivity_min, &to->productivity_max, to->scored,
              from->productivity_min, from->productivity_max);
    if (from->judged)
        widen(&to->anomaly_min, &to->anomaly_max, to->judged, from->anomaly_min,
              from->anomaly_max);
}

static void merge(struct store_rollup *to, const struct store_rollup *from)
{
    merge_extremes(to, from);
    to->observations += from->observations;
    to->scored += from->scored;
    to->judged += from->judged;
    to->normal += from->normal;
    to->suspicious += from->suspicious;
    to->critical += from->critical;
    to->partial += from->partial;
    to->failed += from->failed;
    to->screenshots += from->screenshots;
    to->screenshot_bytes += from->screenshot_bytes;
    to->recordings += from->recordings;
    to->recording_bytes += from->recording_bytes;
    to->events += from->events;
    to->productivity_sum += from->productivity_sum;
    to->anomaly_sum += from->anomaly_sum;
}

static void add_metric(struct store_rollup *r, const struct fact_metric *m)
{
    struct store_rollup one = {
        .observations = 1,
        .partial = m->pipeline == FACT_PARTIAL,
        .failed = m->pipeline == FACT_FAILED,
    };

    if (m->scored) {
        one.scored = 1;
        one.productivity_sum = one.productivity_min = one.productivity_max =
            m->productivity;
    }
    if (m->judged) {
        one.judged = 1;
        one.normal = m->label == FACT_NORMAL;
        one.suspicious = m->label == FACT_SUSPICIOUS;
        one.critical = m->label == FACT_CRITICAL;
        one.anomaly_sum = one.anomaly_min = one.anomaly_max = m->anomaly;
    }
    merge(r, &one);
}

void commit_tally_add(struct commit_tally *t, const struct fact *f)
{
    struct store_stat *s = stat_of(t, f->session_id);

    raise_to(&s->last_received_ns, f->received_ns);
    switch (f->kind) {
    case WIRE_ITEM_METRIC:
        add_metric(rollup_of(t, f), &f->metric);
        s->metrics++;
        s->on_time += store_days_on_time(f->at_ns, f->received_ns);
        raise_to(&s->last_metric_ns, f->at_ns);
        break;
    case WIRE_ITEM_SCREENSHOT: {
        struct store_rollup *r = rollup_of(t, f);

        r->screenshots++;
        r->screenshot_bytes += f->screenshot.bytes;
        s->screenshots++;
        raise_to(&s->last_screenshot_ns, f->at_ns);
        break;
    }
    case WIRE_ITEM_RECORDING: {
        struct store_rollup *r = rollup_of(t, f);

        r->recordings++;
        if (f->recording.bytes > 0)
            r->recording_bytes += f->recording.bytes;
        s->recordings++;
        break;
    }
    case WIRE_ITEM_EVENT:
        rollup_of(t, f)->events++;
        s->events++;
        break;
    default:
        break;
    }
}

static int by_session_quarter(const void *a, const void *b)
{
    const struct store_rollup *x = a, *y = b;

    if (x->session_id != y->session_id)
        return x->session_id < y->session_id ? -1 : 1;
    return (x->quarter > y->quarter) - (x->quarter < y->quarter);
}

static int by_quarter(const void *a, const void *b)
{
    const struct store_rollup *x = a, *y = b;

    return (x->quarter > y->quarter) - (x->quarter < y->quarter);
}

void commit_tally_finish(struct commit_tally *t)
{
    size_t n = 0;

    for (size_t i = 0; i < t->rollup_count; i++) {
        t->fleet[i] = t->rollups[i];
        t->fleet[i].session_id = 0;
    }
    qsort(t->rollups, t->rollup_count, sizeof *t->rollups, by_session_quarter);
    qsort(t->fleet, t->rollup_count, sizeof *t->fleet, by_quarter);
    for (size_t i = 0; i < t->rollup_count; i++)
        if (n && t->fleet[n - 1].quarter == t->fleet[i].quarter)
            merge(&t->fleet[n - 1], &t->fleet[i]);
        else
            t->fleet[n++] = t->fleet[i];
    t->fleet_count = n;
}
