/* outbox_put.c - recording: the transaction that gives an item its seq. */
#include "agent/outbox/outbox.h"

#include "agent/outbox/outbox_priv.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/log.h"

#include <stdio.h>
#include <string.h>

#define OUTBOX_KEEP_PUTS 256 /* repeats come within seconds */

/* The form fields of a screenshot that only upload can know. */
static bool is_added_later(enum wire_item_kind kind, const char *pointer)
{
    return kind == WIRE_ITEM_SCREENSHOT && strcmp(pointer, "/session_id") == 0;
}

static enum err check_item(struct outbox *o, const struct client_item *item)
{
    OWN(json_free)
    struct json *doc = NULL;
    struct wire_problems problems = {0};
    struct json_error why;
    size_t i;

    if (item->kind <= WIRE_ITEM_SESSION || item->kind >= WIRE_ITEM_KINDS ||
        item->payload_len > o->max_item_bytes) {
        log_warn("put_refused", "kind %d, %zu bytes: at most %zu",
                 (int)item->kind, item->payload_len, o->max_item_bytes);
        return WS_INVALID;
    }
    if (json_parse(item->payload, item->payload_len, &doc, &why)) {
        log_warn("put_refused", "%s at byte %zu: %s",
                 wire_item_name(item->kind), why.offset, why.message);
        return WS_INVALID;
    }
    if (wire_check(wire_item_message(item->kind), doc, &problems) == WS_OK)
        return WS_OK;
    for (i = 0; i < problems.count; i++) {
        if (is_added_later(item->kind, problems.list[i].pointer))
            continue;
        log_warn("put_refused", "%s %s: %s", wire_item_name(item->kind),
                 problems.list[i].pointer, problems.list[i].detail);
        return WS_INVALID;
    }
    return WS_OK;
}

enum client_lane outbox_lane(int64_t kind)
{
    return kind == WIRE_ITEM_SCREENSHOT ? CLIENT_LANE_PICTURES
                                        : CLIENT_LANE_ROWS;
}

enum err outbox_put_row(struct outbox *o, int64_t session,
                        const struct client_item *item, int64_t *seq)
{
    bool has_picture = item->picture_fd >= 0;
    int64_t bytes = (int64_t)item->payload_len + OUTBOX_ROW_BYTES +
                    (has_picture ? (int64_t)item->picture_len : 0);
    struct db_stmt *s;
    enum err e = WS_OK;

    if (has_picture)
        e = blobs_put(o->blobs, item->picture_fd, item->picture_len,
                      item->picture_sha256);
    if (!e)
        e = outbox_session_next_seq(o, session, seq);
    if (!e)
        e = db_stmt(o->db,
                    "INSERT INTO item(session, seq, kind, lane, payload,"
                    " picture, bytes, recorded_wall_ns)"
                    " VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                    &s);
    if (e)
        return e;
    db_bind_int(s, session);
    db_bind_int(s, *seq);
    db_bind_int(s, item->kind);
    db_bind_int(s, outbox_lane(item->kind));
    db_bind_blob(s, item->payload, item->payload_len);
    db_bind_text(s, has_picture ? item->picture_sha256 : NULL);
    db_bind_int(s, bytes);
    db_bind_int(s, env_wall_ns(o->env));
    e = db_run(s);
    if (e)
        return e;
    o->total[TOTAL_RECORDED]++;
    o->total[TOTAL_PENDING]++;
    o->total[TOTAL_BYTES] += bytes;
    if (item->kind == WIRE_ITEM_METRIC)
        outbox_count_today(o, TOTAL_DAY_CAPTURED, 1);
    return WS_OK;
}

enum err outbox_put_tombstone(struct outbox *o,
                              const struct outbox_tombstone *t)
{
    OWN_BUF struct buf payload = BUF_EMPTY;
    struct client_item item = {.kind = WIRE_ITEM_TOMBSTONE, .picture_fd = -1};
    struct jsonw w;
    int64_t seq;
    enum err e;

    jsonw_init(&w, &payload);
    jsonw_object(&w, NULL);
    if (t->seqs)
        jsonw_raw(&w, "seqs", t->seqs, strlen(t->seqs));
    else
        jsonw_int(&w, "count", t->count);
    jsonw_text(&w, "reason", t->reason);
    jsonw_time(&w, "at", env_wall_ns(o->env));
    jsonw_object_end(&w);
    e = buf_check(&payload);
    if (e)
        return e;
    item.payload = payload.data;
    item.payload_len = payload.len;
    return outbox_put_row(o, t->session, &item, &seq);
}

/* What never became an item still counts: recorded and dropped at once. */
static enum err account_lost(struct outbox *o, int64_t count,
                             const char *reason)
{
    struct outbox_tombstone t = {
        .session = o->present, .count = count, .reason = reason};

    o->total[TOTAL_RECORDED] += count;
    o->total[TOTAL_DROPPED] += count;
    outbox_count_today(o, TOTAL_DAY_DROPPED, count);
    return outbox_put_tombstone(o, &t);
}

/* The ring counts from its start, which is the session's start. */
static enum err account_frames(struct outbox *o, uint64_t dropped_total)
{
    struct db_stmt *s;
    int64_t known, now = (int64_t)dropped_total;
    enum err e =
        db_find(o->db, "SELECT frames_dropped FROM session WHERE number = ?",
                DB_INTS(o->present), &s);

    if (e)
        return e;
    known = db_int(s, 0);
    db_reset(s);
    if (now <= known)
        return WS_OK;
    e = db_run_ints(o->db,
                    "UPDATE session SET frames_dropped = ? WHERE number = ?",
                    DB_INTS(now, o->present));
    return e ? e : account_lost(o, now - known, "frame_dropped");
}

/* WS_OK: this request was answered before, seqs are the ones of then. */
static enum err find_request(struct outbox *o, const struct outbox_put *put,
                             uint64_t *seqs)
{
    struct db_stmt *s;
    int64_t first, count, i;
    enum err e = db_stmt(
        o->db, "SELECT first_seq, count FROM put WHERE request = ?", &s);

    if (e)
        return e;
    db_bind_blob(s, put->request, OUTBOX_REQUEST_BYTES);
    e = db_step(s);
    if (e)
        return e;
    first = db_int(s, 0);
    count = db_int(s, 1);
    db_reset(s);
    if (count != (int64_t)put->count)
        return WS_INVALID;
    for (i = 0; i < count; i++)
        seqs[i] = (uint64_t)(first + i);
    return WS_OK;
}

static enum err keep_request(struct outbox *o, const struct outbox_put *put,
                             uint64_t first_seq)
{
    struct db_stmt *s;
    enum err e = db_stmt(
        o->db, "INSERT INTO put(request, first_seq, count) VALUES(?, ?, ?)",
        &s);

    if (e)
        return e;
    db_bind_blob(s, put->request, OUTBOX_REQUEST_BYTES);
    db_bind_int(s, (int64_t)first_seq);
    db_bind_int(s, (int64_t)put->count);
    e = db_run(s);
    if (!e)
        e = db_run_ints(o->db, "DELETE FROM put WHERE id <= ?",
                        DB_INTS(db_last_rowid(o->db) - OUTBOX_KEEP_PUTS));
    return e;
}

static enum err put_all(struct outbox *o, const struct outbox_put *put,
                        uint64_t *seqs)
{
    enum err e = WS_OK;
    int64_t seq;
    size_t i;

    for (i = 0; i < put->count && !e; i++) {
        e = outbox_put_row(o, o->present, &put->items[i], &seq);
        if (!e)
            seqs[i] = (uint64_t)seq;
    }
    if (!e)
        e = account_frames(o, put->frames_dropped);
    if (!e && o->lost > 0)
        e = account_lost(o, o->lost, "not_recorded");
    if (!e && put->request && put->count > 0)
        e = keep_request(o, put, seqs[0]);
    if (!e && o->total[TOTAL_BYTES] > o->max_bytes)
        e = outbox_evict(o);
    return e;
}

enum err outbox_put(struct outbox *o, const struct outbox_put *put,
                    uint64_t *seqs)
{
    uint64_t given[CLIENT_MAX_PUT];
    enum err e = WS_NOTFOUND;
    size_t i;

    if (o->present == 0 || put->count > CLIENT_MAX_PUT)
        return WS_INVALID;
    if (put->request)
        e = find_request(o, put, seqs);
    if (e != WS_NOTFOUND)
        return e;
    for (i = 0; i < put->count; i++) {
        e = check_item(o, &put->items[i]);
        if (e)
            return e;
    }
    e = outbox_enter(o);
    if (e)
        return e;
    e = outbox_leave(o, put_all(o, put, given));
    if (e)
        return e;
    memcpy(seqs, given, put->count * sizeof(given[0]));
    o->lost = 0;
    return WS_OK;
}

enum err outbox_put_small(struct outbox *o, enum wire_item_kind kind,
                          const struct buf *payload)
{
    struct client_item item = {.kind = kind,
                               .payload = payload->data,
                               .payload_len = payload->len,
                               .picture_fd = -1};
    struct outbox_put put = {.items = &item, .count = 1};
    uint64_t seq;
    enum err e = buf_check(payload);

    return e ? e : outbox_put(o, &put, &seq);
}

void outbox_lose(struct outbox *o, int64_t items)
{
    o->lost += items;
}
