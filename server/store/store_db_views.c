/* Sessions and roll-ups as people see them. One literal a scope, so that each
 * runs on its own index; everything that came from outside is bound. */
#include "server/store/store_db_figures.h"
#include "server/store/store_fleet.h"
#include "server/store/store_views_backend.h"

/* No newer session of the same agent. The next row of an index each: asked for
 * NOT EXISTS, min() or max(), MariaDB and MySQL read all rows of the agent, or
 * session; so does MySQL unless the order names all columns of the index. */
#define LATEST                                                                 \
    "(s.agent_id IS NULL OR s.id=(SELECT n.id FROM session n WHERE "           \
    "n.agent_id=s.agent_id ORDER BY n.agent_id DESC, n.id DESC LIMIT 1))"
#define COLUMNS                                                                \
    "SELECT s.id, s.session_uid, s.agent_id, s.agent_name, s.agent_version, "  \
    "s.hostname, s.username, s.ip_address, a.name, s.created_at, "             \
    "s.started_at, coalesce(h.last_seen, 0), coalesce(h.head_seq, 0), "        \
    "coalesce(h.head_at, 0), h.health, t.revoked_at IS NOT NULL, " LATEST      \
    ", coalesce(st.metrics, 0), "                                              \
    "coalesce((SELECT m.at FROM metric m WHERE m.session_id=s.id ORDER BY "    \
    "m.session_id, m.at, m.id LIMIT 1), 0), "                                  \
    "coalesce(st.last_metric_at, 0), coalesce(st.last_screenshot_at, 0), "     \
    "coalesce(st.last_received_at, 0) "
#define JOINS                                                                  \
    "LEFT JOIN heartbeat h ON h.session_id=s.id "                              \
    "LEFT JOIN agent_token t ON t.session_id=s.id "                            \
    "LEFT JOIN session_stat st ON st.session_id=s.id "                         \
    "LEFT JOIN account a ON a.id=s.user_id "

/* The sessions of a scope. `join` keeps the order of the tables and `index`
 * names one: MySQL would rather read all sessions than those of some people. */
#define OF_MINE "FROM session s WHERE s.user_id=? AND s.user_id<>0 "
#define OF_TEAM(join, index)                                                   \
    "FROM account b " join " session s " index "ON s.user_id=b.id WHERE "      \
    "b.team<>'' AND b.team=(SELECT c.team FROM account c WHERE c.id=?) "
#define OF_ALL "FROM session s WHERE ? IS NOT NULL "
#define BELOW "AND s.id<? ORDER BY s.id DESC" STORE_DB_LIMIT
#define MINE_BELOW                                                             \
    "AND s.id<? ORDER BY s.user_id DESC, s.id DESC" STORE_DB_LIMIT

/* Queries over the ids of a page; over one session; over all of them. */
#define LIST(join, ids)                                                        \
    COLUMNS "FROM (SELECT s.id " ids ") p " join                               \
            " session s ON s.id=p.id " JOINS "ORDER BY s.id DESC"
#define ACTIVE(join, ids)                                                      \
    "SELECT p.id, CASE WHEN st.last_metric_at > st.last_screenshot_at THEN "   \
    "st.last_metric_at ELSE st.last_screenshot_at END FROM (SELECT s.id " ids  \
    ") p LEFT JOIN session_stat st ON st.session_id=p.id ORDER BY p.id DESC"
#define MAY(join, one) "SELECT 1 " one "AND s.id=?"
#define AGENTS(join, all)                                                      \
    "SELECT count(*), "                                                        \
    "coalesce(sum(w.latest AND coalesce(h.last_seen, 0)>=?), 0), "             \
    "coalesce(sum(w.latest AND coalesce(h.last_seen, 0)>=?), 0), "             \
    "coalesce(sum(w.latest), 0) FROM (SELECT s.id, " LATEST " AS latest " all  \
    ") w LEFT JOIN heartbeat h ON h.session_id=w.id"

#define SCOPES(query, join, index, mine, rest)                                 \
    {                                                                          \
        [STORE_SCOPE_OWN] = query(join, OF_MINE mine),                         \
        [STORE_SCOPE_TEAM] = query(join, OF_TEAM(join, index) rest),           \
        [STORE_SCOPE_EVERYONE] = query(join, OF_ALL rest),                     \
    }
#define SCOPED(name, query, mine, rest)                                        \
    static const char *const name[STORE_DIALECTS][3] = {                       \
        [STORE_SQLITE] = SCOPES(query, "CROSS JOIN", "", mine, rest),          \
        [STORE_MYSQL] = SCOPES(query, "STRAIGHT_JOIN",                         \
                               "FORCE INDEX (session_user) ", mine, rest),     \
    }

SCOPED(list_sql, LIST, MINE_BELOW, BELOW);
SCOPED(active_sql, ACTIVE, MINE_BELOW, BELOW);
SCOPED(may_sql, MAY, "", "");
SCOPED(agents_sql, AGENTS, "", "");
static const char *const one_sql =
    COLUMNS "FROM session s " JOINS "WHERE s.id=?";

/* Everybody's: sessions grow for ever, and the overview asks this often. How
 * many there are is kept up to a moment (store_fleet.h) and counted from there
 * on; who is online is found by the heartbeats; each agent has one latest
 * session, and so has each session of layer 1. */
#define ALIVE(since)                                                           \
    "(SELECT count(*) FROM heartbeat h JOIN session s ON s.id=h.session_id "   \
    "WHERE h.last_seen>=" since " AND " LATEST "), "
static const char *const agents_all_sql =
    "SELECT (SELECT count(*) FROM session WHERE created_at>=?1), " ALIVE("?2")
        ALIVE("?3") "(SELECT count(*) FROM session WHERE created_at>=?1 AND "
                    "agent_id IS NULL) "
                    "+ (SELECT count(DISTINCT s.agent_id) FROM session s WHERE "
                    "s.created_at>=?1 AND s.agent_id IS NOT NULL AND NOT "
                    "EXISTS (SELECT 1 "
                    "FROM session n WHERE n.agent_id=s.agent_id AND "
                    "n.created_at<?1))";

/* This handle's literal for a scope. */
static const char *of(struct store *s, const char *const sql[STORE_DIALECTS][3],
                      const struct store_scope *scope)
{
    return sql[((const struct store_db *)s)->dialect][scope->width];
}

static const char *const fleet_sql =
    "SELECT r.quarter, " STORE_DB_SUMS "FROM fleet_rollup r WHERE "
    "r.quarter>=? AND r.quarter<? GROUP BY r.quarter ORDER BY r.quarter";
/* How far a page came. */
struct page {
    size_t rows;
    int64_t last_id;
    bool stopped;
};

/* Sessions with a metric or a picture since a quarter, and their figures. */
struct since {
    int64_t quarter;
    struct store_db_figures rows[STORE_DB_PAGE];
    size_t count;
};

/* Of the next page of a scope. */
static enum err find_active(struct store *s, const struct store_scope *scope,
                            int64_t before_id, struct since *out,
                            struct page *p)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), of(s, active_sql, scope), &q);

    if (e)
        return e;
    db_bind_int(q, scope->account_id);
    db_bind_int(q, before_id);
    out->count = 0;
    for (*p = (struct page){0}; (e = db_step(q)) == WS_OK; p->rows++) {
        p->last_id = db_int(q, 0);
        if (db_int(q, 1) >= out->quarter * STORE_QUARTER_NS)
            out->rows[out->count++] =
                (struct store_db_figures){.session_id = p->last_id};
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

static void copy_since(const struct since *since,
                       struct store_session_view *row)
{
    for (size_t i = 0; i < since->count; i++)
        if (since->rows[i].session_id == row->id) {
            row->metrics_since = since->rows[i].metrics;
            row->unusual_since = since->rows[i].unusual;
            row->failures_since = since->rows[i].failures;
        }
}

static enum err
walk_sessions(struct db_stmt *q, const struct since *since, struct page *p,
              int (*each)(void *ctx, const struct store_session_view *row),
              void *ctx)
{
    enum err e;

    for (*p = (struct page){0}; (e = db_step(q)) == WS_OK; p->rows++) {
        struct store_session_view row = {
            .id = db_int(q, 0),
            .session_uid = db_text(q, 1),
            .agent_id = db_text(q, 2),
            .agent_name = db_text(q, 3),
            .agent_version = db_text(q, 4),
            .hostname = db_text(q, 5),
            .username = db_text(q, 6),
            .ip_address = db_text(q, 7),
            .person = db_text(q, 8),
            .created_ns = db_int(q, 9),
            .started_ns = db_int(q, 10),
            .last_seen_ns = db_int(q, 11),
            .head_seq = db_int(q, 12),
            .head_ns = db_int(q, 13),
            .health = db_text(q, 14),
            .revoked = db_int(q, 15) != 0,
            .latest = db_int(q, 16) != 0,
            .metrics = db_int(q, 17),
            .first_metric_ns = db_int(q, 18),
            .last_metric_ns = db_int(q, 19),
            .last_screenshot_ns = db_int(q, 20),
            .last_received_ns = db_int(q, 21),
        };

        copy_since(since, &row);
        p->last_id = row.id;
        p->stopped = !each(ctx, &row);
        if (p->stopped)
            break;
    }
    db_reset(q);
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* One page of a list; the figures of its rows first. */
static enum err
page_of_sessions(struct store *s, const struct store_scope *scope,
                 int64_t before_id, struct since *since, struct page *p,
                 int (*each)(void *ctx, const struct store_session_view *row),
                 void *ctx)
{
    struct db_stmt *q;
    enum err e = find_active(s, scope, before_id, since, p);

    if (!e)
        e = store_db_figures_since(s, since->quarter, since->rows,
                                   since->count);
    if (!e)
        e = db_stmt(store_db_conn(s), of(s, list_sql, scope), &q);
    if (e)
        return e;
    db_bind_int(q, scope->account_id);
    db_bind_int(q, before_id);
    return walk_sessions(q, since, p, each, ctx);
}

static enum err sessions(struct store *s, const struct store_scope *scope,
                         int64_t before_id, int64_t since_quarter,
                         int (*each)(void *ctx,
                                     const struct store_session_view *row),
                         void *ctx)
{
    struct since since = {.quarter = since_quarter};
    struct page p;

    do {
        enum err e =
            page_of_sessions(s, scope, before_id, &since, &p, each, ctx);

        if (e)
            return e;
        before_id = p.last_id;
    } while (!p.stopped && p.rows == STORE_DB_PAGE);
    return WS_OK;
}

static enum err
session(struct store *s, const struct store_scope *scope, int64_t id,
        int64_t since_quarter,
        int (*each)(void *ctx, const struct store_session_view *row), void *ctx)
{
    struct since since = {
        .quarter = since_quarter, .rows = {{.session_id = id}}, .count = 1};
    struct db_stmt *q;
    struct page p;
    enum err e = store_views_may_see(s, scope, id);

    if (!e)
        e = store_db_figures_since(s, since.quarter, since.rows, since.count);
    if (!e)
        e = db_stmt(store_db_conn(s), one_sql, &q);
    if (e)
        return e;
    db_bind_int(q, id);
    return walk_sessions(q, &since, &p, each, ctx);
}

static enum err may_see(struct store *s, const struct store_scope *scope,
                        int64_t session_id)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), of(s, may_sql, scope), &q);

    if (e)
        return e;
    db_bind_int(q, scope->account_id);
    db_bind_int(q, session_id);
    e = db_step(q);
    db_reset(q);
    return e;
}

static void read_agents(struct db_stmt *q, const struct store_fleet_count *kept,
                        struct store_agents *out)
{
    int64_t not_offline = db_int(q, 2);

    *out = (struct store_agents){
        .sessions = kept->sessions + db_int(q, 0),
        .online = db_int(q, 1),
        .late = not_offline - db_int(q, 1),
        .offline = kept->agents + db_int(q, 3) - not_offline,
    };
    db_reset(q);
}

static enum err agents_all(struct store *s, int64_t online_since_ns,
                           int64_t late_since_ns, struct store_agents *out)
{
    struct store_fleet_count kept;
    struct db_stmt *q;
    enum err e = store_fleet_kept(s, &kept);

    if (!e && !kept.upto_ns) { /* the job has not been here yet */
        kept.upto_ns = INT64_MAX;
        e = store_fleet_count(s, &kept);
    }
    if (!e)
        e = db_stmt(store_db_conn(s), agents_all_sql, &q);
    if (e)
        return e;
    db_bind_int(q, kept.upto_ns);
    db_bind_int(q, online_since_ns);
    db_bind_int(q, late_since_ns);
    e = db_step(q);
    if (!e)
        read_agents(q, &kept, out);
    return e;
}

static enum err agents(struct store *s, const struct store_scope *scope,
                       int64_t online_since_ns, int64_t late_since_ns,
                       struct store_agents *out)
{
    static const struct store_fleet_count none;
    struct db_stmt *q;
    enum err e;

    if (scope->width == STORE_SCOPE_EVERYONE)
        return agents_all(s, online_since_ns, late_since_ns, out);
    e = db_stmt(store_db_conn(s), of(s, agents_sql, scope), &q);
    if (e)
        return e;
    db_bind_int(q, online_since_ns);
    db_bind_int(q, late_since_ns);
    db_bind_int(q, scope->account_id);
    e = db_step(q);
    if (!e)
        read_agents(q, &none, out);
    return e;
}

void store_db_views_figures(struct db_stmt *q, int from,
                            struct store_rollup *out)
{
    out->observations = db_int(q, from);
    out->scored = db_int(q, from + 1);
    out->judged = db_int(q, from + 2);
    out->normal = db_int(q, from + 3);
    out->suspicious = db_int(q, from + 4);
    out->critical = db_int(q, from + 5);
    out->partial = db_int(q, from + 6);
    out->failed = db_int(q, from + 7);
    out->screenshots = db_int(q, from + 8);
    out->screenshot_bytes = db_int(q, from + 9);
    out->recordings = db_int(q, from + 10);
    out->recording_bytes = db_int(q, from + 11);
    out->events = db_int(q, from + 12);
    out->productivity_sum = db_number(q, from + 13);
    out->productivity_min = db_number(q, from + 14);
    out->productivity_max = db_number(q, from + 15);
    out->anomaly_sum = db_number(q, from + 16);
    out->anomaly_min = db_number(q, from + 17);
    out->anomaly_max = db_number(q, from + 18);
}

enum err store_db_views_walk(struct db_stmt *q, int64_t session_id,
                             int (*each)(void *ctx,
                                         const struct store_rollup *row),
                             void *ctx)
{
    enum err e;

    while ((e = db_step(q)) == WS_OK) {
        struct store_rollup row = {.session_id = session_id,
                                   .quarter = db_int(q, 0)};

        store_db_views_figures(q, 1, &row);
        if (!each(ctx, &row))
            break;
    }
    db_reset(q);
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err
fleet_all(struct store *s, int64_t first, int64_t end,
          int (*each)(void *ctx, const struct store_rollup *row), void *ctx)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), fleet_sql, &q);

    if (e)
        return e;
    db_bind_int(q, first);
    db_bind_int(q, end);
    return store_db_views_walk(q, 0, each, ctx);
}

static enum err fleet(struct store *s, const struct store_scope *scope,
                      int64_t first, int64_t end,
                      int (*each)(void *ctx, const struct store_rollup *row),
                      void *ctx)
{
    struct since since = {.quarter = first};
    int64_t sessions_of[STORE_DB_PAGE];
    struct page p = {.rows = STORE_DB_PAGE, .last_id = INT64_MAX};

    if (scope->width == STORE_SCOPE_EVERYONE)
        return fleet_all(s, first, end, each, ctx);
    while (p.rows == STORE_DB_PAGE) {
        enum err e = find_active(s, scope, p.last_id, &since, &p);

        for (size_t i = 0; i < since.count; i++)
            sessions_of[i] = since.rows[i].session_id;
        if (!e)
            e = store_db_figures_quarters(s, sessions_of, since.count, first,
                                          end, each, ctx);
        if (e)
            return e;
    }
    return WS_OK;
}

const struct store_views_ops store_db_views = {
    .sessions = sessions,
    .session = session,
    .may_see = may_see,
    .agents = agents,
    .fleet = fleet,
    .rollups = &store_db_rollups,
    .items = &store_db_items,
    .timeline = &store_db_timeline,
};
