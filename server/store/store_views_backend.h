/* store_views_backend.h - what a backend fills in for views; for backends and
 * the thin callers alone.
 *
 * Flow:    store_views.c -> [store_views_backend] -> store_db_views*.c
 * Source:  house-style.md section 6; the meanings stand in store_views.h
 */
#ifndef SERVER_STORE_STORE_VIEWS_BACKEND_H
#define SERVER_STORE_STORE_VIEWS_BACKEND_H

#include "server/store/store_backend.h"
#include "server/store/store_views.h"

/* Metrics and pictures. */
struct store_items_ops {
    enum err (*metrics)(struct store *s, const struct store_range *range,
                        int (*each)(void *ctx,
                                    const struct store_metric_view *row),
                        void *ctx);
    enum err (*metric)(struct store *s, int64_t id,
                       int (*each)(void *ctx,
                                   const struct store_metric_view *row),
                       void *ctx);
    enum err (*looks)(struct store *s, const struct store_range *range,
                      int (*each)(void *ctx, const struct store_look_view *row),
                      void *ctx);
    enum err (*screenshot_at)(struct store *s, int64_t session_id,
                              int64_t at_ns, int64_t *id);
    enum err (*extent)(struct store *s, int64_t session_id, int64_t *first_ns,
                       int64_t *last_ns);
    enum err (*buckets)(struct store *s, int64_t session_id, int64_t from_ns,
                        int64_t to_ns, int64_t width_ns,
                        int (*each)(void *ctx, const struct store_bucket *row),
                        void *ctx);
    enum err (*screenshots)(
        struct store *s, const struct store_range *range,
        int (*each)(void *ctx, const struct store_screenshot_view *row),
        void *ctx);
    enum err (*screenshot)(struct store *s, int64_t id,
                           int (*each)(void *ctx,
                                       const struct store_screenshot_view *row),
                           void *ctx);
};

/* Events and recordings. */
struct store_timeline_ops {
    enum err (*events)(struct store *s, const struct store_range *range,
                       int (*each)(void *ctx,
                                   const struct store_event_view *row),
                       void *ctx);
    enum err (*recordings)(struct store *s, const struct store_range *range,
                           int (*each)(void *ctx,
                                       const struct store_recording_view *row),
                           void *ctx);
};

/* One session's quarters and days. */
struct store_rollups_ops {
    enum err (*quarters)(struct store *s, int64_t session_id, int64_t first,
                         int64_t end,
                         int (*each)(void *ctx, const struct store_rollup *row),
                         void *ctx);
    enum err (*spans)(struct store *s, int64_t session_id, int64_t first,
                      int64_t end, int64_t quarters,
                      int (*each)(void *ctx, const struct store_bucket *row),
                      void *ctx);
    enum err (*observed)(struct store *s, int64_t session_id, int64_t first,
                         int64_t end, int (*each)(void *ctx, int64_t quarter),
                         void *ctx);
};

/* Sessions and the fleet, and the tables above. */
struct store_views_ops {
    enum err (*sessions)(struct store *s, const struct store_scope *scope,
                         int64_t before_id, int64_t since_quarter,
                         int (*each)(void *ctx,
                                     const struct store_session_view *row),
                         void *ctx);
    enum err (*session)(struct store *s, const struct store_scope *scope,
                        int64_t id, int64_t since_quarter,
                        int (*each)(void *ctx,
                                    const struct store_session_view *row),
                        void *ctx);
    enum err (*may_see)(struct store *s, const struct store_scope *scope,
                        int64_t session_id);
    enum err (*agents)(struct store *s, const struct store_scope *scope,
                       int64_t online_since_ns, int64_t late_since_ns,
                       struct store_agents *out);
    enum err (*fleet)(struct store *s, const struct store_scope *scope,
                      int64_t first, int64_t end,
                      int (*each)(void *ctx, const struct store_rollup *row),
                      void *ctx);
    const struct store_rollups_ops *rollups;
    const struct store_items_ops *items;
    const struct store_timeline_ops *timeline;
};

/* The table of the SQL engines. */
extern const struct store_rollups_ops store_db_rollups;
extern const struct store_items_ops store_db_items;
extern const struct store_timeline_ops store_db_timeline;

#endif
