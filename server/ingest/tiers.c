#include "server/ingest/tiers.h"

#include "server/store/store_ledger.h"

#include <stdbool.h>
#include <stdio.h>

#define TIER_KINDS 1
#define TIER_SCORES 2
#define TIER_RECORDINGS 4

/* By what it holds, and by what it says of itself. */
static int64_t metric_needs(const struct json *doc)
{
    const struct json *features = json_get(doc, "features");
    bool scored = json_bool(json_get(features, "scored"), true);
    bool judged =
        json_bool(json_get(json_get(features, "anomaly"), "scored"), scored);
    int64_t said = json_int(json_get(features, "tier"), 0);
    int64_t least = scored || judged ? TIER_SCORES : TIER_KINDS;

    return said > least ? said : least;
}

int64_t tiers_needed(enum wire_item_kind kind, const struct json *doc)
{
    switch (kind) {
    case WIRE_ITEM_METRIC:
        return metric_needs(doc);
    case WIRE_ITEM_RECORDING:
        return TIER_RECORDINGS;
    case WIRE_ITEM_SCREENSHOT:
        return TIERS_PIXELS;
    default:
        return 0;
    }
}

/* As long as something before this item is missing, a notice may be. */
static bool all_before(struct store *s, int64_t session_id, int64_t seq)
{
    int64_t next = 1;

    while (next < seq) {
        struct store_run run;
        size_t n;

        if (store_ledger_delivered(s, session_id, next, next, &run, 1, &n) ||
            (n == 0 &&
             (store_ledger_buried(s, session_id, next - 1, &run, 1, &n) ||
              n == 0 || run.first > next)))
            return false;
        next = run.last + 1;
    }
    return true;
}

enum err tiers_judge(struct store *s, const struct store_session_key *session,
                     int64_t seq, int64_t needed, struct tiers *out)
{
    struct tiers t = {.verdict = TIERS_WITHIN, .acknowledged = -1};
    enum err e;

    if (session->tier >= 0) {
        e = store_sessions_tier(s, session->session_id, seq ? seq : INT64_MAX,
                                &t.acknowledged);
        if (e)
            return e;
        if (needed > t.acknowledged)
            t.verdict = seq && !all_before(s, session->session_id, seq)
                            ? TIERS_WAIT
                            : TIERS_ABOVE;
    }
    *out = t;
    return WS_OK;
}

void tiers_say(const char *what, int64_t needed, int64_t acknowledged,
               char out[TIERS_TEXT_BYTES])
{
    snprintf(out, TIERS_TEXT_BYTES,
             "this %s needs tier L%lld, the person acknowledged L%lld: it is "
             "not stored",
             what, (long long)needed, (long long)acknowledged);
}
