#include "agent/ai/metric.h"

#include "core/jsonw.h"

#include <stdio.h>
#include <string.h>

static void write_values(struct jsonw *w, const struct features *f)
{
    jsonw_object(w, "values");
    for (int i = 0; i < FEATURE_COUNT; i++) {
        if (f->value[i] == FEATURES_UNKNOWN)
            jsonw_null(w, features_registry[i].name);
        else
            jsonw_int(w, features_registry[i].name, f->value[i]);
    }
    jsonw_object_end(w);
}

static void write_productivity(struct jsonw *w, const struct score_result *r)
{
    jsonw_object(w, "productivity");
    jsonw_number(w, "base", r->base);
    jsonw_text(w, "reason", r->reason);
    jsonw_array(w, "contributions");
    for (size_t i = 0; i < r->part_count; i++) {
        jsonw_object(w, NULL);
        jsonw_text(w, "name", r->parts[i].name);
        jsonw_number(w, "value", r->parts[i].value);
        jsonw_number(w, "weight", r->parts[i].weight);
        jsonw_number(w, "contribution", r->parts[i].contribution);
        jsonw_text(w, "text", r->parts[i].text);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
    jsonw_object_end(w);
}

static const char *mode_of(const struct score_result *anomaly)
{
    return anomaly->learning ? "static" : "statistical";
}

static void write_anomaly(struct jsonw *w, const struct score_result *r)
{
    jsonw_object(w, "anomaly");
    jsonw_text(w, "mode", mode_of(r));
    jsonw_bool(w, "scored", r->scored);
    jsonw_bool(w, "learning", r->learning);
    jsonw_bool(w, "suppressed", r->suppressed);
    jsonw_text(w, "reason", r->reason);
    jsonw_object(w, "thresholds");
    jsonw_number(w, "unusual", SCORE_UNUSUAL);
    jsonw_number(w, "very_unusual", SCORE_VERY_UNUSUAL);
    jsonw_object_end(w);
    jsonw_array(w, "parts");
    for (size_t i = 0; i < r->part_count; i++) {
        jsonw_object(w, NULL);
        jsonw_text(w, "name", r->parts[i].name);
        jsonw_number(w, "value", r->parts[i].value);
        jsonw_number(w, "expected", r->parts[i].expected);
        jsonw_number(w, "scale", r->parts[i].scale);
        jsonw_number(w, "contribution", r->parts[i].contribution);
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
    jsonw_object_end(w);
}

static const char *reading_word(enum features_reading reading)
{
    static const char *const words[] = {
        [READING_NONE] = "none",
        [READING_FRESH] = "fresh",
        [READING_REUSED] = "reused",
    };

    return words[reading];
}

static void write_features(struct jsonw *w, const struct metric_input *in)
{
    const struct features *f = in->features;
    const struct score_result *p = &in->results[SCORE_PRODUCTIVITY];

    jsonw_object(w, "features");
    jsonw_text(w, "schema", FEATURES_VERSION);
    jsonw_bool(w, "scored", in->tier >= METRIC_TIER_FEATURES && p->scored);
    jsonw_text(w, "category", classify_categories[f->class.category].name);
    jsonw_text(w, "category_rule", f->class.rule);
    jsonw_text(w, "source", in->frame->source);
    jsonw_int(w, "tier", in->tier);
    if (in->tier >= METRIC_TIER_FEATURES) {
        jsonw_number(w, "coverage", f->coverage);
        jsonw_number(w, "confidence", p->confidence);
        jsonw_text(w, "reading", reading_word(f->reading));
        jsonw_number(w, "activity", f->activity);
        write_values(w, f);
        write_productivity(w, p);
        write_anomaly(w, &in->results[SCORE_ANOMALY]);
    }
    if (in->tier >= METRIC_TIER_TEXT && in->words >= 0)
        jsonw_int(w, "words", in->words);
    else
        jsonw_null(w, "words");
    jsonw_object_end(w);
}

static void write_models(struct jsonw *w, const struct metric_input *in)
{
    jsonw_object(w, "model_info");
    for (int i = 0; i < SCORE_COUNT; i++)
        jsonw_text(w, score_all[i]->name, score_all[i]->model);
    jsonw_text(w, "classifier", "names-1");
    jsonw_text(w, "ocr",
               in->features->reading == READING_NONE ? "none"
                                                     : "tesseract-eng");
    jsonw_text(w, "anomaly_mode", mode_of(&in->results[SCORE_ANOMALY]));
    jsonw_object_end(w);
}

void metric_write(const struct metric_input *in, struct buf *out)
{
    const struct score_result *p = &in->results[SCORE_PRODUCTIVITY];
    const struct score_result *a = &in->results[SCORE_ANOMALY];
    bool scored = in->tier >= METRIC_TIER_FEATURES && p->scored;
    double anomaly =
        in->tier >= METRIC_TIER_FEATURES && a->scored ? a->value : 0;
    char ref[32];
    struct jsonw w;

    snprintf(ref, sizeof(ref), "frame/%llu",
             (unsigned long long)in->frame->number);
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_time(&w, "agent_timestamp", in->frame->wall_ns);
    jsonw_text(&w, "source_type", "screenshot");
    jsonw_text(&w, "source_ref", ref);
    jsonw_text(&w, "feature_version", FEATURES_VERSION);
    write_features(&w, in);
    jsonw_number(&w, "productivity_score",
                 scored ? p->value : SCORE_PRODUCTIVITY_ABSTAINED);
    jsonw_number(&w, "anomaly_score", anomaly);
    jsonw_text(&w, "anomaly_label", score_label(anomaly));
    write_models(&w, in);
    jsonw_text(&w, "pipeline_status", scored ? "ok" : "partial");
    jsonw_text(&w, "ocr_text_hash",
               in->tier >= METRIC_TIER_TEXT ? in->text_hash : NULL);
    jsonw_text(&w, "error_code", in->error_code);
    jsonw_text(&w, "error_message", in->error_message);
    jsonw_object_end(&w);
}

void metric_write_picture(const struct metric_picture *in, struct buf *out)
{
    const struct ring_frame *f = in->frame;
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    jsonw_time(&w, "captured_at", f->wall_ns);
    jsonw_text(&w, "sha256", in->picture->sha256);
    jsonw_text(&w, "output",
               f->monitor_count == 1 ? f->monitors[0].name : "all");
    jsonw_int(&w, "width", in->picture->width_px);
    jsonw_int(&w, "height", in->picture->height_px);
    jsonw_int(&w, "tier", in->tier);
    jsonw_int(&w, "masks", (int64_t)in->masks);
    jsonw_object_end(&w);
}
