#include "server/ingest/tiers.h"

#include "server/http/readers.h"
#include "server/server.h"
#include "server/store/store_ledger.h"

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
    int64_t known;

    return store_ledger_known(s, session_id, seq, &known) == WS_OK &&
           known == seq - 1;
}

static struct tiers judge(struct exchange *x, int64_t acknowledged,
                          int64_t needed)
{
    int64_t most = exchange_server(x)->settings->tier_max;
    struct tiers t = {.verdict = TIERS_POLICY, .needed = needed, .most = most};

    if (needed > most)
        return t;
    t.most = acknowledged;
    t.verdict =
        acknowledged < 0 || needed <= acknowledged ? TIERS_WITHIN : TIERS_ABOVE;
    return t;
}

struct tiers tiers_judge_early(struct exchange *x, int64_t needed)
{
    return judge(x, exchange_principal(x)->tier, needed);
}

enum err tiers_judge(struct exchange *x, int64_t seq, int64_t needed,
                     struct tiers *out)
{
    const struct principal *p = exchange_principal(x);
    struct store *s = readers_context();
    int64_t id = p->session_id, acknowledged = -1;
    enum err e = WS_OK;

    if (p->tier >= 0)
        e = store_sessions_tier(s, id, seq ? seq : INT64_MAX, &acknowledged);
    if (e)
        return e;
    *out = judge(x, acknowledged, needed);
    if (out->verdict == TIERS_ABOVE && seq && !all_before(s, id, seq))
        out->verdict = TIERS_WAIT;
    return WS_OK;
}

const char *tiers_slug(const struct tiers *t)
{
    return t->verdict == TIERS_POLICY ? "tier-above-policy"
                                      : "tier-not-acknowledged";
}

void tiers_say(const struct tiers *t, const char *what,
               char out[TIERS_TEXT_BYTES])
{
    snprintf(out, TIERS_TEXT_BYTES, "this %s needs tier L%lld, %s L%lld%s",
             what, (long long)t->needed,
             t->verdict == TIERS_POLICY ? "this server takes at most"
                                        : "the person acknowledged",
             (long long)t->most, ": it is not stored");
}

bool tiers_pass(struct exchange *x, enum err e, const struct tiers *t,
                const char *what)
{
    char text[TIERS_TEXT_BYTES];

    if (!e && t->verdict == TIERS_WITHIN)
        return true;
    if (e || t->verdict == TIERS_WAIT) {
        exchange_busy(x, 2);
        return false;
    }
    tiers_say(t, what, text);
    exchange_problem(x, 400, tiers_slug(t), "%s", text);
    return false;
}
