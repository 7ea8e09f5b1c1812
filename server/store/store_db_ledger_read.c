/* What one session delivered, as figures; the runs are store_db_ledger.c's. */
#include "server/store/store_db_ledger.h"

#include <stdio.h>

#define LAST(table)                                                            \
    " ifnull((SELECT last_seq FROM " table " WHERE session_id = ?1"            \
    " ORDER BY first_seq DESC LIMIT 1), 0)"
#define COUNTERS(most)                                                         \
    "SELECT l.accepted, l.tombstoned, l.replaced, l.expired, l.erased,"        \
    " ifnull(h.head_seq, 0), ifnull(h.head_at, 0), ifnull(h.pending, "         \
    "-1), " most "(ifnull(h.head_seq, 0),"                                     \
    " ifnull((SELECT last_seq FROM delivered WHERE session_id = ?1"            \
    "  ORDER BY first_seq DESC LIMIT 1), 0),"                                  \
    " ifnull((SELECT last_seq FROM buried WHERE session_id = ?1"               \
    "  ORDER BY first_seq DESC LIMIT 1), 0)),"                                 \
    " ifnull((SELECT seqs FROM ledger_reason WHERE session_id = ?1"            \
    "  AND reason = '" STORE_DEAD_LETTER "'), 0),"                             \
    " ifnull((SELECT sum(count) FROM ledger_reason"                            \
    "  WHERE session_id = ?1), 0)"                                             \
    " FROM ledger l LEFT JOIN heartbeat h"                                     \
    " ON h.session_id = l.session_id WHERE l.session_id = ?1"

static const char *const counters_sql[STORE_DIALECTS] = {
    [STORE_SQLITE] = COUNTERS("max"),
    [STORE_MYSQL] = COUNTERS("greatest"),
};

static enum err read_counters(struct store *s, int64_t session_id,
                              struct store_ledger *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), store_db_sql(s, counters_sql), &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    e = db_step(q);
    if (e)
        return e;
    out->accepted = db_int(q, 0);
    out->tombstoned = db_int(q, 1);
    out->replaced = db_int(q, 2);
    out->expired = db_int(q, 3);
    out->erased = db_int(q, 4);
    out->head_seq = db_int(q, 5);
    out->head_ns = db_int(q, 6);
    out->pending = db_int(q, 7);
    out->recorded = db_int(q, 8);
    out->dead = db_int(q, 9);
    out->counted = db_int(q, 10);
    db_reset(q);
    return WS_OK;
}

#define MAX_REASONS                                                            \
    (sizeof((struct store_ledger *)0)->reasons /                               \
     sizeof(struct store_tombstones))

static enum err read_reasons(struct db *db, int64_t session_id,
                             struct store_ledger *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "SELECT reason, seqs, replaced, count"
                         " FROM ledger_reason WHERE session_id = ?1"
                         " ORDER BY reason LIMIT ?2",
                         &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, MAX_REASONS);
    while (!(e = db_step(q)) && out->reason_count < MAX_REASONS) {
        struct store_tombstones *r = &out->reasons[out->reason_count++];

        snprintf(r->reason, sizeof r->reason, "%s", db_text(q, 0));
        r->seqs = db_int(q, 1);
        r->replaced = db_int(q, 2);
        r->count = db_int(q, 3);
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err store_db_ledger_read(struct store *s, int64_t session_id,
                              struct store_ledger *out)
{
    struct db *db = store_db_conn(s);
    enum err e;

    *out = (struct store_ledger){0};
    e = read_counters(s, session_id, out);
    if (!e)
        e = read_reasons(db, session_id, out);
    out->buried = out->tombstoned - out->replaced;
    out->queued = out->recorded - out->accepted - out->buried;
    return e;
}

#define BEFORE(table)                                                          \
    "(SELECT ifnull(sum(CASE WHEN last_seq < ?2 THEN last_seq ELSE ?2 - 1"     \
    " END - first_seq + 1), 0) FROM " table                                    \
    " WHERE session_id = ?1 AND first_seq < ?2)"

enum err store_db_ledger_known(struct store *s, int64_t session_id, int64_t seq,
                               int64_t *count)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s),
                "SELECT " BEFORE("delivered") " + " BEFORE("buried"), &q);

    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_int(q, seq);
    e = db_step(q);
    if (e)
        return e;
    *count = db_int(q, 0);
    db_reset(q);
    return WS_OK;
}
