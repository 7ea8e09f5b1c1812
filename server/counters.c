#include "server/counters.h"

const uint64_t counters_batch_bounds[COUNTERS_BATCH_BUCKETS] = {
    1, 2, 4, 8, 16, 32, 64, 128, 500};
const uint64_t counters_commit_bounds_us[COUNTERS_COMMIT_BUCKETS] = {
    250, 500, 1000, 2500, 5000, 10000, 50000, 1000000};

/* clang-format off */
#define ROW(name, label, help, member) \
    {name, label, help, offsetof(struct counters, member)}
#define FACTS "Facts received, by what became of them."
#define CONNECTIONS "Connections taken, refused over a bound, cut off for slowness."
#define EXPIRED "Rows removed by age or bound, by class."
#define ANSWERS "Answers given, by class."
const struct counters_row counters_rows[] = {
    ROW("worksight_facts_total", "verdict=\"accepted\"", FACTS, accepted),
    ROW("worksight_facts_total", "verdict=\"duplicate\"", FACTS, duplicates),
    ROW("worksight_facts_total", "verdict=\"seq_reused\"", FACTS, seq_reused),
    ROW("worksight_facts_total", "verdict=\"rejected\"", FACTS, rejected),
    ROW("worksight_facts_total", "verdict=\"denied\"", FACTS, denied),
    ROW("worksight_facts_total", "verdict=\"retry\"", FACTS, retried),
    ROW("worksight_facts_total", "verdict=\"no_room\"", FACTS, no_room),
    ROW("worksight_conflicting_duplicates_total", NULL,
        "Repeated keys of layer 1 with another payload.", conflicting_duplicates),
    ROW("worksight_sessions_opened_total", NULL, "Sessions opened.", sessions_opened),
    ROW("worksight_sessions_replayed_total", NULL,
        "Session openings answered with the session that was there.", sessions_replayed),
    ROW("worksight_heartbeats_total", NULL, "Heartbeats heard.", heartbeats),
    ROW("worksight_batches_total", NULL, "Batch requests.", batches),
    ROW("worksight_commit_queue_full_total", NULL,
        "Requests answered 503 because the commit queue was full.", queue_full),
    ROW("worksight_commit_transactions_total", NULL, "Transactions of facts.", transactions),
    ROW("worksight_commit_replays_total", NULL, "Transactions replayed whole.", replays),
    ROW("worksight_commit_bisections_total", NULL,
        "Transactions cut in two to find a row that cannot be stored.", bisections),
    ROW("worksight_commit_failures_total", NULL,
        "Transactions whose outcome was answered 503 or 507.", commit_failures),
    ROW("worksight_commit_calls_total", NULL, "Other writes.", calls),
    ROW("worksight_token_lookups_total", "result=\"hit\"", "Token look-ups.", token_hits),
    ROW("worksight_token_lookups_total", "result=\"miss\"", "Token look-ups.", token_misses),
    ROW("worksight_token_lookups_total", "result=\"refused\"", "Token look-ups.", token_refusals),
    ROW("worksight_blobs_stored_total", NULL, "Pictures stored.", blobs_stored),
    ROW("worksight_blob_bytes_total", NULL, "Bytes of pictures stored.", blob_bytes),
    ROW("worksight_retention_rows_total", "class=\"pictures\"", EXPIRED, expired_pictures),
    ROW("worksight_retention_rows_total", "class=\"recordings\"", EXPIRED, expired_recordings),
    ROW("worksight_retention_rows_total", "class=\"metrics\"", EXPIRED, expired_metrics),
    ROW("worksight_retention_rows_total", "class=\"rollups\"", EXPIRED, expired_rollups),
    ROW("worksight_retention_rows_total", "class=\"audit\"", EXPIRED, expired_audit),
    ROW("worksight_retention_picture_bytes_total", NULL,
        "Bytes of pictures removed by age or bound.", expired_picture_bytes),
    ROW("worksight_http_connections_total", "result=\"accepted\"", CONNECTIONS, http_accepted),
    ROW("worksight_http_connections_total", "result=\"refused\"", CONNECTIONS, http_refused),
    ROW("worksight_http_connections_total", "result=\"too_slow\"", CONNECTIONS, http_timed_out),
    ROW("worksight_http_answers_total", "status=\"2xx\"", ANSWERS, http_2xx),
    ROW("worksight_http_answers_total", "status=\"3xx\"", ANSWERS, http_3xx),
    ROW("worksight_http_answers_total", "status=\"4xx\"", ANSWERS, http_4xx),
    ROW("worksight_http_answers_total", "status=\"5xx\"", ANSWERS, http_5xx),
};
/* clang-format on */
const size_t counters_row_count = sizeof counters_rows / sizeof *counters_rows;

static void add_one(atomic_uint_fast64_t *to)
{
    atomic_fetch_add_explicit(to, 1, memory_order_relaxed);
}

void counters_transaction(struct counters *c, size_t facts, uint64_t us)
{
    size_t b = 0, t = 0;

    if (!c)
        return;
    while (b < COUNTERS_BATCH_BUCKETS - 1 && facts > counters_batch_bounds[b])
        b++;
    while (t < COUNTERS_COMMIT_BUCKETS - 1 && us > counters_commit_bounds_us[t])
        t++;
    add_one(&c->batch_facts[b]);
    add_one(&c->commit_us[t]);
    COUNTERS_ADD(c, commit_us_sum, us);
    COUNTERS_ADD(c, transactions, 1);
}

uint64_t counters_value(const struct counters *c, size_t row)
{
    const char *at = (const char *)c + counters_rows[row].offset;

    return atomic_load_explicit((const atomic_uint_fast64_t *)(const void *)at,
                                memory_order_relaxed);
}
