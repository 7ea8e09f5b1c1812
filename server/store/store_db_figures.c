#include "server/store/store_db_figures.h"

#define FEW 8
#define OF_8 "?,?,?,?,?,?,?,?"
#define OF_32 OF_8 "," OF_8 "," OF_8 "," OF_8
#define OF_PAGE OF_32 "," OF_32 "," OF_32 "," OF_32

_Static_assert(STORE_DB_PAGE == 128, "the places of OF_PAGE");

/* The statement for so many sessions; those that are not there are 0. */
static enum err begin(struct store *s, const char *const sql[2],
                      const int64_t *sessions, size_t stride, size_t count,
                      struct db_stmt **q)
{
    size_t places = count <= FEW ? FEW : STORE_DB_PAGE;
    enum err e;

    if (count > STORE_DB_PAGE)
        return WS_INVALID;
    e = db_stmt(store_db_conn(s), sql[count > FEW], q);
    for (size_t i = 0; !e && i < places; i++)
        db_bind_int(*q, i < count ? sessions[i * stride] : 0);
    return e;
}

#define SINCE(places)                                                          \
    "SELECT session_id, sum(observations), sum(suspicious)+sum(critical), "    \
    "sum(failed) FROM rollup WHERE session_id IN (" places ") AND quarter>=? " \
    "GROUP BY session_id"

static void take(struct store_db_figures *rows, size_t count,
                 const struct store_db_figures *got)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].session_id == got->session_id)
            rows[i] = *got;
}

enum err store_db_figures_since(struct store *s, int64_t since_quarter,
                                struct store_db_figures *rows, size_t count)
{
    static const char *const sql[] = {SINCE(OF_8), SINCE(OF_PAGE)};
    struct db_stmt *q;
    enum err e;

    if (count == 0)
        return WS_OK;
    e = begin(s, sql, &rows->session_id, sizeof *rows / sizeof(int64_t), count,
              &q);
    if (e)
        return e;
    db_bind_int(q, since_quarter);
    while (!(e = db_step(q))) {
        struct store_db_figures got = {
            .session_id = db_int(q, 0),
            .metrics = db_int(q, 1),
            .unusual = db_int(q, 2),
            .failures = db_int(q, 3),
        };

        take(rows, count, &got);
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

#define QUARTERS(places)                                                       \
    "SELECT r.quarter, " STORE_DB_SUMS                                         \
    "FROM rollup r WHERE r.session_id IN (" places                             \
    ") AND r.quarter>=? AND r.quarter<? GROUP BY r.quarter ORDER BY r.quarter"

enum err store_db_figures_quarters(struct store *s, const int64_t *sessions,
                                   size_t count, int64_t first, int64_t end,
                                   int (*each)(void *ctx,
                                               const struct store_rollup *row),
                                   void *ctx)
{
    static const char *const sql[] = {QUARTERS(OF_8), QUARTERS(OF_PAGE)};
    struct db_stmt *q;
    enum err e;

    if (count == 0)
        return WS_OK;
    e = begin(s, sql, sessions, 1, count, &q);
    if (e)
        return e;
    db_bind_int(q, first);
    db_bind_int(q, end);
    return store_db_views_walk(q, 0, each, ctx);
}
