/* What happened along a stretch of a session: what was worked with, when
 * nothing was observed, pauses, other events, recordings.
 *
 * An agent makes one observation an interval whether pixels changed or not
 * (wire.md), so a silence longer than a few of them means that it did not
 * observe. Its interval is not on the wire: it is the median distance here.
 * Longer than a day, or more than MAX_FACTS observations, and only the silences
 * are told, from the roll-ups: a page costs what it shows.
 */
#include "core/clock.h"
#include "server/http/readers.h"
#include "server/server.h"
#include "server/views/page.h"
#include "server/views/pauses.h"
#include "server/views/views.h"

#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_NS (INT64_C(86400) * CLOCK_NS_PER_S)
#define MAX_FACTS 20000
#define MAX_POINTS 2000
#define DEFAULT_POINTS 360
#define MAX_RECORDINGS 200
#define CATEGORY_BYTES FACT_CATEGORY_BYTES
#define MAX_KINDS 12 /* categories that one bucket tells apart */
#define SILENT_STEPS 5
#define SILENT_LEAST_NS (60 * CLOCK_NS_PER_S)

struct kind {
    char category[CATEGORY_BYTES]; /* "": the agent said none */
    int64_t count;
};

/* A part of the stretch and its most frequent category. */
struct bucket {
    int64_t number, first_ns, last_ns, count;
    char category[CATEGORY_BYTES];
};

struct timeline {
    struct store *reader;
    int64_t id, from_ns, to_ns, now_ns;
    int64_t started_ns; /* of the session */
    int64_t facts;      /* of up to a day: of a first look at the quarters */
    bool dense;         /* told by the quarters: no categories */
    int64_t width_ns;
    int64_t *times; /* of observations; newest first, then sorted */
    size_t time_count;
    struct bucket *buckets; /* newest first */
    size_t bucket_count, max_buckets;
    struct kind kinds[MAX_KINDS]; /* of the bucket being filled */
    size_t kind_count;
    int64_t step_ns, silent_ns;
    struct pauses pauses;
    enum err failed;
    struct jsonw w;
};

/* --- reading --- */

static int note_session(void *ctx, const struct store_session_view *row)
{
    ((struct timeline *)ctx)->started_ns = row->started_ns;
    return 0;
}

static int count_facts(void *ctx, const struct store_rollup *row)
{
    ((struct timeline *)ctx)->facts += row->observations;
    return 1;
}

/* Quarters with observations stand for them: the two ends of each run. */
static int note_quarter(void *ctx, int64_t quarter)
{
    struct timeline *t = ctx;
    int64_t at_ns = quarter * STORE_QUARTER_NS;

    if (t->time_count && t->times[t->time_count - 1] == at_ns - 1)
        t->time_count--;
    else if (t->time_count + 2 > MAX_FACTS)
        return 0;
    else
        t->times[t->time_count++] = at_ns;
    t->times[t->time_count++] = at_ns + STORE_QUARTER_NS - 1;
    return 1;
}

static void end_bucket(struct timeline *t)
{
    const struct kind *best = t->kinds;

    for (size_t i = 1; i < t->kind_count; i++)
        if (t->kinds[i].count > best->count)
            best = &t->kinds[i];
    if (t->bucket_count)
        memcpy(t->buckets[t->bucket_count - 1].category, best->category,
               sizeof best->category);
    memset(t->kinds, 0, sizeof t->kinds);
    t->kind_count = 0;
}

static void count_kind(struct timeline *t, const char *category)
{
    size_t i = 0;

    while (i < t->kind_count &&
           strncmp(t->kinds[i].category, category, CATEGORY_BYTES - 1) != 0)
        i++;
    if (i == MAX_KINDS)
        return;
    if (i == t->kind_count) {
        snprintf(t->kinds[i].category, CATEGORY_BYTES, "%s", category);
        t->kind_count++;
    }
    t->kinds[i].count++;
}

static void note_category(struct timeline *t, int64_t at_ns,
                          const char *category)
{
    int64_t number = (at_ns - t->from_ns) / t->width_ns;
    struct bucket *b = &t->buckets[t->bucket_count ? t->bucket_count - 1 : 0];

    t->times[t->time_count++] = at_ns;
    if (!t->bucket_count || b->number != number) {
        end_bucket(t);
        b = &t->buckets[t->bucket_count++];
        *b = (struct bucket){.number = number, .last_ns = at_ns};
    }
    b->first_ns = at_ns;
    b->count++;
    count_kind(t, category ? category : "");
}

/* Of an older server: only its payload says it. */
static int note_payload(void *ctx, const struct store_metric_view *row)
{
    struct timeline *t = ctx;
    struct json *doc = NULL;

    t->failed = json_parse(row->payload, row->payload_len, &doc, NULL);
    if (t->failed == WS_NOMEM)
        return 0;
    t->failed = WS_OK;
    note_category(
        t, row->at_ns,
        json_text(json_get(json_get(doc, "features"), "category"), NULL));
    json_free(doc);
    return 0;
}

static int note_look(void *ctx, const struct store_look_view *row)
{
    struct timeline *t = ctx;

    if (t->time_count == MAX_FACTS)
        return 0;
    if (row->told)
        note_category(t, row->at_ns, row->category);
    else
        t->failed = store_views_metric(t->reader, row->id, note_payload, t);
    if (t->failed == WS_NOTFOUND) /* it went meanwhile */
        t->failed = WS_OK;
    return t->failed == WS_OK;
}

static int note_event(void *ctx, const struct store_event_view *row)
{
    struct timeline *t = ctx;

    return pauses_note(&t->pauses, row);
}

static int compare(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* What counts as a silence: a few times the usual distance. */
static enum err find_step(struct timeline *t)
{
    OWN_FREE int64_t *steps = NULL;
    size_t n = t->time_count ? t->time_count - 1 : 0;

    qsort(t->times, t->time_count, sizeof *t->times, compare);
    t->step_ns = SILENT_LEAST_NS / SILENT_STEPS;
    if (t->dense)
        t->step_ns = STORE_QUARTER_NS / SILENT_STEPS;
    if (!t->dense && n > 0) {
        steps = calloc(n, sizeof *steps);
        if (!steps)
            return WS_NOMEM;
        for (size_t i = 0; i < n; i++)
            steps[i] = t->times[i + 1] - t->times[i];
        qsort(steps, n, sizeof *steps, compare);
        t->step_ns = steps[n / 2];
    }
    t->silent_ns = SILENT_STEPS * t->step_ns;
    if (t->silent_ns < SILENT_LEAST_NS)
        t->silent_ns = SILENT_LEAST_NS;
    return WS_OK;
}

static enum err read_metrics(struct timeline *t)
{
    struct store_range range = {.session_id = t->id,
                                .from_ns = t->from_ns,
                                .to_ns = t->to_ns,
                                .before_ns = INT64_MAX,
                                .before_id = INT64_MAX};
    int64_t first = t->from_ns / STORE_QUARTER_NS;
    int64_t end = (t->to_ns - 1) / STORE_QUARTER_NS + 1;
    bool quarters = t->to_ns - t->from_ns > DAY_NS;
    enum err e = WS_OK;

    if (!quarters)
        e = store_views_quarters(t->reader, t->id, first, end, count_facts, t);
    if (e)
        return e;
    if (quarters || t->facts > MAX_FACTS) {
        e = store_views_observed(t->reader, t->id, first, end, note_quarter, t);
        t->dense = t->time_count > 0;
    } else {
        e = store_views_looks(t->reader, &range, note_look, t);
    }
    if (!e)
        e = t->failed;
    end_bucket(t);
    return e ? e : find_step(t);
}

static enum err read_events(struct timeline *t)
{
    struct store_range range = {.session_id = t->id,
                                .from_ns = t->from_ns - PAUSES_LOOK_BACK_NS,
                                .to_ns = t->to_ns,
                                .before_ns = INT64_MAX,
                                .before_id = INT64_MAX};
    enum err e = store_views_events(t->reader, &range, note_event, t);
    int64_t end_ns = t->to_ns < t->now_ns ? t->to_ns : t->now_ns;

    if (!e)
        pauses_settle(&t->pauses, t->from_ns, end_ns);
    return e;
}

/* --- writing --- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void write_run(struct timeline *t, const struct bucket *b,
                      int64_t next_ns, int64_t count, int64_t from_ns)
{
    jsonw_object(&t->w, NULL);
    jsonw_text(&t->w, "category", *b->category ? b->category : NULL);
    jsonw_time(&t->w, "from", from_ns);
    jsonw_time(&t->w, "to", least(b->last_ns + t->step_ns, next_ns));
    jsonw_int(&t->w, "metrics", count);
    jsonw_object_end(&t->w);
}

static void write_categories(struct timeline *t)
{
    int64_t count = 0, from_ns = 0;

    if (t->dense) {
        jsonw_null(&t->w, "categories");
        return;
    }
    jsonw_array(&t->w, "categories");
    for (size_t i = t->bucket_count; i-- > 0;) {
        const struct bucket *b = &t->buckets[i];
        const struct bucket *next = i ? &t->buckets[i - 1] : NULL;

        if (!count)
            from_ns = b->first_ns;
        count += b->count;
        if (next && strcmp(next->category, b->category) == 0 &&
            next->first_ns - b->last_ns <= t->silent_ns)
            continue;
        write_run(t, b, next ? next->first_ns : t->to_ns, count, from_ns);
        count = 0;
    }
    jsonw_array_end(&t->w);
}

static void write_gap(struct timeline *t, int64_t from_ns, int64_t to_ns)
{
    if (to_ns - from_ns <= t->silent_ns)
        return;
    jsonw_object(&t->w, NULL);
    jsonw_time(&t->w, "from", from_ns);
    jsonw_time(&t->w, "to", to_ns);
    jsonw_bool(&t->w, "paused",
               2 * pauses_overlap(&t->pauses, from_ns, to_ns) >=
                   to_ns - from_ns);
    jsonw_object_end(&t->w);
}

static void write_gaps(struct timeline *t)
{
    int64_t before_ns = t->started_ns > t->from_ns ? t->started_ns : t->from_ns;

    jsonw_int(&t->w, "silence_ms", t->silent_ns / CLOCK_NS_PER_MS);
    jsonw_array(&t->w, "gaps");
    for (size_t i = 0; i < t->time_count; i++) {
        if (!t->dense || i % 2 == 0) /* not from end to end of a run */
            write_gap(t, before_ns, t->times[i]);
        before_ns = t->times[i];
    }
    write_gap(t, before_ns, least(t->to_ns, t->now_ns));
    jsonw_array_end(&t->w);
}

static int write_recording(void *ctx, const struct store_recording_view *row)
{
    static const char *const words[] = {"created", "recorded", "uploading",
                                        "uploaded", "upload_failed"};
    struct timeline *t = ctx;

    jsonw_object(&t->w, NULL);
    jsonw_int(&t->w, "id", row->id);
    jsonw_time(&t->w, "from", row->at_ns);
    jsonw_time(&t->w, "to", row->ended_ns);
    jsonw_text(&t->w, "status", words[row->status]);
    if (row->bytes < 0)
        jsonw_null(&t->w, "bytes");
    else
        jsonw_int(&t->w, "bytes", row->bytes);
    jsonw_object_end(&t->w);
    return ++t->facts < MAX_RECORDINGS;
}

static enum err write_recordings(struct timeline *t)
{
    struct store_range range = {.session_id = t->id,
                                .from_ns = t->from_ns,
                                .to_ns = t->to_ns,
                                .before_ns = INT64_MAX,
                                .before_id = INT64_MAX};
    enum err e;

    t->facts = 0;
    jsonw_array(&t->w, "recordings");
    e = store_views_recordings(t->reader, &range, write_recording, t);
    jsonw_array_end(&t->w);
    return e;
}

static enum err write_all(struct timeline *t, struct buf *b)
{
    enum err e;

    jsonw_init(&t->w, b);
    jsonw_object(&t->w, NULL);
    jsonw_time(&t->w, "from", t->from_ns);
    jsonw_time(&t->w, "to", t->to_ns);
    write_categories(t);
    write_gaps(t);
    pauses_write(&t->pauses, t->from_ns, &t->w);
    e = write_recordings(t);
    jsonw_object_end(&t->w);
    return e;
}

/* Absent ends are those of the session's metrics. Before 1970 was nothing. */
static enum err find_ends(struct timeline *t)
{
    int64_t first_ns = t->started_ns, last_ns = t->now_ns;
    enum err e = WS_OK;

    if (t->from_ns == INT64_MIN || t->to_ns == INT64_MAX)
        e = store_views_extent(t->reader, t->id, &first_ns, &last_ns);
    if (e && e != WS_NOTFOUND)
        return e;
    if (t->from_ns == INT64_MIN)
        t->from_ns = first_ns;
    if (t->to_ns == INT64_MAX)
        t->to_ns = last_ns + 1;
    if (t->from_ns < 0)
        t->from_ns = 0;
    if (t->to_ns <= t->from_ns)
        t->to_ns = t->from_ns + 1;
    return WS_OK;
}

static enum err read_all(struct timeline *t, const struct store_scope *scope)
{
    enum err e = store_views_session(
        t->reader, scope, t->id, INT64_MAX / STORE_QUARTER_NS, note_session, t);

    if (!e)
        e = find_ends(t);
    t->width_ns = (t->to_ns - t->from_ns - 1) / (int64_t)t->max_buckets + 1;
    if (!e)
        e = read_metrics(t);
    return e ? e : read_events(t);
}

void views_timeline(struct exchange *x)
{
    static const char *const known[] = {"from", "to", "max_points", NULL};
    struct store_scope scope = page_scope(x);
    struct timeline t = {.reader = readers_context(),
                         .id = exchange_path_id(x),
                         .now_ns = env_wall_ns(exchange_server(x)->env)};
    OWN_FREE int64_t *times = NULL;
    OWN_FREE struct bucket *buckets = NULL;
    struct buf b = BUF_EMPTY;
    struct page page;
    enum err e;

    page_begin(&page, x, known);
    page_read_range(&page);
    t.max_buckets = (size_t)page_read_int(&page, "max_points", 1, MAX_POINTS,
                                          DEFAULT_POINTS);
    if (page_refused(&page))
        return;
    t.from_ns = page.from_ns;
    t.to_ns = page.to_ns;
    t.times = times = calloc(MAX_FACTS, sizeof *times);
    t.buckets = buckets = calloc(t.max_buckets, sizeof *buckets);
    e = times && buckets ? read_all(&t, &scope) : WS_NOMEM;
    if (!e)
        e = write_all(&t, &b);
    if (e) {
        buf_fini(&b);
        page_fail(x, e);
        return;
    }
    page_reply(x, &b);
}
