/* store_sqlite_insert.c - one fact into the table of its kind. */
#include "server/store/store_sqlite_parts.h"

#include <math.h>

#define HEAD                                                                   \
    "(id, session_id, key, seq, at, received_at, payload_sha256, payload"
#define HEAD_VALUES "VALUES (?,?,?,?,?,?,?,?"

static void bind_head(struct db_stmt *q, const struct fact *f)
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
}

static enum err insert_metric(struct db *db, const struct fact *f)
{
    const struct fact_metric *m = &f->metric;
    struct db_stmt *q;
    enum err e = db_stmt(
        db,
        "INSERT INTO metric " HEAD ", source_type, source_ref, feature_version,"
        " productivity, anomaly, label, pipeline, scored,"
        " judged, ocr_text_hash, error_code, error_message, told, activity,"
        " category)" HEAD_VALUES ",?,?,?,?,?,?,?,?,?,?,?,?,1,?,?)",
        &q);

    if (e)
        return e;
    bind_head(q, f);
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
    return db_run(q);
}

static enum err insert_screenshot(struct db *db, const struct fact *f)
{
    const struct fact_screenshot *p = &f->screenshot;
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "INSERT INTO screenshot " HEAD
                         ", blob, thumbnail, bytes, width, height, format,"
                         " output, tier, masks, sha256)" HEAD_VALUES
                         ",?,?,?,?,?,?,?,?,?,?)",
                         &q);

    if (e)
        return e;
    bind_head(q, f);
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
    return db_run(q);
}

/* A status that arrived before its recording (delivery is unordered) counts
 * as soon as the recording is there. */
static enum err catch_up(struct db *db, const struct fact *f)
{
    struct db_stmt *q;
    enum err e;

    if (!f->seq)
        return WS_OK;
    e = db_stmt(db,
                "UPDATE recording SET status = n.status,"
                " drive_file_id = ifnull(n.drive_file_id,"
                " recording.drive_file_id), error_message = n.error_message,"
                " retry_count = max(recording.retry_count, n.retry_count)"
                " FROM (SELECT status, drive_file_id, error_message,"
                " retry_count FROM recording_status WHERE session_id = ?1"
                " AND recording_seq = ?2 ORDER BY status DESC, seq DESC"
                " LIMIT 1) AS n"
                " WHERE session_id = ?1 AND seq = ?2"
                " AND n.status >= recording.status",
                &q);
    if (e)
        return e;
    db_bind_int(q, f->session_id);
    db_bind_int(q, f->seq);
    return db_run(q);
}

static enum err insert_recording(struct db *db, const struct fact *f)
{
    const struct fact_recording *r = &f->recording;
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "INSERT INTO recording " HEAD
                         ", ended_at, video_path, drive_file_id, status,"
                         " bytes)" HEAD_VALUES ",?,?,?,?,?)",
                         &q);

    if (e)
        return e;
    bind_head(q, f);
    db_bind_int(q, r->ended_ns);
    db_bind_text(q, r->video_path);
    db_bind_text(q, r->drive_file_id);
    db_bind_int(q, r->status);
    db_bind_int(q, r->bytes);
    e = db_run(q);
    return e ? e : catch_up(db, f);
}

/* Forward only: an older status that arrives late changes nothing. */
static enum err move_recording(struct db *db, const struct fact *f)
{
    const struct fact_recording_status_row *r = &f->recording_status;
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "UPDATE recording SET status = ?1,"
                         " drive_file_id = ifnull(?2, drive_file_id),"
                         " error_message = ?3,"
                         " retry_count = max(retry_count, ?4)"
                         " WHERE session_id = ?5 AND seq = ?6 AND status <= ?1",
                         &q);

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

static enum err insert_recording_status(struct db *db, const struct fact *f)
{
    const struct fact_recording_status_row *r = &f->recording_status;
    struct db_stmt *q;
    enum err e =
        db_stmt(db,
                "INSERT INTO recording_status " HEAD
                ", recording_seq, status, drive_file_id,"
                " error_message, retry_count)" HEAD_VALUES ",?,?,?,?,?)",
                &q);

    if (e)
        return e;
    bind_head(q, f);
    db_bind_int(q, r->recording_seq);
    db_bind_int(q, r->status);
    db_bind_text(q, r->drive_file_id);
    db_bind_text(q, r->error_message);
    db_bind_int(q, r->retry_count);
    e = db_run(q);
    return e ? e : move_recording(db, f);
}

static enum err insert_event(struct db *db, const struct fact *f)
{
    struct db_stmt *q;
    enum err e = db_stmt(
        db, "INSERT INTO event " HEAD ", event, reason)" HEAD_VALUES ",?,?)",
        &q);

    if (e)
        return e;
    bind_head(q, f);
    db_bind_text(q, f->event.type);
    db_bind_text(q, f->event.reason);
    return db_run(q);
}

static enum err insert_notice_ack(struct db *db, const struct fact *f)
{
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "INSERT INTO notice_ack " HEAD
                         ", notice_sha256, tier, person)" HEAD_VALUES ",?,?,?)",
                         &q);

    if (e)
        return e;
    bind_head(q, f);
    db_bind_text(q, f->notice_ack.notice_hash);
    db_bind_int(q, f->notice_ack.tier);
    db_bind_text(q, f->notice_ack.person);
    return db_run(q);
}

static enum err insert_tombstone(struct db *db, const struct fact *f)
{
    struct db_stmt *q;
    enum err e = db_stmt(db,
                         "INSERT INTO tombstone " HEAD
                         ", reason, count)" HEAD_VALUES ",?,?)",
                         &q);

    if (e)
        return e;
    bind_head(q, f);
    db_bind_text(q, f->tombstone.reason);
    db_bind_int(q, f->tombstone.count);
    return db_run(q);
}

static enum err (*const inserts[WIRE_ITEM_KINDS])(struct db *,
                                                  const struct fact *) = {
    [WIRE_ITEM_METRIC] = insert_metric,
    [WIRE_ITEM_SCREENSHOT] = insert_screenshot,
    [WIRE_ITEM_RECORDING] = insert_recording,
    [WIRE_ITEM_RECORDING_STATUS] = insert_recording_status,
    [WIRE_ITEM_EVENT] = insert_event,
    [WIRE_ITEM_NOTICE_ACK] = insert_notice_ack,
    [WIRE_ITEM_TOMBSTONE] = insert_tombstone,
};

enum err store_sqlite_insert(struct db *db, const struct fact *f)
{
    return inserts[f->kind] ? inserts[f->kind](db, f) : WS_INVALID;
}
