#include "bench/pages_facts.h"

#include "core/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

uint64_t pages_facts_dice(int64_t what, int64_t which)
{
    uint64_t x = (uint64_t)what * UINT64_C(0x9e3779b97f4a7c15) +
                 (uint64_t)which * UINT64_C(0xbf58476d1ce4e5b9);

    x ^= x >> 30;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static void begin_fact(struct fact *fact, enum wire_item_kind kind,
                       const struct pages_agent *a, int64_t seq, int64_t at_ns)
{
    *fact = (struct fact){.kind = kind,
                          .session_id = a->session_id,
                          .seq = a->seq + seq,
                          .at_ns = at_ns,
                          .received_ns = at_ns + 2 * CLOCK_NS_PER_S};
}

/* Three agents of four are of tier L1 and score nothing; the first four, which
 * are in stores of every size, are of L2. */
static bool is_l1(int64_t agent)
{
    return agent >= 4 && agent % 4;
}

void pages_facts_metric(struct fact *out, const struct pages_agent *a,
                        int64_t seq, int64_t at_ns)
{
    uint64_t d = pages_facts_dice(a->agent, at_ns);
    struct fact_metric *m = &out->metric;

    begin_fact(out, WIRE_ITEM_METRIC, a, seq, at_ns);
    m->scored = !is_l1(a->agent) && d % 8 != 0;
    m->judged = m->scored;
    m->productivity = m->scored ? (double)(d / 8 % 1000) / 10 : 50;
    m->anomaly = m->judged ? (double)(d / 8000 % 940) / 1000 : 0;
    if (m->judged && d / 8000000 % 100 == 0) {
        m->label = d / 800000000 % 10 ? FACT_SUSPICIOUS : FACT_CRITICAL;
        m->anomaly = m->label == FACT_CRITICAL ? 0.9995 : 0.96;
    }
    m->pipeline = m->scored ? FACT_OK : FACT_PARTIAL;
    m->feature_version = "1";
}

void pages_facts_picture(struct fact *out, const struct pages_agent *a,
                         int64_t seq, int64_t at_ns)
{
    begin_fact(out, WIRE_ITEM_SCREENSHOT, a, seq, at_ns);
    out->screenshot = (struct fact_screenshot){.bytes = 90000,
                                               .width_px = 1920,
                                               .height_px = 1080,
                                               .tier = 4,
                                               .blob = ""};
}

/* What an agent of tier L2 sends, and one of tier L1. */
#define PAYLOAD                                                                \
    "{\"agent_timestamp\":\"%s\",\"source_type\":\"screenshot\","              \
    "\"source_ref\":\"%s\",\"feature_version\":\"1\",\"features\":{"           \
    "\"schema\":\"1\",\"scored\":%s,\"category\":\"%s\",\"category_rule\":"    \
    "\"name:emacs\",\"source\":\"x11\",\"tier\":2,\"coverage\":1,"             \
    "\"confidence\":0.8125,\"reading\":\"fresh\",\"activity\":%.2f,"           \
    "\"values\":{\"input_level\":2,\"change_level\":1,\"switch_level\":0,"     \
    "\"idle_level\":0,\"present\":1,\"fullscreen\":0,\"inhibited\":0,"         \
    "\"text_seen\":1},\"productivity\":{\"base\":50,\"reason\":null,"          \
    "\"contributions\":[{\"name\":\"category\",\"value\":1,\"weight\":25,"     \
    "\"contribution\":25,\"text\":\"editors, terminals and tools of making "   \
    "software\"},{\"name\":\"engagement\",\"value\":1,\"weight\":10,"          \
    "\"contribution\":%.1f,\"text\":\"there is text to read and somebody is "  \
    "there\"}]},\"anomaly\":{\"mode\":\"statistical\",\"scored\":true,"        \
    "\"learning\":false,\"suppressed\":false,\"reason\":null,\"thresholds\":"  \
    "{\"unusual\":0.95,\"very_unusual\":0.999},\"parts\":[{\"name\":"          \
    "\"switches\",\"value\":3,\"expected\":2.4,\"scale\":1.2,"                 \
    "\"contribution\":%.3f}]},\"words\":%d},\"productivity_score\":%.1f,"      \
    "\"anomaly_score\":%.4f,\"model_info\":{\"productivity\":\"rules-1\","     \
    "\"anomaly\":\"univariate-1\",\"classifier\":\"names-1\",\"ocr\":"         \
    "\"tesseract-eng\",\"anomaly_mode\":\"statistical\"},"                     \
    "\"pipeline_status\":\"ok\",\"ocr_text_hash\":null}"

#define PAYLOAD_L1                                                             \
    "{\"agent_timestamp\":\"%s\",\"source_type\":\"screenshot\","              \
    "\"source_ref\":\"%s\",\"feature_version\":\"1\",\"features\":{"           \
    "\"schema\":\"1\",\"scored\":false,\"category\":\"%s\","                   \
    "\"category_rule\":\"name:emacs\",\"source\":\"x11\",\"tier\":1,"          \
    "\"words\":null},\"productivity_score\":50,\"anomaly_score\":0,"           \
    "\"anomaly_label\":\"normal\",\"model_info\":{\"productivity\":"           \
    "\"rules-1\",\"anomaly\":\"univariate-1\",\"classifier\":\"names-1\","     \
    "\"ocr\":\"none\",\"anomaly_mode\":\"static\"},\"pipeline_status\":"       \
    "\"partial\",\"ocr_text_hash\":null,\"error_code\":null}"

static void write_metric(struct fact *fact, struct pages_facts_room *r,
                         int64_t agent)
{
    static const char *const categories[] = {"development", "communication",
                                             "documents", "media"};
    struct fact_metric *m = &fact->metric;
    uint64_t d = pages_facts_dice(agent, fact->at_ns / (600 * CLOCK_NS_PER_S));
    char at[CLOCK_ISO_BYTES];

    clock_format_iso(fact->at_ns, at);
    snprintf(r->ref, sizeof r->ref, "frame/%" PRId64, fact->seq);
    m->source_ref = r->ref;
    m->category = categories[d % 4];
    m->activity = is_l1(agent) ? NAN : (double)(d / 4 % 101) / 100;
    fact->payload_len =
        (size_t)snprintf(r->payload, sizeof r->payload, PAYLOAD_L1, at, r->ref,
                         categories[d % 4]);
    if (is_l1(agent))
        return;
    fact->payload_len = (size_t)snprintf(
        r->payload, sizeof r->payload, PAYLOAD, at, r->ref,
        m->scored ? "true" : "false", categories[d % 4],
        (double)(d / 4 % 101) / 100, m->productivity - 75, m->anomaly,
        (int)(d / 400 % 300), m->productivity, m->anomaly);
}

static void write_picture(struct fact *fact, struct pages_facts_room *r)
{
    struct fact_screenshot *s = &fact->screenshot;
    int which =
        (int)(pages_facts_dice(fact->session_id, fact->seq) % PAGES_PICTURES);
    char hash[SHA256_HEX_BYTES], text[40];

    snprintf(text, sizeof text, "picture %d", which);
    sha256_hash_hex(text, strlen(text), hash);
    snprintf(r->name, sizeof r->name, "fffffff/%016x%.16s0", which, hash);
    fact->payload_len = (size_t)snprintf(
        r->payload, sizeof r->payload,
        "{\"captured_at\":%" PRId64 ",\"tier\":4,\"masks\":0}", fact->at_ns);
    s->blob = r->name;
    sha256_hash(text, strlen(text), s->sha256);
}

void pages_facts_finish(struct fact *f, const struct pages_agent *a,
                        struct pages_facts_room *room)
{
    char id[STORE_UID_BYTES + 24];

    if (f->kind == WIRE_ITEM_METRIC)
        write_metric(f, room, a->agent);
    else
        write_picture(f, room);
    snprintf(id, sizeof id, "%s/%" PRId64, a->uid, f->seq);
    sha256_hash_hex(id, strlen(id), room->key);
    f->key = room->key;
    f->payload = room->payload;
    sha256_hash(room->payload, f->payload_len, f->payload_sha256);
}
