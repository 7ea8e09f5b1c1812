/* outbox_settle.c - what becomes of an item after an answer.
 *
 * States and what counts them; every arrow is outbox_settle_row():
 *
 *     pending <-> parked      both count as pending
 *     pending, parked -> dead (with a tombstone), sent, kept, or gone (erased)
 *     dead -> pending (queue retry), sent (a late answer), or gone (purged)
 *     sent, kept -> gone, when people no longer look back
 *
 * A second word on an item that is sent or gone changes nothing.
 */
#include "agent/outbox/outbox.h"

#include "agent/outbox/outbox_priv.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/log.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const enum outbox_total counted_as[OUTBOX_STATES] = {
    [OUTBOX_PENDING] = TOTAL_PENDING,
    [OUTBOX_PARKED]  = TOTAL_PENDING,
    [OUTBOX_DEAD]    = TOTAL_DEAD,
    [OUTBOX_SENT]    = TOTAL_DELIVERED,
    [OUTBOX_KEPT]    = TOTAL_KEPT,
};
/* clang-format on */

void outbox_settle_totals(struct outbox *o, int64_t from, int64_t to)
{
    o->total[counted_as[from]]--;
    if (from == OUTBOX_PARKED)
        o->total[TOTAL_PARKED]--;
    if (to == OUTBOX_STATES)
        return;
    o->total[counted_as[to]]++;
    if (to == OUTBOX_PARKED)
        o->total[TOTAL_PARKED]++;
    if (to == OUTBOX_SENT || to == OUTBOX_KEPT)
        o->total[TOTAL_SENT_ROWS]++;
}

static enum err bury(struct outbox *o, const struct outbox_row *row,
                     const char *reason)
{
    char seqs[64], text[256];
    struct outbox_tombstone t = {
        .session = row->session, .seqs = seqs, .reason = text};

    /* A tombstone that is refused has nothing to be buried under. */
    if (row->kind == WIRE_ITEM_TOMBSTONE)
        return WS_OK;
    snprintf(seqs, sizeof(seqs), "[[%lld,%lld]]", (long long)row->seq,
             (long long)row->seq);
    snprintf(text, sizeof(text), "dead_letter%s%.200s", reason ? ": " : "",
             reason ? reason : "");
    outbox_count_today(o, TOTAL_DAY_FAILED, 1);
    return outbox_put_tombstone(o, &t);
}

static enum err update_row(struct outbox *o, const struct outbox_row *row,
                           enum outbox_state to, const struct client_result *r)
{
    bool done = to == OUTBOX_SENT || to == OUTBOX_KEPT;
    int64_t now = env_wall_ns(o->env), due = 0;
    struct db_stmt *s;
    enum err e = db_stmt(
        o->db,
        "UPDATE item SET state = ?, lease_boot_ns = 0, attempts = attempts + ?,"
        " due_wall_ns = ?, settled_wall_ns = ?, server_id = ?,"
        " reason = coalesce(?, reason), picture = iif(?, NULL, picture),"
        " bytes = iif(?, length(payload) + ?, bytes) WHERE id = ?"
        " RETURNING bytes",
        &s);

    if (e)
        return e;
    if (to == OUTBOX_PARKED)
        due = now + OUTBOX_PARK_NS;
    else if (to == OUTBOX_PENDING && r->verdict == CLIENT_RETRY)
        due = r->due_wall_ns;
    db_bind_int(s, to);
    db_bind_int(s, r->verdict == CLIENT_RETRY || r->verdict == CLIENT_PARK);
    db_bind_int(s, due);
    db_bind_int(s, done || to == OUTBOX_DEAD ? now : 0);
    db_bind_int(s, r->server_id);
    db_bind_text(s, r->reason);
    db_bind_int(s, done);
    db_bind_int(s, done);
    db_bind_int(s, OUTBOX_ROW_BYTES);
    db_bind_int(s, row->id);
    e = db_step(s);
    if (e)
        return e;
    o->total[TOTAL_BYTES] += db_int(s, 0) - row->bytes;
    e = db_step(s);
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err outbox_settle_row(struct outbox *o, const struct outbox_row *row,
                           enum outbox_state to, const struct client_result *r)
{
    enum err e = update_row(o, row, to, r);

    if (e)
        return e;
    if (row->state != (int64_t)to)
        outbox_settle_totals(o, row->state, to);
    if (to == OUTBOX_SENT) {
        outbox_count_today(o, TOTAL_DAY_SENT, 1);
        outbox_count_today(o, TOTAL_DAY_SENT_BYTES,
                           row->bytes - OUTBOX_ROW_BYTES);
    }
    if (to == OUTBOX_SENT || to == OUTBOX_KEPT)
        outbox_remove_picture(o, row->picture);
    if (to == OUTBOX_DEAD && row->state != OUTBOX_DEAD)
        return bury(o, row, r->reason);
    return WS_OK;
}

enum err outbox_remove_row(struct outbox *o, const struct outbox_row *row)
{
    enum err e =
        db_run_ints(o->db, "DELETE FROM item WHERE id = ?", DB_INTS(row->id));

    if (e)
        return e;
    o->total[TOTAL_BYTES] -= row->bytes;
    outbox_remove_picture(o, row->picture);
    return WS_OK;
}

static enum err erase_row(struct outbox *o, const struct outbox_row *row)
{
    enum err e = outbox_remove_row(o, row);

    if (e)
        return e;
    o->total[TOTAL_ERASED]++;
    outbox_settle_totals(o, row->state, OUTBOX_STATES);
    return WS_OK;
}

void outbox_row_read(struct db_stmt *s, struct outbox_row *row)
{
    const char *picture = db_text(s, 6);

    *row = (struct outbox_row){.id = db_int(s, 0),
                               .session = db_int(s, 1),
                               .seq = db_int(s, 2),
                               .kind = db_int(s, 3),
                               .state = db_int(s, 4),
                               .bytes = db_int(s, 5)};
    snprintf(row->picture, sizeof(row->picture), "%s", picture ? picture : "");
}

static enum err find_row(struct outbox *o, int64_t session, uint64_t seq,
                         struct outbox_row *row)
{
    struct db_stmt *s;
    enum err e = db_find(
        o->db, "SELECT " OUTBOX_ROW " FROM item WHERE session = ? AND seq = ?",
        DB_INTS(session, (int64_t)seq), &s);

    if (e)
        return e;
    outbox_row_read(s, row);
    db_reset(s);
    return WS_OK;
}

/* --- another item has this seq at the server (wire.md, 422) --- */

/* Seqs of the old session mean nothing in the new one: only their count. */
static enum err recount_tombstone(struct outbox *o, int64_t id)
{
    return db_run_ints(
        o->db,
        "UPDATE item SET payload = CAST(json_remove(json_set("
        "CAST(payload AS TEXT), '$.count', (SELECT sum(json_extract(value,"
        " '$[1]') - json_extract(value, '$[0]') + 1) FROM"
        " json_each(CAST(payload AS TEXT), '$.seqs'))), '$.seqs') AS BLOB)"
        " WHERE id = ? AND json_extract(CAST(payload AS TEXT), '$.seqs')"
        " IS NOT NULL",
        DB_INTS(id));
}

static enum err move_row(struct outbox *o, int64_t id, int64_t kind)
{
    int64_t seq;
    enum err e = outbox_session_next_seq(o, o->present, &seq);

    if (!e && kind == WIRE_ITEM_TOMBSTONE)
        e = recount_tombstone(o, id);
    if (!e)
        e = db_run_ints(
            o->db,
            "UPDATE item SET session = ?, seq = ?, lease_boot_ns = 0,"
            " due_wall_ns = 0 WHERE id = ?",
            DB_INTS(o->present, seq, id));
    return e;
}

/* Everything of a session that the server does not have gets a new identity:
 * who met another item under one seq will meet more. What the other lane holds
 * may have arrived already: it stays until its own answer is in. */
static enum err move_session(struct outbox *o, int64_t session,
                             enum client_lane lane)
{
    struct db_stmt *s;
    int64_t moved = 0;
    enum err e = WS_OK;

    if (session == o->present)
        e = outbox_session_again(o, session);
    while (!e) {
        int64_t id, kind;

        e = db_find(o->db,
                    "SELECT id, kind FROM item WHERE session = ?"
                    " AND state IN (0, 1) AND (lane = ? OR lease_boot_ns <= ?)"
                    " ORDER BY seq LIMIT 1",
                    DB_INTS(session, lane, env_boot_ns(o->env)), &s);
        if (e)
            break;
        id = db_int(s, 0);
        kind = db_int(s, 1);
        db_reset(s);
        e = move_row(o, id, kind);
        moved++;
    }
    if (e != WS_NOTFOUND)
        return e;
    log_error("seq_reused",
              "the server knows other items under the seqs of session %lld "
              "(this state is a copy of an older one?): %lld items moved to "
              "session %lld",
              (long long)session, (long long)moved, (long long)o->present);
    return WS_OK;
}

/* clang-format off */
static const enum outbox_state goes_to[] = {
    [CLIENT_DELIVERED] = OUTBOX_SENT,
    [CLIENT_BURY]      = OUTBOX_DEAD,
    [CLIENT_PARK]      = OUTBOX_PARKED,
    [CLIENT_RETURN]    = OUTBOX_PENDING,
    [CLIENT_PAUSE]     = OUTBOX_PENDING,
    [CLIENT_KEEP]      = OUTBOX_KEPT,
    [CLIENT_RETRY]     = OUTBOX_PENDING,
    [CLIENT_ERASED]    = OUTBOX_STATES,
    [CLIENT_MOVE]      = OUTBOX_PENDING,
};
/* clang-format on */

static enum err settle_item(struct outbox *o, int64_t session,
                            const struct client_result *r)
{
    enum outbox_state to = goes_to[r->verdict];
    struct outbox_row row;
    enum err e = find_row(o, session, r->seq, &row);

    if (e == WS_NOTFOUND)
        return WS_OK; /* moved, erased or evicted meanwhile */
    if (e)
        return e;
    if (row.state == OUTBOX_SENT || row.state == OUTBOX_KEPT)
        return WS_OK;
    if (row.state == OUTBOX_DEAD && to != OUTBOX_SENT)
        return WS_OK;
    /* A parked item that is not done stays parked, for another hour. */
    if (row.state == OUTBOX_PARKED && r->verdict == CLIENT_RETRY)
        to = OUTBOX_PARKED;
    if (row.state == OUTBOX_PARKED && r->verdict == CLIENT_RETURN)
        to = OUTBOX_PARKED;
    if (r->verdict == CLIENT_ERASED)
        return erase_row(o, &row);
    if (r->verdict == CLIENT_MOVE)
        return move_session(o, session, outbox_lane(row.kind));
    e = outbox_settle_row(o, &row, to, r);
    if (!e && r->verdict == CLIENT_PAUSE)
        e = outbox_session_rest(o, session, r->due_wall_ns, r->reason);
    return e;
}

static enum err settle_all(struct outbox *o, const char *session_uid,
                           const struct client_result *results, size_t count)
{
    const struct client_result *move = NULL;
    struct outbox_session_row session;
    enum err e = outbox_session_find(o, session_uid, &session);
    size_t i;

    for (i = 0; i < count && !e; i++) {
        if ((unsigned)results[i].verdict >= sizeof(goes_to) / sizeof(*goes_to))
            return WS_INVALID;
        if (results[i].seq == 1)
            e = outbox_session_settle(o, session.number, &results[i]);
        else if (results[i].verdict == CLIENT_MOVE)
            move = &results[i];
        else
            e = settle_item(o, session.number, &results[i]);
    }
    /* Last: what the server took of the same batch must not move with it. */
    return e || !move ? e : settle_item(o, session.number, move);
}

enum err outbox_settle(struct outbox *o, const char *session_uid,
                       const struct client_result *results, size_t count)
{
    int64_t present = o->present;
    enum err e = outbox_enter(o);

    if (e)
        return e;
    e = outbox_leave(o, settle_all(o, session_uid, results, count));
    if (e)
        o->present = present;
    return e;
}
