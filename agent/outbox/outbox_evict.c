/* outbox_evict.c - the byte budget, and what people no longer look back at.
 *
 * Source:  wire.md, last line: only the byte budget evicts, oldest and least
 *          valuable first, by tombstone; M-04: dead letters never block
 */
#include "agent/outbox/outbox.h"

#include "agent/outbox/outbox_priv.h"
#include "core/log.h"

#include <stdio.h>
#include <string.h>

#define OUTBOX_EVICT_CHUNK 200
#define OUTBOX_TIDY_PAGES "2000"

/* Least valuable first. What is not named is never evicted: sessions, notice
 * acknowledgements and tombstones are small and tell what is missing. */
static const enum wire_item_kind victims[] = {
    WIRE_ITEM_SCREENSHOT, WIRE_ITEM_METRIC,    WIRE_ITEM_RECORDING_STATUS,
    WIRE_ITEM_EVENT,      WIRE_ITEM_RECORDING,
};

static enum err delete_row(struct outbox *o, const struct outbox_row *row)
{
    enum err e = outbox_remove_row(o, row);

    if (e)
        return e;
    if (row->state == OUTBOX_SENT || row->state == OUTBOX_KEPT)
        o->total[TOTAL_SENT_ROWS]--;
    return WS_OK;
}

/* The oldest rows by one statement; its first parameters are bound already. */
static enum err read_rows(struct db_stmt *s, struct outbox_row *rows,
                          size_t *count)
{
    enum err e = WS_OK;

    *count = 0;
    while (*count < OUTBOX_EVICT_CHUNK && !(e = db_step(s)))
        outbox_row_read(s, &rows[(*count)++]);
    if (!e)
        db_reset(s);
    return e == WS_NOTFOUND ? WS_OK : e;
}

#define ROWS "SELECT " OUTBOX_ROW " FROM item "

/* Delivered and kept rows, from the oldest on; +state keeps SQLite on the
 * order of id, where these rows stand in front. */
static enum err sent_rows(struct outbox *o, struct outbox_row *rows,
                          size_t *count)
{
    struct db_stmt *s;
    enum err e =
        db_stmt(o->db, ROWS "WHERE +state IN (3, 4) ORDER BY id LIMIT 200", &s);

    return e ? e : read_rows(s, rows, count);
}

static enum err rows_of_kind(struct outbox *o, enum outbox_state state,
                             enum wire_item_kind kind, struct outbox_row *rows,
                             size_t *count)
{
    struct db_stmt *s;
    enum err e = db_stmt(o->db,
                         ROWS "WHERE state = ? AND kind = ?"
                              " AND lease_boot_ns <= ? ORDER BY id LIMIT 200",
                         &s);

    *count = 0;
    if (e)
        return e;
    db_bind_int(s, state);
    db_bind_int(s, kind);
    db_bind_int(s, env_boot_ns(o->env));
    return read_rows(s, rows, count);
}

/* Delete from the oldest on until `bytes` are reached; returns how many. */
static enum err delete_down_to(struct outbox *o, int64_t bytes,
                               const struct outbox_row *rows, size_t count,
                               size_t *deleted)
{
    enum err e = WS_OK;

    for (*deleted = 0; *deleted < count; (*deleted)++) {
        if (o->total[TOTAL_BYTES] <= bytes)
            break;
        e = delete_row(o, &rows[*deleted]);
        if (e)
            break;
    }
    return e;
}

static enum err evict_sent(struct outbox *o, int64_t bytes)
{
    struct outbox_row rows[OUTBOX_EVICT_CHUNK];
    size_t count, deleted;
    enum err e = WS_OK;

    /* Without such rows the search would walk through the whole backlog. */
    while (!e && o->total[TOTAL_BYTES] > bytes &&
           o->total[TOTAL_SENT_ROWS] > 0) {
        e = sent_rows(o, rows, &count);
        if (e || count == 0)
            return e;
        e = delete_down_to(o, bytes, rows, count, &deleted);
    }
    return e;
}

/* Dead letters are tombstoned already; their count stays. */
static enum err evict_dead(struct outbox *o, int64_t bytes)
{
    struct outbox_row rows[OUTBOX_EVICT_CHUNK];
    size_t count, deleted;
    enum err e = WS_OK;
    int kind;

    for (kind = 0; kind < WIRE_ITEM_KINDS && !e;) {
        if (o->total[TOTAL_BYTES] <= bytes)
            return WS_OK;
        e = rows_of_kind(o, OUTBOX_DEAD, (enum wire_item_kind)kind, rows,
                         &count);
        if (!e)
            e = delete_down_to(o, bytes, rows, count, &deleted);
        if (count == 0)
            kind++;
    }
    return e;
}

/* One tombstone for the neighbours of one session: "[[3,9],[12,12]]". */
static enum err bury_evicted(struct outbox *o, const struct outbox_row *rows,
                             size_t count)
{
    OWN_BUF struct buf seqs = BUF_EMPTY;
    struct outbox_tombstone t = {.session = rows[0].session,
                                 .reason = "evicted"};
    size_t i, j;
    enum err e;

    for (i = 0; i < count; i = j) {
        for (j = i + 1; j < count; j++)
            if (rows[j].seq != rows[j - 1].seq + 1)
                break;
        buf_printf(&seqs, "%s[%lld,%lld]", i == 0 ? "[" : ",",
                   (long long)rows[i].seq, (long long)rows[j - 1].seq);
    }
    buf_append_byte(&seqs, ']');
    e = buf_check(&seqs);
    t.seqs = buf_text(&seqs);
    return e ? e : outbox_put_tombstone(o, &t);
}

static enum err account_evicted(struct outbox *o, const struct outbox_row *rows,
                                size_t count)
{
    size_t i, j;
    enum err e = WS_OK;

    for (i = 0; i < count && !e; i = j) {
        for (j = i + 1; j < count; j++)
            if (rows[j].session != rows[i].session)
                break;
        e = bury_evicted(o, rows + i, j - i);
    }
    for (i = 0; i < count && !e; i++)
        outbox_settle_totals(o, rows[i].state, OUTBOX_STATES);
    o->total[TOTAL_DROPPED] += (int64_t)count;
    outbox_count_today(o, TOTAL_DAY_DROPPED, (int64_t)count);
    log_warn("evicted", "%zu items of kind %s for the byte budget of %lld",
             count, wire_item_name((enum wire_item_kind)rows[0].kind),
             (long long)o->max_bytes);
    return e;
}

static enum err evict_kind(struct outbox *o, enum outbox_state state,
                           enum wire_item_kind kind, int64_t bytes)
{
    struct outbox_row rows[OUTBOX_EVICT_CHUNK];
    size_t count, deleted;
    enum err e = WS_OK;

    while (!e && o->total[TOTAL_BYTES] > bytes) {
        e = rows_of_kind(o, state, kind, rows, &count);
        if (e || count == 0)
            return e;
        e = delete_down_to(o, bytes, rows, count, &deleted);
        if (!e)
            e = account_evicted(o, rows, deleted);
    }
    return e;
}

enum err outbox_evict(struct outbox *o)
{
    /* A twentieth below the budget, so that not every put evicts again. */
    int64_t bytes = o->max_bytes - o->max_bytes / 20;
    enum err e = evict_sent(o, bytes);
    size_t i;

    if (!e)
        e = evict_dead(o, bytes);
    for (i = 0; i < sizeof(victims) / sizeof(victims[0]) && !e; i++) {
        e = evict_kind(o, OUTBOX_PARKED, victims[i], bytes);
        if (!e)
            e = evict_kind(o, OUTBOX_PENDING, victims[i], bytes);
    }
    if (!e && o->total[TOTAL_BYTES] > o->max_bytes)
        e = WS_FULL;
    return e;
}

/* --- tidying --- */

static enum err forget_old_sent(struct outbox *o)
{
    struct outbox_row rows[OUTBOX_EVICT_CHUNK];
    size_t count, i;
    enum err e = WS_OK;

    while (!e && o->total[TOTAL_SENT_ROWS] > o->keep_sent) {
        e = sent_rows(o, rows, &count);
        if (e || count == 0)
            return e;
        for (i = 0; i < count && !e; i++)
            if (o->total[TOTAL_SENT_ROWS] > o->keep_sent)
                e = delete_row(o, &rows[i]);
    }
    return e;
}

/* A past session without work is done; the newest few stay for their tokens,
 * and every one that still has rows stays for their ids. */
static enum err finish_sessions(struct outbox *o)
{
    enum err e = db_run_ints(
        o->db,
        "UPDATE session SET done = 1 WHERE done = 0 AND registered = 1"
        " AND number <> ? AND NOT EXISTS (SELECT 1 FROM item i"
        " WHERE i.session = session.number AND i.lane IN (0, 1)"
        " AND i.state IN (0, 1))",
        DB_INTS(o->present));

    if (e)
        return e;
    return db_exec(o->db,
                   "DELETE FROM session WHERE done = 1 AND number <="
                   " (SELECT max(number) - 8 FROM session) AND NOT EXISTS"
                   " (SELECT 1 FROM item i WHERE i.session = session.number)");
}

enum err outbox_tidy(struct outbox *o, int64_t orphan_grace_s)
{
    size_t removed;
    enum err e = outbox_enter(o);

    if (e)
        return e;
    e = forget_old_sent(o);
    if (!e)
        e = finish_sessions(o);
    e = outbox_leave(o, e);
    if (e)
        return e;
    removed = blobs_collect(o->blobs, orphan_grace_s, outbox_uses_picture, o);
    if (removed > 0)
        log_info("orphans_collected", "%zu pictures without an item", removed);
    return db_exec(o->db, "PRAGMA incremental_vacuum(" OUTBOX_TIDY_PAGES ")");
}
