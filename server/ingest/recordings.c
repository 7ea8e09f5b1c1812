/* POST /api/sessions/{id}/recordings/ */
#include "core/jsonw.h"
#include "server/ingest/ingest.h"
#include "server/ingest/seqs.h"
#include "server/ingest/tiers.h"

static void write_body(const struct single *s, bool duplicate, int64_t id,
                       struct buf *out)
{
    struct jsonw w;

    (void)s;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    if (id)
        jsonw_int(&w, "recording_id", id);
    else
        jsonw_null(&w, "recording_id");
    jsonw_text(&w, "status", duplicate ? "duplicate" : "ok");
    jsonw_object_end(&w);
}

/* Refuse what is above the tier. False: answered. */
static bool check_tier(struct exchange *x, int64_t seq)
{
    int64_t needed = tiers_needed(WIRE_ITEM_RECORDING, NULL);
    struct tiers t = {0};
    enum err e = tiers_judge(x, seq, needed, &t);

    return tiers_pass(x, e, &t, "recording");
}

void recordings_post(struct exchange *x)
{
    OWN(single_close)
    struct single *s = NULL;
    struct wire_problems problems = {.count = 0};
    struct keys keys;
    const char *body;
    int64_t seq;
    size_t len;
    enum err e;

    if (!keys_read(x, &keys) || single_open(&s, x) || !single_parse(s))
        return;
    e = (exchange_principal(x)->session_uid[0] ? facts_read
                                               : facts_read_layer1)(
        WIRE_ITEM_RECORDING, s->doc, &s->item.fact, &s->room, &problems);
    if (e == WS_INVALID)
        exchange_problems(x, "bad-recording", &problems);
    else if (e)
        exchange_busy(x, 1);
    seq = json_int(json_get(s->doc, "seq"), 0);
    if (e || !check_tier(x, seq))
        return;
    seqs_key(s, &keys, seq);
    body = exchange_body(x, &len);
    facts_payload(&s->item.fact, body, len);
    s->write = write_body;
    single_submit(TAKE(s));
}
