#include "server/views/explain.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum err explain_read(const struct store_metric_view *row, struct explain *out)
{
    enum err e;

    *out = (struct explain){.payload = NULL};
    e = json_parse(row->payload, row->payload_len, &out->payload, NULL);
    if (e == WS_NOMEM)
        return e;
    out->features = json_get(out->payload, "features");
    out->productivity = json_get(out->features, "productivity");
    out->anomaly = json_get(out->features, "anomaly");
    out->model = json_get(out->payload, "model_info");
    return WS_OK;
}

void explain_fini(struct explain *x)
{
    json_free(x->payload);
    x->payload = NULL;
}

/* The wire's labels in plain words. */
static const char *label_word(enum fact_label label)
{
    static const char *const words[] = {
        [FACT_NORMAL] = "usual",
        [FACT_SUSPICIOUS] = "unusual",
        [FACT_CRITICAL] = "very_unusual",
    };

    return words[label];
}

static const char *pipeline_word(enum fact_pipeline p)
{
    static const char *const words[] = {
        [FACT_OK] = "ok", [FACT_PARTIAL] = "partial", [FACT_FAILED] = "failed"};

    return words[p];
}

/* A number, or null when it is absent, of another kind or out of bounds. */
static void number(struct jsonw *w, const char *key, const struct json *v,
                   double min, double max)
{
    double n = json_number(v, NAN);

    if (isnan(n) || n < min || n > max)
        jsonw_null(w, key);
    else
        jsonw_number(w, key, n);
}

static void share(struct jsonw *w, const char *key, const struct json *v)
{
    number(w, key, v, 0, 1);
}

/* A value of a feature as it was sent, when it is a single one. */
static void single(struct jsonw *w, const char *key, const struct json *v)
{
    switch (v ? json_kind(v) : JSON_NULL) {
    case JSON_NUMBER:
        jsonw_number(w, key, json_number(v, 0));
        break;
    case JSON_TEXT:
        jsonw_text(w, key, json_text(v, ""));
        break;
    case JSON_BOOL:
        jsonw_bool(w, key, json_bool(v, false));
        break;
    default:
        jsonw_null(w, key);
    }
}

static void object(struct jsonw *w, const char *key, const struct json *v)
{
    OWN_BUF struct buf b = BUF_EMPTY;

    if (v && json_kind(v) == JSON_OBJECT)
        json_print(v, &b);
    else
        buf_append_text(&b, "{}");
    jsonw_raw(w, key, buf_text(&b), b.len);
}

void explain_write_common(const struct explain *x,
                          const struct store_metric_view *row, struct jsonw *w)
{
    jsonw_int(w, "id", row->id);
    jsonw_int(w, "session_id", row->session_id);
    if (row->seq)
        jsonw_int(w, "seq", row->seq);
    else
        jsonw_null(w, "seq");
    jsonw_time(w, "agent_time", row->at_ns);
    jsonw_time(w, "received_at", row->received_ns);
    jsonw_text(w, "source_type",
               row->source_type == FACT_SCREENSHOT ? "screenshot"
                                                   : "recording_window");
    jsonw_text(w, "source_ref", row->source_ref);
    jsonw_text(w, "feature_version", row->feature_version);
    jsonw_bool(w, "scored", row->scored);
    if (row->scored)
        jsonw_number(w, "score", row->productivity);
    else
        jsonw_null(w, "score");
    jsonw_text(w, "pipeline_status", pipeline_word(row->pipeline));
    number(w, "words", json_get(x->features, "words"), 0, 9007199254740992.0);
    jsonw_text(w, "category",
               json_text(json_get(x->features, "category"), NULL));
    share(w, "activity", json_get(x->features, "activity"));
    share(w, "coverage", json_get(x->features, "coverage"));
    share(w, "confidence", json_get(x->features, "confidence"));
}

void explain_write_anomaly(const struct explain *x,
                           const struct store_metric_view *row, struct jsonw *w)
{
    jsonw_bool(w, "judged", row->judged);
    jsonw_bool(w, "learning",
               json_bool(json_get(x->anomaly, "learning"), false));
    if (row->judged) {
        jsonw_number(w, "score", row->anomaly);
        jsonw_text(w, "label", label_word(row->label));
    } else {
        jsonw_null(w, "score");
        jsonw_null(w, "label");
    }
    jsonw_text(w, "reason", json_text(json_get(x->anomaly, "reason"), NULL));
}

static void write_contributions(const struct json *list, struct jsonw *w)
{
    const struct json *one;

    jsonw_array(w, "contributions");
    for (one = json_first(list); one; one = json_next(one)) {
        const char *name = json_text(json_get(one, "name"), NULL);

        if (!name)
            continue;
        jsonw_object(w, NULL);
        jsonw_text(w, "feature", name);
        single(w, "value", json_get(one, "value"));
        number(w, "weight", json_get(one, "weight"), -1e9, 1e9);
        jsonw_number(w, "contribution",
                     json_number(json_get(one, "contribution"), 0));
        jsonw_text(w, "text", json_text(json_get(one, "text"), NULL));
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
}

static const struct json *either(const struct json *v, const char *a,
                                 const char *b)
{
    const struct json *first = json_get(v, a);

    return first ? first : json_get(v, b);
}

/* mean and sigma are also known as expected and scale. */
static void write_part(const struct json *one, struct jsonw *w)
{
    const struct json *mean = either(one, "mean", "expected");
    const struct json *sigma = either(one, "sigma", "scale");
    double value = json_number(json_get(one, "value"), NAN);
    double scale = json_number(sigma, NAN);
    double z = json_number(json_get(one, "z"),
                           (value - json_number(mean, NAN)) / scale);

    jsonw_object(w, NULL);
    jsonw_text(w, "feature",
               json_text(either(one, "name", "feature"), "unnamed"));
    single(w, "value", json_get(one, "value"));
    number(w, "mean", mean, -1e300, 1e300);
    number(w, "sigma", sigma, 0, 1e300);
    jsonw_number(w, "z", z);
    number(w, "n", json_get(one, "n"), 0, 9007199254740992.0);
    share(w, "score", either(one, "score", "contribution"));
    jsonw_text(w, "text", json_text(json_get(one, "text"), NULL));
    jsonw_object_end(w);
}

static void write_anomaly(const struct explain *x,
                          const struct store_metric_view *row, struct jsonw *w)
{
    const struct json *limits = json_get(x->anomaly, "thresholds");
    const struct json *one;

    jsonw_object(w, "anomaly");
    explain_write_anomaly(x, row, w);
    if (!isnan(json_number(json_get(limits, "unusual"), NAN)) &&
        !isnan(json_number(json_get(limits, "very_unusual"), NAN))) {
        jsonw_object(w, "thresholds");
        share(w, "unusual", json_get(limits, "unusual"));
        share(w, "very_unusual", json_get(limits, "very_unusual"));
        jsonw_object_end(w);
    }
    jsonw_array(w, "parts");
    for (one = json_first(json_get(x->anomaly, "parts")); one;
         one = json_next(one))
        write_part(one, w);
    jsonw_array_end(w);
    jsonw_object_end(w);
}

/* The status in a sentence. */
static void write_pipeline_words(const struct store_metric_view *row,
                                 struct jsonw *w)
{
    char text[200];

    if (row->pipeline == FACT_OK)
        snprintf(text, sizeof(text), "Every step ran.");
    else if (row->error_code && strncmp(row->error_code, "ocr", 3) == 0)
        snprintf(text, sizeof(text),
                 "No text was read (%.60s): features of text are missing, "
                 "confidence is low.",
                 row->error_code);
    else
        snprintf(text, sizeof(text), "%s%s%.60s.",
                 row->pipeline == FACT_PARTIAL ? "Some steps gave no result"
                                               : "The observation failed",
                 row->error_code ? ": " : "",
                 row->error_code ? row->error_code : "");
    jsonw_text(w, "pipeline_words", text);
}

void explain_write_why(const struct explain *x,
                       const struct store_metric_view *row, struct jsonw *w)
{
    const char *mode =
        json_text(either(x->anomaly, "mode", "anomaly_mode"), NULL);
    const char *reason = json_text(json_get(x->productivity, "reason"), NULL);

    if (mode && strcmp(mode, "static") != 0 && strcmp(mode, "statistical") != 0)
        mode = NULL;
    if (row->scored)
        reason = NULL;
    else if (!reason)
        reason = "There was not enough to go on.";
    jsonw_text(w, "not_scored_reason", reason);
    jsonw_text(w, "mode", mode);
    number(w, "base", json_get(x->productivity, "base"), -1e9, 1e9);
    write_contributions(json_get(x->productivity, "contributions"), w);
    write_anomaly(x, row, w);
    object(w, "model", x->model);
    write_pipeline_words(row, w);
    object(w, "values", json_get(x->features, "values"));
    jsonw_text(w, "idempotency_key", row->key);
    jsonw_text(w, "ocr_text_hash", row->ocr_text_hash);
    jsonw_text(w, "error_code", row->error_code);
    jsonw_text(w, "error_message", row->error_message);
}
