/* store_views.h - what people look at, as rows, for whom they may see.
 *
 * Flow:    views (reader threads) -> [store_views] -> the engine's SQL
 * Shapes:  lists are walks, newest first, from a key on; a row's texts live
 *          during the call of `each`, which returns 0 to stop
 * Units:   times in ns UTC, 0: none
 * Errors:  WS_NOTFOUND  no such row, or not in the asker's scope: the same,
 *          so nobody learns what exists
 * Process: on a reader's handle; `each` may run other queries of it, but not
 *          the same walk
 * Source:  design.md "every page costs what it shows"; api/openapi.yaml
 */
#ifndef SERVER_STORE_STORE_VIEWS_H
#define SERVER_STORE_STORE_VIEWS_H

#include "core/err.h"
#include "server/store/store_facts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* Whose sessions the asker sees. */
struct store_scope {
    enum { STORE_SCOPE_OWN, STORE_SCOPE_TEAM, STORE_SCOPE_EVERYONE } width;
    int64_t account_id; /* of OWN, and whose team for TEAM */
};

struct store_session_view {
    int64_t id;
    const char *session_uid, *agent_id; /* NULL: layer 1 */
    const char *agent_name, *agent_version, *hostname, *username, *ip_address;
    const char *person; /* account's name, or NULL */
    int64_t created_ns, started_ns;
    int64_t last_seen_ns;      /* last heartbeat; 0: none */
    int64_t head_seq, head_ns; /* as of a heartbeat; 0: not said */
    const char *health;        /* the last body, JSON; NULL: none */
    bool revoked;              /* its token */
    bool latest;               /* no newer session of the same agent */
    int64_t metrics;           /* ever */
    int64_t first_metric_ns, last_metric_ns, last_screenshot_ns;
    int64_t last_received_ns; /* the server's clock, any item */
    /* of the metrics since the quarter that was asked for */
    int64_t metrics_since, unusual_since, failures_since;
};

/* Sessions with ids below before_id. */
enum err store_views_sessions(struct store *s, const struct store_scope *scope,
                              int64_t before_id, int64_t since_quarter,
                              int (*each)(void *ctx,
                                          const struct store_session_view *row),
                              void *ctx) WS_MUST_CHECK;
/* One of them: each is called once. */
enum err store_views_session(struct store *s, const struct store_scope *scope,
                             int64_t id, int64_t since_quarter,
                             int (*each)(void *ctx,
                                         const struct store_session_view *row),
                             void *ctx) WS_MUST_CHECK;
/* The session exists and is in the scope. */
enum err store_views_may_see(struct store *s, const struct store_scope *scope,
                             int64_t session_id) WS_MUST_CHECK;

struct store_agents {
    int64_t sessions;              /* ever */
    int64_t online, late, offline; /* of each agent's newest session */
};
/* How many agents were heard of since two moments. */
enum err store_views_agents(struct store *s, const struct store_scope *scope,
                            int64_t online_since_ns, int64_t late_since_ns,
                            struct store_agents *out) WS_MUST_CHECK;

/* --- quarters of an hour --- */

/* One session's roll-ups with first <= quarter < end, in order. */
enum err store_views_quarters(struct store *s, int64_t session_id,
                              int64_t first, int64_t end,
                              int (*each)(void *ctx,
                                          const struct store_rollup *row),
                              void *ctx) WS_MUST_CHECK;
/* The same of everything in the scope: the rows of a quarter add up. */
enum err store_views_fleet(struct store *s, const struct store_scope *scope,
                           int64_t first, int64_t end,
                           int (*each)(void *ctx,
                                       const struct store_rollup *row),
                           void *ctx) WS_MUST_CHECK;

/* --- metrics --- */

struct store_metric_view {
    int64_t id, session_id;
    int64_t seq; /* 0: none */
    int64_t at_ns, received_ns;
    enum fact_source source_type;
    enum fact_label label;
    enum fact_pipeline pipeline;
    bool scored, judged;
    double productivity, anomaly;
    const char *source_ref, *feature_version, *key;
    const char *ocr_text_hash, *error_code, *error_message; /* or NULL */
    const char *payload;                                    /* as it came */
    size_t payload_len;
};

/* Part of a session's items: from <= at < to, below (at, id). */
struct store_range {
    int64_t session_id;
    int64_t from_ns, to_ns;
    int64_t before_ns, before_id; /* INT64_MAX both: from the newest on */
};

enum err store_views_metrics(struct store *s, const struct store_range *range,
                             int (*each)(void *ctx,
                                         const struct store_metric_view *row),
                             void *ctx) WS_MUST_CHECK;
/* What the lanes show of a metric: from an index alone. */
struct store_look_view {
    int64_t id, at_ns;
    bool told; /* false: an older server wrote it: the payload says it */
    const char *category; /* cut to FACT_CATEGORY_BYTES; NULL: none said */
};
enum err store_views_looks(struct store *s, const struct store_range *range,
                           int (*each)(void *ctx,
                                       const struct store_look_view *row),
                           void *ctx) WS_MUST_CHECK;
enum err store_views_metric(struct store *s, int64_t id,
                            int (*each)(void *ctx,
                                        const struct store_metric_view *row),
                            void *ctx) WS_MUST_CHECK;
/* The picture of exactly this moment; 0: none. */
enum err store_views_screenshot_at(struct store *s, int64_t session_id,
                                   int64_t at_ns, int64_t *id) WS_MUST_CHECK;

/* First and last moment of a session's metrics; WS_NOTFOUND without any. */
enum err store_views_extent(struct store *s, int64_t session_id,
                            int64_t *first_ns, int64_t *last_ns) WS_MUST_CHECK;

struct store_band {
    bool known; /* something entered it */
    double min, avg, max;
};
struct store_bucket {
    int64_t number; /* at / width, or quarter / quarters */
    int64_t count, not_scored, not_judged;
    struct store_band productivity, anomaly, activity;
};
/* Facts of [from, to) in buckets of width_ns, in order. */
enum err store_views_buckets(struct store *s, int64_t session_id,
                             int64_t from_ns, int64_t to_ns, int64_t width_ns,
                             int (*each)(void *ctx,
                                         const struct store_bucket *row),
                             void *ctx) WS_MUST_CHECK;

/* Roll-ups of first <= quarter < end in buckets of so many quarters, in order;
 * those without a metric are left out, activity is not known. Buckets of days
 * are read from days where those are summed: the same, from fewer rows. */
enum err store_views_spans(struct store *s, int64_t session_id, int64_t first,
                           int64_t end, int64_t quarters,
                           int (*each)(void *ctx,
                                       const struct store_bucket *row),
                           void *ctx) WS_MUST_CHECK;

/* The quarters with a metric, in order; from days where those are summed. */
enum err store_views_observed(struct store *s, int64_t session_id,
                              int64_t first, int64_t end,
                              int (*each)(void *ctx, int64_t quarter),
                              void *ctx) WS_MUST_CHECK;

/* --- pictures --- */

struct store_screenshot_view {
    int64_t id, session_id;
    int64_t seq; /* 0: none */
    int64_t at_ns, received_ns;
    int64_t bytes, width_px, height_px;
    enum fact_format format;
    const char *output;    /* or NULL */
    int64_t tier, masks;   /* -1: not said */
    const char *blob;      /* name in the blob store */
    const char *thumbnail; /* or NULL */
    const uint8_t *sha256;
    int64_t metric_id; /* of exactly this moment; 0: none */
};

enum err store_views_screenshots(
    struct store *s, const struct store_range *range,
    int (*each)(void *ctx, const struct store_screenshot_view *row),
    void *ctx) WS_MUST_CHECK;
enum err store_views_screenshot(
    struct store *s, int64_t id,
    int (*each)(void *ctx, const struct store_screenshot_view *row),
    void *ctx) WS_MUST_CHECK;

/* --- events and recordings --- */

struct store_event_view {
    int64_t id, at_ns;
    const char *type;    /* "pause", "resume" ... */
    const char *reason;  /* or NULL */
    const char *payload; /* as it came */
    size_t payload_len;
};
enum err store_views_events(struct store *s, const struct store_range *range,
                            int (*each)(void *ctx,
                                        const struct store_event_view *row),
                            void *ctx) WS_MUST_CHECK;

struct store_recording_view {
    int64_t id, at_ns, ended_ns;
    int64_t bytes; /* -1: not said */
    enum fact_recording_status status;
};
enum err store_views_recordings(
    struct store *s, const struct store_range *range,
    int (*each)(void *ctx, const struct store_recording_view *row),
    void *ctx) WS_MUST_CHECK;

#endif
