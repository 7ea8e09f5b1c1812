/* store_facts.h - the facts that agents deliver, and their roll-ups.
 *
 * Flow:    ingest makes facts -> commit -> [store_facts] -> views
 * Shapes:  one struct fact an item, whatever its kind; the payload's bytes are
 *          kept as they came beside the columns
 * Units:   times in ns UTC; quarters count 900 s since 1970
 * Errors:  as store.h
 * Owns:    texts of a fact belong to its maker and outlive the call
 * Source:  wire.md; design.md section 2, "Schema rules"
 */
#ifndef SERVER_STORE_STORE_FACTS_H
#define SERVER_STORE_STORE_FACTS_H

#include "core/buf.h"
#include "core/wire.h"
#include "server/store/store.h"
#include "server/store/store_ledger.h"

#include <stdbool.h>

#define STORE_QUARTER_NS (INT64_C(900) * 1000000000)

enum fact_source { FACT_SCREENSHOT, FACT_RECORDING_WINDOW };
enum fact_label { FACT_NORMAL, FACT_SUSPICIOUS, FACT_CRITICAL };
enum fact_pipeline { FACT_OK, FACT_PARTIAL, FACT_FAILED };
enum fact_recording_status { /* a status moves forward only */
                             FACT_CREATED,
                             FACT_RECORDED,
                             FACT_UPLOADING,
                             FACT_UPLOADED,
                             FACT_UPLOAD_FAILED,
};
#define FACT_CATEGORY_BYTES 40 /* with the NUL */
enum fact_format { FACT_PNG, FACT_JPEG, FACT_WEBP };

struct fact_metric {
    enum fact_source source_type;
    enum fact_label label;
    enum fact_pipeline pipeline;
    bool scored; /* features.scored is not false: enters averages */
    bool judged; /* the same of the anomaly and its label */
    double productivity, anomaly;
    double activity;      /* features.activity; NAN: none, or no number */
    const char *category; /* features.category, cut; or NULL */
    const char *source_ref, *feature_version;
    const char *ocr_text_hash, *error_code, *error_message; /* or NULL */
};

struct fact_screenshot {
    const char *blob;      /* name in the blob store */
    const char *thumbnail; /* another one, or NULL */
    int64_t bytes;
    int64_t width_px, height_px;
    enum fact_format format;
    const char *output; /* monitor, or NULL */
    int64_t tier;       /* -1: not said */
    int64_t masks;      /* boxes filled before encoding; -1: not said */
    uint8_t sha256[STORE_SHA256_BYTES]; /* of the image */
};

struct fact_recording {
    const char *video_path, *drive_file_id; /* drive_file_id may be NULL */
    int64_t ended_ns;
    int64_t bytes; /* -1: not said */
    enum fact_recording_status status;
};

struct fact_recording_status_row {
    int64_t recording_seq;
    int64_t retry_count; /* -1: not said */
    enum fact_recording_status status;
    const char *drive_file_id, *error_message; /* or NULL */
};

struct fact_event {
    const char *type;   /* "pause", "resume", "lock", "policy" ... */
    const char *reason; /* or NULL */
};

struct fact_notice_ack {
    const char *notice_hash;
    const char *person; /* or NULL */
    int64_t tier;       /* the tier that was acknowledged */
};

struct fact_tombstone {
    const char *reason;
    const struct store_run *runs; /* of seqs that will not come; or NULL */
    size_t run_count;
    int64_t count; /* things that never had a seq: dropped frames */
};

/* One item. */
struct fact {
    enum wire_item_kind kind;
    int64_t id; /* given by the committer, from a block */
    int64_t session_id;
    const char *key; /* idempotency key; never NULL in a store */
    int64_t seq;     /* 0: none (layer 1) */
    int64_t at_ns;   /* the item's own time */
    int64_t received_ns;
    const char *payload;
    size_t payload_len;
    uint8_t payload_sha256[STORE_SHA256_BYTES];
    union {
        struct fact_metric metric;
        struct fact_screenshot screenshot;
        struct fact_recording recording;
        struct fact_recording_status_row recording_status;
        struct fact_event event;
        struct fact_notice_ack notice_ack;
        struct fact_tombstone tombstone;
    };
};

/* Insert facts, sorted by (session, key); results[i] is WS_OK for a new row
 * and WS_EXISTS where (session, key) is taken in the fact's table. WS_INVALID:
 * one of the rows cannot be stored and the transaction must be rolled back. */
enum err store_facts_put(struct store *s, const struct fact *const *facts,
                         size_t count, enum err *results) WS_MUST_CHECK;

#define FACT_BLOB_BYTES 128

/* The row that holds a key. */
struct fact_found {
    enum wire_item_kind kind;
    int64_t id;
    int64_t seq; /* 0: none */
    uint8_t payload_sha256[STORE_SHA256_BYTES];
    struct buf payload;         /* the caller's to free */
    char blob[FACT_BLOB_BYTES]; /* of a screenshot; else "" */
};

/* Find the row of (session, key) in one kind's table; WS_NOTFOUND. */
enum err store_facts_find(struct store *s, enum wire_item_kind kind,
                          int64_t session_id, const char *key,
                          struct fact_found *out) WS_MUST_CHECK;

/* What happened in one quarter of an hour, of one session or of all. */
struct store_rollup {
    int64_t session_id; /* 0 in the fleet's */
    int64_t quarter;
    int64_t observations; /* metrics, scored or not */
    int64_t scored;       /* productivity_* are of these */
    int64_t judged;       /* anomaly_* and the labels are of these */
    int64_t normal, suspicious, critical;
    int64_t partial, failed; /* of all observations */
    int64_t screenshots, screenshot_bytes;
    int64_t recordings, recording_bytes;
    int64_t events;
    double productivity_sum, productivity_min, productivity_max;
    double anomaly_sum, anomaly_min, anomaly_max;
};

/* Add to the roll-ups of sessions, sorted by (session, quarter). */
enum err store_facts_add_rollups(struct store *s,
                                 const struct store_rollup *rows,
                                 size_t count) WS_MUST_CHECK;

/* Add to the fleet's roll-ups, sorted by quarter; each writer has a shard of
 * its own, so that writers never wait for each other's rows. */
enum err store_facts_add_fleet(struct store *s, int64_t shard,
                               const struct store_rollup *rows,
                               size_t count) WS_MUST_CHECK;

/* Per session, kept with the facts, so that no page counts rows. */
struct store_stat {
    int64_t session_id;
    int64_t metrics, screenshots, recordings, events; /* to add */
    int64_t on_time; /* of the metrics: store_days.h */
    int64_t last_metric_ns, last_screenshot_ns; /* 0: none in here */
    int64_t last_received_ns;
};

/* Add to the per-session figures, sorted by session. */
enum err store_facts_add_stats(struct store *s, const struct store_stat *rows,
                               size_t count) WS_MUST_CHECK;

#endif
