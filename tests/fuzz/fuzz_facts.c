/* fuzz_facts.c - any bytes as the body of a session or as an item of a batch:
 * read or refused with a reason, and what is read stays in its bounds.
 *
 * Shapes:  the first byte is the kind (enum wire_item_kind); the rest the body
 */
#include "core/json.h"
#include "server/ingest/facts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct fact *f)
{
    switch (f->kind) {
    case WIRE_ITEM_METRIC:
        if (!(f->metric.productivity >= 0 && f->metric.productivity <= 100) ||
            !(f->metric.anomaly >= 0 && f->metric.anomaly <= 1) ||
            f->metric.label > FACT_CRITICAL ||
            f->metric.pipeline > FACT_FAILED || !f->metric.source_ref ||
            !f->metric.feature_version)
            abort();
        break;
    case WIRE_ITEM_RECORDING:
        if (f->recording.status > FACT_UPLOAD_FAILED ||
            !f->recording.video_path || f->recording.bytes < -1)
            abort();
        break;
    case WIRE_ITEM_TOMBSTONE:
        if (!f->tombstone.reason ||
            (!f->tombstone.run_count && f->tombstone.count < 1))
            abort();
        for (size_t i = 0; i < f->tombstone.run_count; i++)
            if (f->tombstone.runs[i].first < 1 ||
                f->tombstone.runs[i].last < f->tombstone.runs[i].first)
                abort();
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN(json_free)
    struct json *doc = NULL;
    struct wire_problems problems = {.count = 0};
    struct facts_room room = {.runs = NULL};
    struct fact f = {.received_ns = 1};
    enum wire_item_kind kind;
    enum err e;

    if (size < 1)
        return 0;
    kind = (enum wire_item_kind)(data[0] % WIRE_ITEM_KINDS);
    if (json_parse((const char *)data + 1, size - 1, &doc, NULL))
        return 0;
    e = facts_read(kind, doc, &f, &room, &problems);
    if (e == WS_OK)
        check(&f);
    else if (e == WS_INVALID && problems.count == 0)
        abort(); /* refused without a word */
    facts_fini(&room);
    return 0;
}
