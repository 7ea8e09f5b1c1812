/* score.h - one kind of score, and what it says of itself.
 *
 * Flow:    features -> [score] -> metric
 * Shapes:  a scorer is one file score_NAME.c that exports one struct score_ops;
 *          score_all lists them. The parts of a result sum to its value exactly
 *          (base + contributions), so that an explanation is never "about"
 * Units:   productivity 0..100, anomaly 0..1
 * Errors:  none: a scorer that cannot judge says scored = false and why
 * Process: pure: no I/O and no clock; what a scorer has learned lives in
 *          struct score_memory, which baseline.c keeps across restarts
 * Source:  design.md promise 5; ai.md "Features and the productivity score",
 *          "The anomaly score"
 */
#ifndef AGENT_AI_SCORE_H
#define AGENT_AI_SCORE_H

#include "agent/ai/features.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCORE_MAX_PARTS 8
#define SCORE_PRODUCTIVITY_ABSTAINED 50.0 /* on the wire, with scored=false */
#define SCORE_UNUSUAL 0.95
#define SCORE_VERY_UNUSUAL 0.999

struct score_part {
    const char *name; /* of a feature or of a rule */
    double value, weight;
    double expected, scale; /* anomaly: what is usual here, and how widely */
    double contribution;
    const char *text; /* the reason in words; NULL: none */
};

struct score_result {
    bool scored;
    const char *reason; /* why not, in words; NULL when scored */
    double value;
    double base;
    double confidence; /* 0..1 */
    bool learning;     /* anomaly: too little has been seen yet */
    bool suppressed;   /* anomaly: an episode was reported and is still open */
    struct score_part parts[SCORE_MAX_PARTS];
    size_t part_count;
};

/* What is usual for one feature, learned from its levels. */
#define SCORE_HOURS 24
#define SCORE_BINS 32
#define SCORE_KINDS 3 /* residual, novelty, shift */

struct score_stream {
    double hour_mean[SCORE_HOURS], hour_weight[SCORE_HOURS];
    double mean, spread; /* slow */
    double recent;       /* fast, for level shifts */
    double low, high;    /* range seen */
    double bins[SCORE_KINDS][SCORE_BINS];
    double weight; /* of the bins */
    int64_t samples;
};

#define SCORE_MEMORY_VERSION 2

struct score_memory {
    struct score_stream stream[FEATURE_COUNT];
    int64_t first_wall_ns, last_wall_ns;
    int64_t samples;
    int64_t quiet_until_wall_ns; /* an episode was reported */
};

struct score_ops {
    const char *name;  /* in model_info */
    const char *model; /* its version */
    void (*score)(const struct features *f, struct score_memory *memory,
                  struct score_result *out);
};

extern const struct score_ops score_productivity;
extern const struct score_ops score_anomaly;

enum score_kind { SCORE_PRODUCTIVITY, SCORE_ANOMALY, SCORE_COUNT };
extern const struct score_ops *const score_all[SCORE_COUNT];

/* "normal", "suspicious" (unusual) or "critical" (very unusual): the words of
 * wire.md for the three bands of an anomaly score. */
const char *score_label(double anomaly);

#endif
