/* /metrics: the numbers of this server in Prometheus' text format. No label
 * ever names a person, a computer or a session. */
#include "core/clock.h"
#include "server/commit/committer.h"
#include "server/counters.h"
#include "server/http/readers.h"
#include "server/ingest/beats.h"
#include "server/server.h"
#include "server/store/store.h"
#include "server/views/live.h"
#include "server/views/page.h"
#include "server/views/views.h"

#include <inttypes.h>
#include <string.h>

static void head(struct buf *b, const char *name, const char *type,
                 const char *help)
{
    buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void gauge(struct buf *b, const char *name, const char *help,
                  int64_t value)
{
    head(b, name, "gauge", help);
    buf_printf(b, "%s %" PRId64 "\n", name, value);
}

static void write_counters(struct buf *b, const struct counters *c)
{
    const char *before = "";
    size_t i;

    for (i = 0; i < counters_row_count; i++) {
        const struct counters_row *r = &counters_rows[i];

        if (strcmp(before, r->name) != 0)
            head(b, r->name, "counter", r->help);
        before = r->name;
        if (r->label)
            buf_printf(b, "%s{%s} %" PRIu64 "\n", r->name, r->label,
                       counters_value(c, i));
        else
            buf_printf(b, "%s %" PRIu64 "\n", r->name, counters_value(c, i));
    }
}

/* One bucket a bound, the last one without: each counts all below it. */
static void write_batches(struct buf *b, const struct counters *c)
{
    static const char name[] = "worksight_commit_batch_facts";
    uint64_t sum = 0;
    size_t i;

    head(b, name, "histogram", "Facts in one transaction.");
    for (i = 0; i < COUNTERS_BATCH_BUCKETS; i++) {
        sum += c->batch_facts[i];
        buf_printf(b, "%s_bucket{le=\"%" PRIu64 "\"} %" PRIu64 "\n", name,
                   counters_batch_bounds[i], sum);
    }
    buf_printf(b, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, sum);
    buf_printf(
        b, "%s_sum %" PRIu64 "\n", name,
        (uint64_t)(c->accepted + c->duplicates + c->conflicting_duplicates));
    buf_printf(b, "%s_count %" PRIu64 "\n", name, sum);
}

static void write_commits(struct buf *b, const struct counters *c)
{
    static const char name[] = "worksight_commit_duration_seconds";
    uint64_t sum = 0;
    size_t i;

    head(b, name, "histogram", "Time of one transaction of facts.");
    for (i = 0; i < COUNTERS_COMMIT_BUCKETS; i++) {
        sum += c->commit_us[i];
        if (i + 1 < COUNTERS_COMMIT_BUCKETS)
            buf_printf(b, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
                       (double)counters_commit_bounds_us[i] / 1e6, sum);
    }
    buf_printf(b, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, sum);
    buf_printf(b, "%s_sum %g\n", name, (double)c->commit_us_sum / 1e6);
    buf_printf(b, "%s_count %" PRIu64 "\n", name, sum);
}

static void write_agents(struct buf *b, const struct store_agents *a)
{
    static const char name[] = "worksight_agents";

    head(b, name, "gauge",
         "Agents by the age of the last heartbeat of their newest session.");
    buf_printf(b, "%s{state=\"online\"} %" PRId64 "\n", name, a->online);
    buf_printf(b, "%s{state=\"late\"} %" PRId64 "\n", name, a->late);
    buf_printf(b, "%s{state=\"offline\"} %" PRId64 "\n", name, a->offline);
    gauge(b, "worksight_sessions", "Sessions stored.", a->sessions);
}

void views_prometheus(struct exchange *x)
{
    static const struct store_scope all = {.width = STORE_SCOPE_EVERYONE};
    struct server *server = exchange_server(x);
    int64_t now_ns = env_wall_ns(server->env);
    struct store *reader = readers_context();
    struct store_agents agents;
    struct buf b = BUF_EMPTY;

    head(&b, "worksight_build_info", "gauge", "The version that runs.");
    buf_printf(&b, "worksight_build_info{version=\"%s\"} 1\n", WS_VERSION);
    write_counters(&b, server->counters);
    write_batches(&b, server->counters);
    write_commits(&b, server->counters);
    gauge(&b, "worksight_commit_queue", "Writes that wait for the committer.",
          (int64_t)committer_depth(server->committer));
    gauge(&b, "worksight_heartbeats_waiting",
          "Sessions whose heartbeat was heard and is not yet written.",
          (int64_t)beats_waiting(server->beats));
    gauge(&b, "worksight_event_streams", "Event streams that are open.",
          (int64_t)live_streams(server->live));
    gauge(&b, "worksight_store_bytes", "Size of the database.",
          store_bytes(reader));
    if (store_views_agents(reader, &all,
                           now_ns -
                               server->settings->online_ms * CLOCK_NS_PER_MS,
                           now_ns - server->settings->late_ms * CLOCK_NS_PER_MS,
                           &agents) == WS_OK)
        write_agents(&b, &agents);
    if (buf_check(&b)) {
        buf_fini(&b);
        exchange_busy(x, 1);
        return;
    }
    exchange_add_header(x, "Cache-Control", "no-store");
    exchange_reply(x, 200, "text/plain; version=0.0.4; charset=utf-8", &b);
}
