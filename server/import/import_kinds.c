/* import_kinds.c - Django's tables of items: their columns, and what becomes
 * of a row. It is judged by the wire's own rows (core/wire.h). */
#include "server/import/import_private.h"

#include <stdio.h>
#include <string.h>

/* A long column, unless the long ones of the row are over the bound: the page
 * stays small, and the bytes column says how many there were. */
#define MOST "1048576"
#define SHORT(bytes, column) "if(" bytes " > " MOST ", NULL, " column ")"

#define METRIC_BYTES                                                           \
    "(length(features) + length(model_info) + ifnull(length(error_message), "  \
    "0))"
#define METRIC                                                                                                                              \
    "SELECT id, session_id, idempotency_key, " IMPORT_TIME(                                                                                 \
        "created_at") ", " METRIC_BYTES                                                                                                     \
                      ", " IMPORT_TIME(                                                                                                     \
                          "agent_timestamp") ", source_type,"                                                                               \
                                             " source_ref, ocr_text_hash, "                                                                 \
                                             "cast(feature_version AS "                                                                     \
                                             "CHAR), " SHORT(                                                                               \
                                                 METRIC_BYTES,                                                                              \
                                                 "features") ", "                                                                           \
                                                             "productivity_"                                                                \
                                                             "score + 0e0,"                                                                 \
                                                             " anomaly_score "                                                              \
                                                             "+ 0e0, "                                                                      \
                                                             "anomaly_label,"                                                               \
                                                             " " SHORT(METRIC_BYTES, "model_info") ", pipeline_status, error_code, " SHORT( \
                                                                 METRIC_BYTES,                                                              \
                                                                 "error_"                                                                   \
                                                                 "message") " FROM monitoring_aimetric WHERE id > ? ORDER BY id" IMPORT_PAGE_SQL

static const struct import_field metric[] = {
    {"agent_timestamp", IMPORT_TEXT},      {"source_type", IMPORT_TEXT},
    {"source_ref", IMPORT_TEXT},           {"ocr_text_hash", IMPORT_TEXT},
    {"feature_version", IMPORT_TEXT},      {"features", IMPORT_JSON},
    {"productivity_score", IMPORT_NUMBER}, {"anomaly_score", IMPORT_NUMBER},
    {"anomaly_label", IMPORT_TEXT},        {"model_info", IMPORT_JSON},
    {"pipeline_status", IMPORT_TEXT},      {"error_code", IMPORT_TEXT},
    {"error_message", IMPORT_TEXT},
};

/* A recording that never ended is as long as nothing. */
#define RECORDING                                                                                                                                        \
    "SELECT id, session_id, NULL, " IMPORT_TIME(                                                                                                         \
        "created_at") ","                                                                                                                                \
                      " ifnull(length(error_message), 0), video_path, "                                                                                  \
                      "drive_file_id, " IMPORT_TIME(                                                                                                     \
                          "started_at") ", " IMPORT_TIME("ifnull(ended_at, "                                                                             \
                                                         "started_at)") ", "                                                                             \
                                                                        "stat"                                                                           \
                                                                        "us,"                                                                            \
                                                                        " fil"                                                                           \
                                                                        "e_"                                                                             \
                                                                        "size"                                                                           \
                                                                        "_byt"                                                                           \
                                                                        "es "                                                                            \
                                                                        "+ "                                                                             \
                                                                        "0e0,"                                                                           \
                                                                        " ret"                                                                           \
                                                                        "ry_"                                                                            \
                                                                        "coun"                                                                           \
                                                                        "t + "                                                                           \
                                                                        "0e0,"                                                                           \
                                                                        " " SHORT("ifnull(length(error_message), 0)", "error_message") ", " IMPORT_TIME( \
                                                                            "created_at") ", " IMPORT_TIME("updated_at") ","                             \
                                                                                                                         " ai_processed + 0e0"           \
                                                                                                                         " FROM monitoring_recording WHERE id > ? ORDER BY id" IMPORT_PAGE_SQL

static const struct import_field recording[] = {
    {"video_path", IMPORT_TEXT},     {"drive_file_id", IMPORT_TEXT},
    {"started_at", IMPORT_TEXT},     {"ended_at", IMPORT_TEXT},
    {"status", IMPORT_TEXT},         {"file_size_bytes", IMPORT_NUMBER},
    {"retry_count", IMPORT_NUMBER},  {"error_message", IMPORT_TEXT},
    {"created_at", IMPORT_TEXT},     {"updated_at", IMPORT_TEXT},
    {"ai_processed", IMPORT_NUMBER},
};

#define SCREENSHOT                                                             \
    "SELECT id, session_id, NULL, " IMPORT_TIME(                               \
        "created_at") ", 0, " IMPORT_TIME("captured_at") ", image"             \
                                                         " FROM "              \
                                                         "monitoring_"         \
                                                         "screenshotlog "      \
                                                         "WHERE id > ? ORDER " \
                                                         "BY "                 \
                                                         "id" IMPORT_PAGE_SQL

static const struct import_field screenshot[] = {
    {"captured_at", IMPORT_TEXT},
    {"image", IMPORT_TEXT},
};

/* As the agent sent it: into columns by the rows of the wire. */
static enum err fill(struct import_item *it, enum wire_item_kind kind,
                     char reason[IMPORT_REASON_BYTES])
{
    struct wire_problems problems = {.count = 0};
    enum err e =
        facts_read_layer1(kind, it->doc, &it->fact, &it->room, &problems);

    if (e == WS_INVALID)
        import_source_reason(&problems, reason);
    else if (!e)
        facts_payload(&it->fact, it->payload.data, it->payload.len);
    return e;
}

static enum err fill_metric(struct import *im, struct import_item *it,
                            char reason[IMPORT_REASON_BYTES])
{
    (void)im;
    return fill(it, WIRE_ITEM_METRIC, reason);
}

/* The path is of the agent's machine and opened by nobody; one that climbs is
 * refused all the same. */
static bool climbs(const char *path)
{
    for (const char *p = path; *p; p += strcspn(p, "/\\")) {
        p += strspn(p, "/\\");
        if (strncmp(p, "..", 2) == 0 && strcspn(p, "/\\") == 2)
            return true;
    }
    return false;
}

static enum err fill_recording(struct import *im, struct import_item *it,
                               char reason[IMPORT_REASON_BYTES])
{
    (void)im;
    if (climbs(json_text(json_get(it->doc, "video_path"), ""))) {
        snprintf(reason, IMPORT_REASON_BYTES, "video_path climbs by ..");
        return WS_INVALID;
    }
    return fill(it, WIRE_ITEM_RECORDING, reason);
}

#define KIND(t, k, word, sql_text, list, how)                                  \
    {                                                                          \
        .table = t, .kind = k, .name = word, .sql = sql_text, .fields = list,  \
        .field_count = sizeof list / sizeof list[0], .fill = how               \
    }

const struct import_facts_kind import_kinds[] = {
    KIND(IMPORT_METRICS, WIRE_ITEM_METRIC, "metric", METRIC, metric,
         fill_metric),
    KIND(IMPORT_SCREENSHOTS, WIRE_ITEM_SCREENSHOT, "screenshot", SCREENSHOT,
         screenshot, import_pictures_fill),
    KIND(IMPORT_RECORDINGS, WIRE_ITEM_RECORDING, "recording", RECORDING,
         recording, fill_recording),
};
const size_t import_kinds_count = sizeof import_kinds / sizeof import_kinds[0];
