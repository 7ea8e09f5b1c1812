#include "server/store/store_db_kinds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define HEAD(table, more)                                                      \
    "INSERT INTO " table " (id, session_id, \"key\", seq, at, received_at,"    \
    " payload_sha256, payload, " more ") VALUES "
#define ROW "(?,?,?,?,?,?,?,?"
#define KIND(table, more, marks, blob)                                         \
    {                                                                          \
        .insert = {HEAD(table, more), ROW marks, ""},                          \
        .insert_one = HEAD(table, more) ROW marks,                             \
        .taken = {"SELECT session_id, \"key\" FROM " table                     \
                  " WHERE (session_id, \"key\") IN (",                         \
                  "(?,?)", ")"},                                               \
        .find = "SELECT id, ifnull(seq, 0), payload_sha256, payload, " blob    \
                " FROM " table " WHERE session_id = ? AND \"key\" = ?",        \
    }

const struct store_db_kind store_db_kinds[WIRE_ITEM_KINDS] = {
    [WIRE_ITEM_METRIC] =
        KIND("metric",
             "source_type, source_ref, feature_version, productivity, anomaly,"
             " label, pipeline, scored, judged, ocr_text_hash, error_code,"
             " error_message, told, activity, category",
             ",?,?,?,?,?,?,?,?,?,?,?,?,1,?,?)", "''"),
    [WIRE_ITEM_SCREENSHOT] =
        KIND("screenshot",
             "\"blob\", thumbnail, bytes, width, height, format, output, tier,"
             " masks, sha256",
             ",?,?,?,?,?,?,?,?,?,?)", "\"blob\""),
    [WIRE_ITEM_RECORDING] =
        KIND("recording", "ended_at, video_path, drive_file_id, status, bytes",
             ",?,?,?,?,?)", "''"),
    [WIRE_ITEM_RECORDING_STATUS] =
        KIND("recording_status",
             "recording_seq, status, drive_file_id, error_message,"
             " retry_count",
             ",?,?,?,?,?)", "''"),
    [WIRE_ITEM_EVENT] = KIND("event", "event, reason", ",?,?)", "''"),
    [WIRE_ITEM_NOTICE_ACK] =
        KIND("notice_ack", "notice_sha256, tier, person", ",?,?,?)", "''"),
    [WIRE_ITEM_TOMBSTONE] = KIND("tombstone", "reason, count", ",?,?)", "''"),
};

/* --- values, in the order of the columns --- */

static void bind_metric(struct db_stmt *q, const struct fact *f)
{
    const struct fact_metric *m = &f->metric;

    db_bind_int(q, m->source_type);
    db_bind_text(q, m->source_ref);
    db_bind_text(q, m->feature_version);
    db_bind_number(q, m->productivity);
    db_bind_number(q, m->anomaly);
    db_bind_int(q, m->label);
    db_bind_int(q, m->pipeline);
    db_bind_int(q, m->scored);
    db_bind_int(q, m->judged);
    db_bind_text(q, m->ocr_text_hash);
    db_bind_text(q, m->error_code);
    db_bind_text(q, m->error_message);
    if (isnan(m->activity))
        db_bind_null(q);
    else
        db_bind_number(q, m->activity);
    db_bind_text(q, m->category);
}

static void bind_screenshot(struct db_stmt *q, const struct fact *f)
{
    const struct fact_screenshot *p = &f->screenshot;

    db_bind_text(q, p->blob);
    db_bind_text(q, p->thumbnail);
    db_bind_int(q, p->bytes);
    db_bind_int(q, p->width_px);
    db_bind_int(q, p->height_px);
    db_bind_int(q, p->format);
    db_bind_text(q, p->output);
    db_bind_int(q, p->tier);
    db_bind_int(q, p->masks);
    db_bind_blob(q, p->sha256, sizeof p->sha256);
}

static void bind_recording(struct db_stmt *q, const struct fact *f)
{
    const struct fact_recording *r = &f->recording;

    db_bind_int(q, r->ended_ns);
    db_bind_text(q, r->video_path);
    db_bind_text(q, r->drive_file_id);
    db_bind_int(q, r->status);
    db_bind_int(q, r->bytes);
}

static void bind_recording_status(struct db_stmt *q, const struct fact *f)
{
    const struct fact_recording_status_row *r = &f->recording_status;

    db_bind_int(q, r->recording_seq);
    db_bind_int(q, r->status);
    db_bind_text(q, r->drive_file_id);
    db_bind_text(q, r->error_message);
    db_bind_int(q, r->retry_count);
}

static void bind_event(struct db_stmt *q, const struct fact *f)
{
    db_bind_text(q, f->event.type);
    db_bind_text(q, f->event.reason);
}

static void bind_notice_ack(struct db_stmt *q, const struct fact *f)
{
    db_bind_text(q, f->notice_ack.notice_hash);
    db_bind_int(q, f->notice_ack.tier);
    db_bind_text(q, f->notice_ack.person);
}

static void bind_tombstone(struct db_stmt *q, const struct fact *f)
{
    db_bind_text(q, f->tombstone.reason);
    db_bind_int(q, f->tombstone.count);
}

static void (*const binds[WIRE_ITEM_KINDS])(struct db_stmt *,
                                            const struct fact *) = {
    [WIRE_ITEM_METRIC] = bind_metric,
    [WIRE_ITEM_SCREENSHOT] = bind_screenshot,
    [WIRE_ITEM_RECORDING] = bind_recording,
    [WIRE_ITEM_RECORDING_STATUS] = bind_recording_status,
    [WIRE_ITEM_EVENT] = bind_event,
    [WIRE_ITEM_NOTICE_ACK] = bind_notice_ack,
    [WIRE_ITEM_TOMBSTONE] = bind_tombstone,
};

void store_db_kinds_bind(struct db_stmt *q, const struct fact *f)
{
    db_bind_int(q, f->id);
    db_bind_int(q, f->session_id);
    db_bind_text(q, f->key);
    if (f->seq)
        db_bind_int(q, f->seq);
    else
        db_bind_null(q);
    db_bind_int(q, f->at_ns);
    db_bind_int(q, f->received_ns);
    db_bind_blob(q, f->payload_sha256, sizeof f->payload_sha256);
    db_bind_blob(q, f->payload, f->payload_len);
    binds[f->kind](q, f);
}

/* --- the row that holds a key --- */

static enum err read_found(struct db_stmt *q, struct fact_found *out)
{
    const void *hash, *payload;
    size_t hash_len, len;

    out->id = db_int(q, 0);
    out->seq = db_int(q, 1);
    hash = db_blob(q, 2, &hash_len);
    if (hash_len != sizeof out->payload_sha256)
        return WS_CORRUPT;
    memcpy(out->payload_sha256, hash, hash_len);
    payload = db_blob(q, 3, &len);
    buf_clear(&out->payload);
    buf_append(&out->payload, payload, len);
    snprintf(out->blob, sizeof out->blob, "%s", db_text(q, 4));
    return buf_check(&out->payload);
}

enum err store_db_kinds_find(struct store *s, enum wire_item_kind kind,
                             int64_t session_id, const char *key,
                             struct fact_found *out)
{
    struct db_stmt *q;
    enum err e;

    if (!store_db_kinds[kind].find)
        return WS_NOTFOUND;
    e = db_stmt(store_db_conn(s), store_db_kinds[kind].find, &q);
    if (e)
        return e;
    db_bind_int(q, session_id);
    db_bind_text(q, key);
    e = db_step(q);
    if (e)
        return e;
    out->kind = kind;
    e = read_found(q, out);
    db_reset(q);
    return e;
}

/* --- recordings and their status, in whatever order they arrive --- */

#define NEWEST_STATUS                                                          \
    "(SELECT status, drive_file_id, error_message, retry_count"                \
    " FROM recording_status WHERE session_id = ?1 AND recording_seq = ?2"      \
    " ORDER BY status DESC, seq DESC LIMIT 1)"

/* A status that came before its recording counts once the recording is there.
 * MySQL sets from left to right: what is read stands after it. */
static enum err catch_up(struct store *s, const struct fact *f)
{
    static const char *const sql[STORE_DIALECTS] = {
        [STORE_SQLITE] =
            "UPDATE recording SET status = n.status,"
            " drive_file_id = ifnull(n.drive_file_id,"
            " recording.drive_file_id), error_message = n.error_message,"
            " retry_count = max(recording.retry_count, n.retry_count)"
            " FROM " NEWEST_STATUS " AS n"
            " WHERE session_id = ?1 AND seq = ?2"
            " AND n.status >= recording.status",
        [STORE_MYSQL] =
            "UPDATE recording r JOIN " NEWEST_STATUS " n"
            " SET r.drive_file_id = ifnull(n.drive_file_id,"
            " r.drive_file_id), r.error_message = n.error_message,"
            " r.retry_count = greatest(r.retry_count, n.retry_count),"
            " r.status = n.status WHERE r.session_id = ?1 AND r.seq = ?2"
            " AND n.status >= r.status",
    };
    struct db_stmt *q;
    enum err e;

    if (!f->seq)
        return WS_OK;
    e = db_stmt(store_db_conn(s), store_db_sql(s, sql), &q);
    if (e)
        return e;
    db_bind_int(q, f->session_id);
    db_bind_int(q, f->seq);
    return db_run(q);
}

#define MOVE(greatest)                                                         \
    "UPDATE recording SET drive_file_id = ifnull(?2, drive_file_id),"          \
    " error_message = ?3, retry_count = " greatest "(retry_count, ?4),"        \
    " status = ?1 WHERE session_id = ?5 AND seq = ?6 AND status <= ?1"

/* Forward only: an older status that arrives late changes nothing. */
static enum err move_recording(struct store *s, const struct fact *f)
{
    static const char *const sql[STORE_DIALECTS] = {
        [STORE_SQLITE] = MOVE("max"), [STORE_MYSQL] = MOVE("greatest")};
    const struct fact_recording_status_row *r = &f->recording_status;
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s), store_db_sql(s, sql), &q);

    if (e)
        return e;
    db_bind_int(q, r->status);
    db_bind_text(q, r->drive_file_id);
    db_bind_text(q, r->error_message);
    db_bind_int(q, r->retry_count);
    db_bind_int(q, f->session_id);
    db_bind_int(q, r->recording_seq);
    return db_run(q);
}

enum err store_db_kinds_follow(struct store *s, const struct fact *f)
{
    if (f->kind == WIRE_ITEM_RECORDING)
        return catch_up(s, f);
    if (f->kind == WIRE_ITEM_RECORDING_STATUS)
        return move_recording(s, f);
    return WS_OK;
}
