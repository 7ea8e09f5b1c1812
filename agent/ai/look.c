#include "agent/ai/look.h"

#include "agent/ai/metric.h"
#include "agent/ai/redact.h"
#include "agent/ai/text_hash.h"

#include "core/clock.h"
#include "core/log.h"

#include <stdlib.h>
#include <string.h>

struct reading { /* of one frame */
    enum features_reading kind;
    struct ocr_page page; /* READING_FRESH */
    int64_t words;        /* -1: not read */
    const char *code, *message;
};

struct look {
    struct look_options with;
    struct encode *encode;
    struct features_history history;
    bool has_last;        /* the last frame with pixels was read */
    uint64_t last_number; /* of the frame before; a gap: one was dropped */
    int64_t last_words;
    char last_hash[SHA256_HEX_BYTES];
    int64_t picture_mono_ns, withheld_mono_ns; /* of the last ones */
    bool had_picture, had_withheld;
    bool picture_stale; /* what was read last is in no picture */
    enum redact_kind kinds[OCR_WIRE_MAX_WORDS];
    struct encode_box boxes[OCR_WIRE_MAX_WORDS];
    size_t masks;
};

enum err look_open(struct look **out, const struct look_options *options)
{
    OWN(look_close)
    struct look *l = calloc(1, sizeof(*l));
    enum err e;

    if (!l)
        return WS_NOMEM;
    l->with = *options;
    e = encode_open(&l->encode);
    if (e)
        return e;
    *out = TAKE(l);
    return WS_OK;
}

void look_close(struct look *l)
{
    if (!l)
        return;
    encode_close(l->encode);
    free(l);
}

void look_items_init(struct look_items *items)
{
    *items = (struct look_items){.encoded.fd = -1};
}

void look_items_fini(struct look_items *items)
{
    buf_fini(&items->metric);
    buf_fini(&items->picture);
    if (items->encoded.fd >= 0)
        close(items->encoded.fd);
    items->encoded.fd = -1;
}

static struct reading not_read(const char *code, const char *message)
{
    return (struct reading){
        .kind = READING_NONE, .words = -1, .code = code, .message = message};
}

/* Say why a picture was not read. */
static struct reading failed(enum err e)
{
    switch (e) {
    case WS_NOTFOUND:
        return not_read("ocr_missing", "worksight-ocr is not running");
    case WS_IO:
        return not_read("analysis_failed",
                        "worksight-ocr failed on this picture");
    case WS_DENIED:
        return not_read("analysis_quarantined",
                        "worksight-ocr died on this picture before: it is not "
                        "read again");
    default:
        return not_read("ocr_not_answering",
                        "worksight-ocr did not answer in time");
    }
}

static struct reading read_frame(struct look *l, const struct ring_slot *slot)
{
    const struct ring_frame *f = slot->frame;
    bool follows = f->number == l->last_number + 1;
    struct reading r = {.kind = READING_FRESH};
    enum err e;

    l->last_number = f->number;
    if (l->with.settings->ocr == OCR_OFF)
        return not_read("ocr_off", "reading the screen is switched off");
    if (f->flags & (RING_LOCKED | RING_EXCLUDED)) {
        l->has_last = false;
        return not_read(NULL, NULL);
    }
    if (!(f->flags & RING_HAS_PIXELS)) {
        /* "Unchanged" is said of the frame before, which must be known. */
        l->has_last = l->has_last && follows && (f->flags & RING_UNCHANGED);
        if (!l->has_last)
            return not_read("ocr_not_answering",
                            "the screen has not been read since it changed");
        return (struct reading){.kind = READING_REUSED, .words = l->last_words};
    }
    e = ocr_read(l->with.ocr, slot, &r.page);
    l->has_last = e == WS_OK;
    if (e)
        return failed(e);
    r.words = l->last_words = (int64_t)r.page.count;
    return r;
}

/* Fill what must not be seen, in the slot itself. */
static void redact(struct look *l, const struct ring_slot *slot,
                   const struct ocr_page *page)
{
    l->masks = 0;
    if (redact_words(page->words, page->count, l->kinds) == 0)
        return;
    for (size_t i = 0; i < page->count; i++) {
        const struct ocr_wire_word *w = &page->words[i];

        if (l->kinds[i] != REDACT_NOTHING)
            l->boxes[l->masks++] = (struct encode_box){
                w->x_px, w->y_px, w->width_px, w->height_px};
    }
    encode_fill(slot->frame, slot->pixels, l->boxes, l->masks);
}

static bool has_passed(const struct look *l, const struct ring_frame *f,
                       bool ever, int64_t since_mono_ns)
{
    return !ever || f->mono_ns - since_mono_ns >=
                        l->with.settings->picture_every_ms * CLOCK_NS_PER_MS;
}

static bool picture_is_due(const struct look *l, const struct ring_frame *f)
{
    return has_passed(l, f, l->had_picture, l->picture_mono_ns);
}

/* Count a picture that the tier asks for and that nobody may keep. */
static void withhold(struct look *l, const struct ring_frame *f)
{
    if (f->flags & RING_UNCHANGED ||
        !has_passed(l, f, l->had_withheld, l->withheld_mono_ns))
        return;
    atomic_fetch_add(&l->with.board->pictures_withheld, 1);
    l->withheld_mono_ns = f->mono_ns;
    l->had_withheld = true;
}

static enum err take_picture(struct look *l, const struct ring_slot *slot,
                             int64_t tier, struct look_items *out)
{
    struct encode_how how = {
        .quality = (int)l->with.settings->picture_quality,
        .most_px = tier >= LOOK_TIER_FULL ? 0 : LOOK_REDUCED_PX,
    };
    enum err e =
        encode_frame(l->encode, slot->frame, slot->pixels, &how, &out->encoded);

    if (e)
        return e;
    metric_write_picture(
        &(struct metric_picture){slot->frame, &out->encoded, tier, l->masks},
        &out->picture);
    l->picture_mono_ns = slot->frame->mono_ns;
    l->had_picture = true;
    l->picture_stale = false;
    return buf_check(&out->picture);
}

/* The picture, if one is due: only of a frame that was read, to its last word,
 * and redacted. */
static enum err add_picture(struct look *l, const struct ring_slot *slot,
                            const struct reading *r, int64_t tier,
                            struct look_items *out)
{
    const struct ring_frame *f = slot->frame;
    bool read = r->kind == READING_FRESH && !r->page.cut;
    enum err e;

    if (tier < LOOK_TIER_PICTURES || f->flags & (RING_LOCKED | RING_EXCLUDED))
        return WS_OK;
    if (r->kind == READING_NONE || r->page.cut)
        withhold(l, f);
    l->picture_stale |= read;
    if (!read || !picture_is_due(l, f))
        return WS_OK;
    redact(l, slot, &r->page);
    e = take_picture(l, slot, tier, out);
    if (e == WS_NOMEM)
        return e;
    if (e)
        log_warn("picture_lost", "frame %llu has no picture: %s",
                 (unsigned long long)f->number, err_name(e));
    return WS_OK;
}

/* Capture gives no pixels of a screen that stands still. Ask for them when it
 * was never read, or when its picture is due. */
static void ask_for_pixels(struct look *l, const struct ring_frame *f,
                           int64_t tier)
{
    bool unread = !l->has_last;
    bool unpictured =
        tier >= LOOK_TIER_PICTURES && l->picture_stale && picture_is_due(l, f);

    if (tier >= METRIC_TIER_FEATURES && f->flags & RING_UNCHANGED &&
        (unread || unpictured) && ocr_ready(l->with.ocr))
        atomic_fetch_add(&l->with.board->pixels_wanted, 1);
}

static void write_metric(struct look *l, const struct ring_frame *f,
                         const struct reading *r, int64_t tier,
                         struct look_items *out)
{
    struct classify_result class;
    struct score_result results[SCORE_COUNT];
    struct features features;

    classify_window(l->with.rules, f->app, f->title, &class);
    features_make(&l->history,
                  &(struct features_input){.frame = f,
                                           .class = &class,
                                           .reading = r->kind,
                                           .text_seen = r->words > 0},
                  &features);
    for (int i = 0; i < SCORE_COUNT; i++)
        score_all[i]->score(&features, &l->with.learned->memory, &results[i]);
    metric_write(
        &(struct metric_input){
            .frame = f,
            .features = &features,
            .results = results,
            .tier = tier,
            .words = r->words,
            .text_hash = r->kind == READING_NONE ? NULL : l->last_hash,
            .error_code = r->code,
            .error_message = r->message,
        },
        &out->metric);
}

enum err look_frame(struct look *l, const struct ring_slot *slot,
                    struct look_items *out)
{
    int64_t tier = atomic_load(&l->with.board->tier);
    struct reading r =
        tier < METRIC_TIER_FEATURES
            ? not_read(NULL, NULL) /* not asked for, so not looked at */
            : read_frame(l, slot);
    enum err e;

    if (r.kind == READING_FRESH && tier >= METRIC_TIER_TEXT)
        text_hash_words(l->with.learned->key, r.page.words, r.page.count,
                        l->last_hash);
    write_metric(l, slot->frame, &r, tier, out);
    e = buf_check(&out->metric);
    if (e)
        return e;
    ask_for_pixels(l, slot->frame, tier);
    return add_picture(l, slot, &r, tier, out);
}
