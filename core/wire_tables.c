/* The rows of wire.md. Layer 1 is frozen: a bound here may be wider than it
 * says, never narrower. Fields without WIRE_REQUIRED in a layer-1 message
 * that wire.md does not list there are layer 2. */
#include "core/wire.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define EXACT 9007199254740992.0 /* 2^53 */
#define FIRST 2                  /* seq of an item; 1 is the session itself */

static const char *const source_types[] = {"screenshot", "recording_window",
                                           NULL};
static const char *const labels[] = {"normal", "suspicious", "critical", NULL};
static const char *const pipelines[] = {"ok", "partial", "failed", NULL};
static const char *const recording_states[] = {
    "CREATED", "RECORDED", "UPLOADING", "UPLOADED", "FAILED", NULL};
static const char *const batch_kinds[] = {
    "metric",    "recording", "recording_status", "event", "notice_ack",
    "tombstone", NULL};

/* clang-format off */
#define TEXT(n, f, len)       {.name = n, .kind = WIRE_TEXT, .flags = f, .max_len = len}
#define HEX(n, f, len)        {.name = n, .kind = WIRE_HEX, .flags = f, .max_len = len}
#define INT(n, f, lo, hi)     {.name = n, .kind = WIRE_INT, .flags = f, .min = lo, .max = hi}
#define NUMBER(n, f, lo, hi)  {.name = n, .kind = WIRE_NUMBER, .flags = f, .min = lo, .max = hi}
#define TIME(n, f)            {.name = n, .kind = WIRE_TIME, .flags = f}
#define ENUM(n, f, list)      {.name = n, .kind = WIRE_ENUM, .flags = f, .choices = list}
#define OBJECT(n, f)          {.name = n, .kind = WIRE_OBJECT, .flags = f}
#define ARRAY(n, f, most)     {.name = n, .kind = WIRE_ARRAY, .flags = f, .max = most}
#define REQ WIRE_REQUIRED
#define NUL WIRE_NULLABLE
#define L2 WIRE_LAYER2
#define FLOAT WIRE_NUMERIC_TEXT /* servers in the field did float() */

static const struct wire_field session_fields[] = {
    TEXT("agent_name",    REQ, 100),
    TEXT("agent_version", REQ, 20),
    TEXT("hostname",      REQ, 255),
    TEXT("username",      REQ, 255),
    TEXT("ip_address",    REQ, 45),
    HEX("agent_id",       L2, 32),
    HEX("session_uid",    L2, 32),
    HEX("token_sha256",   L2, 64),
    TIME("started_at",    L2),
    ARRAY("features",     L2, 64),
    INT("tier",           L2, 0, 4),
};

static const struct wire_field heartbeat_fields[] = {
    TEXT("agent_version",        0, 20),
    NUMBER("uptime_s",           0, 0, EXACT),
    ARRAY("workers",             0, 64),
    OBJECT("queue",              0),
    INT("head_seq",              0, 0, EXACT),
    TIME("last_ai_upload_at",    NUL),
    TIME("last_observation_at",  NUL),
    NUMBER("cpu_share",          NUL, 0, 4096),
    INT("pss_bytes",             NUL, 0, EXACT),
    INT("disk_free_bytes",       NUL, 0, EXACT),
    NUMBER("clock_offset_ms",    NUL, -EXACT, EXACT),
    INT("policy_revision",       NUL, 0, EXACT),
    TEXT("state",                0, 64),
};

static const struct wire_field screenshot_fields[] = {
    TEXT("session_id",  REQ, 20),
    TIME("captured_at", REQ),
    INT("seq",          L2, FIRST, EXACT),
    HEX("sha256",       L2, 64),
    TEXT("output",      L2, 64),
    INT("width",        L2, 1, 16384),
    INT("height",       L2, 1, 16384),
    INT("tier",         L2, 0, 4),
    INT("masks",        L2, 0, EXACT),
};

static const struct wire_field recording_fields[] = {
    TEXT("video_path",     REQ, 255),
    TEXT("drive_file_id",  NUL, 255),
    TIME("started_at",     REQ),
    TIME("ended_at",       REQ),
    ENUM("status",         0, recording_states),
    INT("file_size_bytes", NUL, 0, EXACT),
    INT("seq",             L2, FIRST, EXACT),
};

static const struct wire_field recording_status_fields[] = {
    INT("recording_seq",  REQ, 1, EXACT),
    ENUM("status",        REQ, recording_states),
    TEXT("drive_file_id", NUL, 255),
    TEXT("error_message", NUL, 65536),
    INT("retry_count",    NUL, 0, EXACT),
};

static const struct wire_field metric_fields[] = {
    TIME("agent_timestamp",      REQ),
    ENUM("source_type",          REQ, source_types),
    TEXT("source_ref",           REQ, 1024),
    {.name = "feature_version", .kind = WIRE_TEXT_OR_NUMBER, .flags = REQ, .max_len = 255},
    OBJECT("features",           REQ),
    NUMBER("productivity_score", REQ | FLOAT, 0, 100),
    NUMBER("anomaly_score",      REQ | FLOAT, 0, 1),
    ENUM("anomaly_label",        REQ, labels),
    OBJECT("model_info",         REQ),
    ENUM("pipeline_status",      REQ, pipelines),
    TEXT("ocr_text_hash",        NUL, 255),
    TEXT("error_code",           NUL, 255),
    TEXT("error_message",        NUL, 65536),
};

static const struct wire_field event_fields[] = {
    TEXT("event",  REQ, 64), /* pause, resume, lock, unlock, policy, ... */
    TIME("at",     REQ),
    TIME("until",  NUL),
    TEXT("reason", NUL, 255),
    OBJECT("detail", NUL),
};

static const struct wire_field notice_ack_fields[] = {
    HEX("notice_sha256",   REQ, 64),
    TIME("acknowledged_at", REQ),
    INT("tier",            REQ, 0, 4),
    HEX("policy_sha256",   NUL, 64),
    TEXT("person",         NUL, 255),
    TEXT("purpose",        NUL, 255),
    TEXT("until",          NUL, 64),
};

static const struct wire_field tombstone_fields[] = {
    ARRAY("seqs",  0, 1024), /* [[first, last], ...], or count */
    INT("count",   0, 1, EXACT),
    TEXT("reason", REQ, 255),
    TIME("at",     0),
};

static const struct wire_field batch_item_fields[] = {
    INT("seq",      REQ, FIRST, EXACT),
    ENUM("kind",    REQ, batch_kinds),
    TEXT("payload", REQ, 4 << 20),
};

#define MESSAGE(word) \
    const struct wire_message wire_##word = {#word, word##_fields, COUNT(word##_fields)}

MESSAGE(session);
MESSAGE(heartbeat);
MESSAGE(screenshot);
MESSAGE(recording);
MESSAGE(recording_status);
MESSAGE(metric);
MESSAGE(event);
MESSAGE(notice_ack);
MESSAGE(tombstone);
MESSAGE(batch_item);

const struct wire_item wire_items[WIRE_ITEM_KINDS] = {
    [WIRE_ITEM_SESSION]          = {"session",          &wire_session},
    [WIRE_ITEM_METRIC]           = {"metric",           &wire_metric},
    [WIRE_ITEM_SCREENSHOT]       = {"screenshot",       &wire_screenshot},
    [WIRE_ITEM_RECORDING]        = {"recording",        &wire_recording},
    [WIRE_ITEM_RECORDING_STATUS] = {"recording_status", &wire_recording_status},
    [WIRE_ITEM_EVENT]            = {"event",            &wire_event},
    [WIRE_ITEM_NOTICE_ACK]       = {"notice_ack",       &wire_notice_ack},
    [WIRE_ITEM_TOMBSTONE]        = {"tombstone",        &wire_tombstone},
};
/* clang-format on */
