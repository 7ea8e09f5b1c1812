/* counters.h - what the server counted since it started, for /metrics.
 *
 * Flow:    ingest, commit, auth -> [counters] -> views (/metrics)
 * Shapes:  relaxed atomics in one struct, and one table that names them
 * Process: any thread; adding is one instruction
 * Source:  Prometheus text format: names end in _total, times in _seconds
 */
#ifndef SERVER_COUNTERS_H
#define SERVER_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTERS_BATCH_BUCKETS 9  /* at most counters_batch_bounds[i] facts */
#define COUNTERS_COMMIT_BUCKETS 8 /* at most counters_commit_bounds_us[i] */

struct counters {
    /* facts, by what became of them */
    atomic_uint_fast64_t accepted, duplicates, conflicting_duplicates;
    atomic_uint_fast64_t seq_reused, rejected, denied, retried, no_room;
    /* requests */
    atomic_uint_fast64_t sessions_opened, sessions_replayed;
    atomic_uint_fast64_t heartbeats, batches, queue_full;
    /* the committer */
    atomic_uint_fast64_t transactions, replays, bisections, commit_failures;
    atomic_uint_fast64_t calls;
    atomic_uint_fast64_t batch_facts[COUNTERS_BATCH_BUCKETS];
    atomic_uint_fast64_t commit_us[COUNTERS_COMMIT_BUCKETS];
    atomic_uint_fast64_t commit_us_sum;
    /* tokens and pictures */
    atomic_uint_fast64_t token_hits, token_misses, token_refusals;
    atomic_uint_fast64_t blobs_stored, blob_bytes;
    atomic_uint_fast64_t expired_pictures, expired_recordings;
    atomic_uint_fast64_t expired_metrics, expired_rollups, expired_audit;
    atomic_uint_fast64_t expired_picture_bytes;
    /* connections and answers, as the listener last said (once a second) */
    atomic_uint_fast64_t http_accepted, http_refused, http_timed_out;
    atomic_uint_fast64_t http_2xx, http_3xx, http_4xx, http_5xx;
};

extern const uint64_t counters_batch_bounds[COUNTERS_BATCH_BUCKETS];
extern const uint64_t counters_commit_bounds_us[COUNTERS_COMMIT_BUCKETS];

/* One plain counter as /metrics shows it. */
struct counters_row {
    const char *name;  /* "worksight_facts_total" */
    const char *label; /* "verdict=\"accepted\""; or NULL */
    const char *help;
    size_t offset; /* of the atomic in struct counters */
};
extern const struct counters_row counters_rows[];
extern const size_t counters_row_count;

/* Add to one counter; c may be NULL. */
#define COUNTERS_ADD(c, member, n)                                             \
    do {                                                                       \
        if (c)                                                                 \
            atomic_fetch_add_explicit(&(c)->member, (uint64_t)(n),             \
                                      memory_order_relaxed);                   \
    } while (0)

/* One transaction of so many facts took so long. */
void counters_transaction(struct counters *c, size_t facts, uint64_t us);

uint64_t counters_value(const struct counters *c, size_t row);

#endif
