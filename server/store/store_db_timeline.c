/* Events and recordings of a session as people see them. */
#include "server/store/store_db.h"
#include "server/store/store_views_backend.h"

#define EVENT "SELECT id, at, event, reason, payload FROM event "
#define RECORDING "SELECT id, at, ended_at, status, bytes FROM recording "
#define RANGE                                                                  \
    "WHERE session_id=?1 AND at>=?2 AND at<?3 AND at<=?4 "                     \
    "AND (at<?4 OR id<?5) ORDER BY at DESC, id DESC" STORE_DB_LIMIT

static enum err begin(struct store *s, const char *sql,
                      const struct store_range *r, struct db_stmt **q)
{
    enum err e = db_stmt(store_db_conn(s), sql, q);

    if (e)
        return e;
    db_bind_int(*q, r->session_id);
    db_bind_int(*q, r->from_ns);
    db_bind_int(*q, r->to_ns);
    db_bind_int(*q, r->before_ns);
    db_bind_int(*q, r->before_id);
    return WS_OK;
}

/* One page; *more: there may be another, from left on. */
static enum err
page_of_events(struct store *s, struct store_range *left, bool *more,
               int (*each)(void *ctx, const struct store_event_view *row),
               void *ctx)
{
    struct db_stmt *q;
    size_t rows = 0;
    enum err e = begin(s, EVENT RANGE, left, &q);

    if (e)
        return e;
    for (*more = true; *more && (e = db_step(q)) == WS_OK; rows++) {
        struct store_event_view row = {
            .id = db_int(q, 0),
            .at_ns = db_int(q, 1),
            .type = db_text(q, 2),
            .reason = db_text(q, 3),
        };

        row.payload = db_blob(q, 4, &row.payload_len);
        left->before_ns = row.at_ns;
        left->before_id = row.id;
        *more = each(ctx, &row);
    }
    db_reset(q);
    *more = *more && rows == STORE_DB_PAGE;
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err
events(struct store *s, const struct store_range *range,
       int (*each)(void *ctx, const struct store_event_view *row), void *ctx)
{
    struct store_range left = *range;
    bool more = true;
    enum err e = WS_OK;

    while (more && !e)
        e = page_of_events(s, &left, &more, each, ctx);
    return e;
}

static enum err page_of_recordings(
    struct store *s, struct store_range *left, bool *more,
    int (*each)(void *ctx, const struct store_recording_view *row), void *ctx)
{
    struct db_stmt *q;
    size_t rows = 0;
    enum err e = begin(s, RECORDING RANGE, left, &q);

    if (e)
        return e;
    for (*more = true; *more && (e = db_step(q)) == WS_OK; rows++) {
        struct store_recording_view row = {
            .id = db_int(q, 0),
            .at_ns = db_int(q, 1),
            .ended_ns = db_int(q, 2),
            .status = (enum fact_recording_status)db_int(q, 3),
            .bytes = db_int(q, 4),
        };

        left->before_ns = row.at_ns;
        left->before_id = row.id;
        *more = each(ctx, &row);
    }
    db_reset(q);
    *more = *more && rows == STORE_DB_PAGE;
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err recordings(struct store *s, const struct store_range *range,
                           int (*each)(void *ctx,
                                       const struct store_recording_view *row),
                           void *ctx)
{
    struct store_range left = *range;
    bool more = true;
    enum err e = WS_OK;

    while (more && !e)
        e = page_of_recordings(s, &left, &more, each, ctx);
    return e;
}

const struct store_timeline_ops store_db_timeline = {
    .events = events,
    .recordings = recordings,
};
