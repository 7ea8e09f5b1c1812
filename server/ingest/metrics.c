/* POST /api/sessions/{id}/ai-metrics/ */
#include "core/jsonw.h"
#include "server/ingest/ingest.h"
#include "server/ingest/single.h"
#include "server/ingest/tiers.h"

#include <string.h>

static void write_body(const struct single *s, bool duplicate, int64_t id,
                       struct buf *out)
{
    struct jsonw w;

    (void)s;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    if (id)
        jsonw_int(&w, "ai_metric_id", id);
    else
        jsonw_null(&w, "ai_metric_id");
    jsonw_text(&w, "status", duplicate ? "duplicate" : "ok");
    jsonw_object_end(&w);
}

/* Refuse what is above the tier that the session opened with: after a wider
 * notice its metrics travel in batches, with their seq. False: answered. */
static bool check_tier(struct exchange *x, const struct json *doc)
{
    struct tiers t = tiers_judge_early(x, tiers_needed(WIRE_ITEM_METRIC, doc));

    return tiers_pass(x, WS_OK, &t, "metric");
}

void metrics_post(struct exchange *x)
{
    OWN(single_close)
    struct single *s = NULL;
    struct wire_problems problems = {.count = 0};
    struct keys keys;
    const char *body;
    size_t len;
    enum err e;

    if (!keys_read(x, &keys))
        return;
    if (!keys.key[0]) {
        exchange_problem(x, 400, "idempotency-key",
                         "X-Idempotency-Key is missing: send 1 to 255 visible "
                         "ASCII characters, the same ones with every repeat");
        return;
    }
    if (single_open(&s, x) || !single_parse(s))
        return;
    e = facts_read_layer1(WIRE_ITEM_METRIC, s->doc, &s->item.fact, &s->room,
                          &problems);
    if (e == WS_INVALID)
        exchange_problems(x, "bad-metric", &problems);
    else if (e)
        exchange_busy(x, 1);
    if (e)
        return;
    if (!check_tier(x, s->doc))
        return;
    body = exchange_body(x, &len);
    facts_payload(&s->item.fact, body, len);
    s->item.strict = keys.strict;
    memcpy(s->key, keys.key, sizeof s->key);
    s->write = write_body;
    single_submit(TAKE(s));
}
