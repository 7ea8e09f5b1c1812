#include "server/ingest/facts.h"

#include "core/clock.h"
#include "core/sha256.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SEQ 9007199254740992.0 /* 2^53 */

/* Checked before: a word that is not known cannot come here. */
static int choice(const struct wire_message *m, const char *name,
                  const struct json *v, int missing)
{
    const char *word = json_text(v, NULL);

    for (size_t i = 0; word && i < m->count; i++) {
        const struct wire_field *f = &m->fields[i];

        if (strcmp(f->name, name) != 0)
            continue;
        for (int c = 0; f->choices[c]; c++)
            if (strcmp(f->choices[c], word) == 0)
                return c;
    }
    return missing;
}

static int64_t time_of(const struct json *v, int64_t missing)
{
    const char *text = json_text(v, NULL);
    int64_t ns;

    if (!text || clock_parse_iso(text, strlen(text), &ns))
        return missing;
    return ns;
}

/* The shortest text that reads back as the same number. */
static void print_number(double v, char out[32])
{
    if (fabs(v) < MAX_SEQ && v == (double)(int64_t)v) {
        snprintf(out, 32, "%" PRId64, (int64_t)v);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, v);
        if (strtod(out, NULL) == v)
            return;
    }
}

static const char *version_of(const struct json *v, struct facts_room *room)
{
    const char *text = json_text(v, NULL);

    if (text)
        return text;
    print_number(json_number(v, 0), room->number);
    return room->number;
}

/* The anomaly has a word of its own, since it may be known while the other
 * score is not, and the other way round; without one it goes with the metric:
 * an observation that is not scored says nothing about what is usual. */
static bool judged(const struct json *features, bool scored)
{
    return json_bool(json_get(json_get(features, "anomaly"), "scored"), scored);
}

/* As much of features.category as is kept, of whole characters. */
static const char *category_of(const struct json *v, struct facts_room *room)
{
    const char *text = json_text(v, NULL);
    size_t len = text ? strlen(text) : 0;

    if (!text)
        return NULL;
    if (len >= FACT_CATEGORY_BYTES)
        for (len = FACT_CATEGORY_BYTES - 1; (text[len] & 0xc0) == 0x80;)
            len--;
    memcpy(room->category, text, len);
    room->category[len] = '\0';
    return room->category;
}

static enum err read_metric(const struct json *doc, struct fact *f,
                            struct facts_room *room,
                            struct wire_problems *problems)
{
    const struct wire_message *m = &wire_metric;
    const struct json *features = json_get(doc, "features");
    bool scored = json_bool(json_get(features, "scored"), true);

    (void)problems;
    f->at_ns = time_of(json_get(doc, "agent_timestamp"), f->received_ns);
    f->metric = (struct fact_metric){
        .source_type = (enum fact_source)choice(
            m, "source_type", json_get(doc, "source_type"), FACT_SCREENSHOT),
        .label = (enum fact_label)choice(
            m, "anomaly_label", json_get(doc, "anomaly_label"), FACT_NORMAL),
        .pipeline = (enum fact_pipeline)choice(
            m, "pipeline_status", json_get(doc, "pipeline_status"), FACT_OK),
        .scored = scored,
        .judged = judged(features, scored),
        .productivity = wire_number(json_get(doc, "productivity_score"), 0),
        .anomaly = wire_number(json_get(doc, "anomaly_score"), 0),
        .activity = json_number(json_get(features, "activity"), NAN),
        .category = category_of(json_get(features, "category"), room),
        .source_ref = json_text(json_get(doc, "source_ref"), ""),
        .feature_version = version_of(json_get(doc, "feature_version"), room),
        .ocr_text_hash = json_text(json_get(doc, "ocr_text_hash"), NULL),
        .error_code = json_text(json_get(doc, "error_code"), NULL),
        .error_message = json_text(json_get(doc, "error_message"), NULL),
    };
    return WS_OK;
}

static enum err read_recording(const struct json *doc, struct fact *f,
                               struct facts_room *room,
                               struct wire_problems *problems)
{
    (void)room;
    (void)problems;
    f->at_ns = time_of(json_get(doc, "started_at"), f->received_ns);
    f->recording = (struct fact_recording){
        .video_path = json_text(json_get(doc, "video_path"), ""),
        .drive_file_id = json_text(json_get(doc, "drive_file_id"), NULL),
        .ended_ns = time_of(json_get(doc, "ended_at"), f->at_ns),
        .bytes = json_int(json_get(doc, "file_size_bytes"), -1),
        .status = (enum fact_recording_status)choice(
            &wire_recording, "status", json_get(doc, "status"), FACT_UPLOADED),
    };
    return WS_OK;
}

static enum err read_recording_status(const struct json *doc, struct fact *f,
                                      struct facts_room *room,
                                      struct wire_problems *problems)
{
    (void)room;
    (void)problems;
    f->recording_status = (struct fact_recording_status_row){
        .recording_seq = json_int(json_get(doc, "recording_seq"), 0),
        .retry_count = json_int(json_get(doc, "retry_count"), -1),
        .status = (enum fact_recording_status)choice(
            &wire_recording_status, "status", json_get(doc, "status"),
            FACT_CREATED),
        .drive_file_id = json_text(json_get(doc, "drive_file_id"), NULL),
        .error_message = json_text(json_get(doc, "error_message"), NULL),
    };
    return WS_OK;
}

static enum err read_event(const struct json *doc, struct fact *f,
                           struct facts_room *room,
                           struct wire_problems *problems)
{
    (void)room;
    (void)problems;
    f->at_ns = time_of(json_get(doc, "at"), f->received_ns);
    f->event = (struct fact_event){
        .type = json_text(json_get(doc, "event"), ""),
        .reason = json_text(json_get(doc, "reason"), NULL),
    };
    return WS_OK;
}

static enum err read_notice_ack(const struct json *doc, struct fact *f,
                                struct facts_room *room,
                                struct wire_problems *problems)
{
    (void)room;
    (void)problems;
    f->at_ns = time_of(json_get(doc, "acknowledged_at"), f->received_ns);
    f->notice_ack = (struct fact_notice_ack){
        .notice_hash = json_text(json_get(doc, "notice_sha256"), ""),
        .person = json_text(json_get(doc, "person"), NULL),
        .tier = json_int(json_get(doc, "tier"), 0),
    };
    return WS_OK;
}

/* A run is a seq or a pair of them. */
static bool read_run(const struct json *v, struct store_run *out)
{
    const struct json *first = json_kind(v) == JSON_ARRAY ? json_first(v) : v;
    const struct json *last =
        json_kind(v) == JSON_ARRAY && first ? json_next(first) : first;

    if (!first || !last || (last != first && json_next(last)))
        return false;
    *out = (struct store_run){json_int(first, 0), json_int(last, 0)};
    return out->first >= 1 && out->last >= out->first &&
           (double)out->last <= MAX_SEQ;
}

static enum err read_tombstone(const struct json *doc, struct fact *f,
                               struct facts_room *room,
                               struct wire_problems *problems)
{
    const struct json *seqs = json_get(doc, "seqs");
    const struct json *v = seqs ? json_first(seqs) : NULL;
    size_t n = 0;

    f->at_ns = time_of(json_get(doc, "at"), f->received_ns);
    f->tombstone = (struct fact_tombstone){
        .reason = json_text(json_get(doc, "reason"), ""),
        .count = json_int(json_get(doc, "count"), 0),
    };
    if (!v && !f->tombstone.count) {
        wire_problem(problems, "/seqs",
                     "a tombstone needs seqs or a count of at least 1");
        return WS_INVALID;
    }
    if (!v)
        return WS_OK;
    room->runs = calloc(json_count(seqs), sizeof *room->runs);
    if (!room->runs)
        return WS_NOMEM;
    for (; v; v = json_next(v))
        if (!read_run(v, &room->runs[n++])) {
            wire_problem(problems, "/seqs",
                         "seqs[%zu] must be a seq or [first, last] from 1 to "
                         "2^53",
                         n - 1);
            return WS_INVALID;
        }
    f->tombstone.runs = room->runs;
    f->tombstone.run_count = n;
    return WS_OK;
}

static enum err (*const readers[WIRE_ITEM_KINDS])(const struct json *,
                                                  struct fact *,
                                                  struct facts_room *,
                                                  struct wire_problems *) = {
    [WIRE_ITEM_METRIC] = read_metric,
    [WIRE_ITEM_RECORDING] = read_recording,
    [WIRE_ITEM_RECORDING_STATUS] = read_recording_status,
    [WIRE_ITEM_EVENT] = read_event,
    [WIRE_ITEM_NOTICE_ACK] = read_notice_ack,
    [WIRE_ITEM_TOMBSTONE] = read_tombstone,
};

static enum err read_checked(enum wire_item_kind kind, const struct json *doc,
                             struct fact *f, struct facts_room *room,
                             struct wire_problems *problems)
{
    if (!readers[kind]) {
        wire_problem(problems, "/kind", "%s does not travel in a batch",
                     wire_item_name(kind));
        return WS_INVALID;
    }
    f->kind = kind;
    f->at_ns = f->received_ns;
    return readers[kind](doc, f, room, problems);
}

enum err facts_read(enum wire_item_kind kind, const struct json *doc,
                    struct fact *f, struct facts_room *room,
                    struct wire_problems *problems)
{
    enum err e = wire_check(wire_item_message(kind), doc, problems);

    return e ? e : read_checked(kind, doc, f, room, problems);
}

enum err facts_read_layer1(enum wire_item_kind kind, const struct json *doc,
                           struct fact *f, struct facts_room *room,
                           struct wire_problems *problems)
{
    enum err e = wire_check_layer1(wire_item_message(kind), doc, problems);

    return e ? e : read_checked(kind, doc, f, room, problems);
}

enum err facts_parse(enum wire_item_kind kind, const char *payload, size_t len,
                     struct json **doc, struct fact *f, struct facts_room *room,
                     struct wire_problems *problems)
{
    struct json_error why;
    enum err e = json_parse(payload, len, doc, &why);

    if (e == WS_INVALID)
        wire_problem(problems, "/payload", "payload is not JSON: %s",
                     why.message);
    if (e)
        return e;
    facts_payload(f, payload, len);
    return facts_read(kind, *doc, f, room, problems);
}

void facts_fini(struct facts_room *room)
{
    free(room->runs);
    room->runs = NULL;
}

void facts_payload(struct fact *f, const char *bytes, size_t len)
{
    f->payload = bytes;
    f->payload_len = len;
    sha256_hash(bytes, len, f->payload_sha256);
}
