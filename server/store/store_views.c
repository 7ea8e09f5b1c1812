/* The thin callers of views. */
#include "server/store/store_views.h"

#include "server/store/store_views_backend.h"

enum err store_views_sessions(struct store *s, const struct store_scope *scope,
                              int64_t before_id, int64_t since_quarter,
                              int (*each)(void *ctx,
                                          const struct store_session_view *row),
                              void *ctx)
{
    return s->ops->views->sessions(s, scope, before_id, since_quarter, each,
                                   ctx);
}

enum err store_views_session(struct store *s, const struct store_scope *scope,
                             int64_t id, int64_t since_quarter,
                             int (*each)(void *ctx,
                                         const struct store_session_view *row),
                             void *ctx)
{
    return s->ops->views->session(s, scope, id, since_quarter, each, ctx);
}

enum err store_views_may_see(struct store *s, const struct store_scope *scope,
                             int64_t session_id)
{
    return s->ops->views->may_see(s, scope, session_id);
}

enum err store_views_agents(struct store *s, const struct store_scope *scope,
                            int64_t online_since_ns, int64_t late_since_ns,
                            struct store_agents *out)
{
    return s->ops->views->agents(s, scope, online_since_ns, late_since_ns, out);
}

enum err store_views_quarters(
    struct store *s, int64_t session_id, int64_t first, int64_t end,
    int (*each)(void *ctx, const struct store_rollup *row), void *ctx)
{
    return s->ops->views->rollups->quarters(s, session_id, first, end, each,
                                            ctx);
}

enum err store_views_spans(struct store *s, int64_t session_id, int64_t first,
                           int64_t end, int64_t quarters,
                           int (*each)(void *ctx,
                                       const struct store_bucket *row),
                           void *ctx)
{
    return s->ops->views->rollups->spans(s, session_id, first, end, quarters,
                                         each, ctx);
}

enum err store_views_observed(struct store *s, int64_t session_id,
                              int64_t first, int64_t end,
                              int (*each)(void *ctx, int64_t quarter),
                              void *ctx)
{
    return s->ops->views->rollups->observed(s, session_id, first, end, each,
                                            ctx);
}

enum err store_views_fleet(struct store *s, const struct store_scope *scope,
                           int64_t first, int64_t end,
                           int (*each)(void *ctx,
                                       const struct store_rollup *row),
                           void *ctx)
{
    return s->ops->views->fleet(s, scope, first, end, each, ctx);
}

enum err store_views_metrics(struct store *s, const struct store_range *range,
                             int (*each)(void *ctx,
                                         const struct store_metric_view *row),
                             void *ctx)
{
    return s->ops->views->items->metrics(s, range, each, ctx);
}

enum err store_views_looks(struct store *s, const struct store_range *range,
                           int (*each)(void *ctx,
                                       const struct store_look_view *row),
                           void *ctx)
{
    return s->ops->views->items->looks(s, range, each, ctx);
}

enum err store_views_metric(struct store *s, int64_t id,
                            int (*each)(void *ctx,
                                        const struct store_metric_view *row),
                            void *ctx)
{
    return s->ops->views->items->metric(s, id, each, ctx);
}

enum err store_views_screenshot_at(struct store *s, int64_t session_id,
                                   int64_t at_ns, int64_t *id)
{
    return s->ops->views->items->screenshot_at(s, session_id, at_ns, id);
}

enum err store_views_extent(struct store *s, int64_t session_id,
                            int64_t *first_ns, int64_t *last_ns)
{
    return s->ops->views->items->extent(s, session_id, first_ns, last_ns);
}

enum err store_views_buckets(struct store *s, int64_t session_id,
                             int64_t from_ns, int64_t to_ns, int64_t width_ns,
                             int (*each)(void *ctx,
                                         const struct store_bucket *row),
                             void *ctx)
{
    return s->ops->views->items->buckets(s, session_id, from_ns, to_ns,
                                         width_ns, each, ctx);
}

enum err store_views_screenshots(
    struct store *s, const struct store_range *range,
    int (*each)(void *ctx, const struct store_screenshot_view *row), void *ctx)
{
    return s->ops->views->items->screenshots(s, range, each, ctx);
}

enum err store_views_screenshot(
    struct store *s, int64_t id,
    int (*each)(void *ctx, const struct store_screenshot_view *row), void *ctx)
{
    return s->ops->views->items->screenshot(s, id, each, ctx);
}

enum err store_views_events(struct store *s, const struct store_range *range,
                            int (*each)(void *ctx,
                                        const struct store_event_view *row),
                            void *ctx)
{
    return s->ops->views->timeline->events(s, range, each, ctx);
}

enum err store_views_recordings(
    struct store *s, const struct store_range *range,
    int (*each)(void *ctx, const struct store_recording_view *row), void *ctx)
{
    return s->ops->views->timeline->recordings(s, range, each, ctx);
}
