/* metric.h - the observation item of one frame, as wire.md words it.
 *
 * Flow:    features + results -> [metric] -> client_put
 * Shapes:  `features` names: schema scored coverage confidence reading words
 *          category category_rule activity values productivity anomaly. Below
 *          tier 3 nothing is written that depends on what a text says: no
 *          hash, no count of words
 * Units:   times in UTC ns
 * Errors:  the buffer's sticky failure
 * Process: pure
 * Source:  wire.md "ai-metrics"; privacy.md, tiers
 */
#ifndef AGENT_AI_METRIC_H
#define AGENT_AI_METRIC_H

#include "agent/ai/encode.h"
#include "agent/ai/features.h"
#include "agent/ai/score.h"
#include "agent/ring.h"

#include "core/buf.h"

#include <stddef.h>
#include <stdint.h>

#define METRIC_TIER_FEATURES 2 /* values and scores */
#define METRIC_TIER_TEXT 3     /* the keyed hash and the count of words */

struct metric_input {
    const struct ring_frame *frame;
    const struct features *features;
    const struct score_result *results; /* SCORE_COUNT of them */
    int64_t tier;
    int64_t words;          /* -1: not read */
    const char *text_hash;  /* NULL: none */
    const char *error_code; /* NULL: every step ran */
    const char *error_message;
};

void metric_write(const struct metric_input *in, struct buf *out);

struct metric_picture {
    const struct ring_frame *frame;
    const struct encode_picture *picture;
    int64_t tier;
    size_t masks;
};

/* The screenshot item: the form fields beside the picture. */
void metric_write_picture(const struct metric_picture *in, struct buf *out);

#endif
