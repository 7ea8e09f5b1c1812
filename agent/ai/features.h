/* features.h - what is kept of an interval: few facts, each of few levels.
 *
 * Flow:    ring frame + reading + class -> [features] -> scorers, metric
 * Shapes:  features_registry is the allow-list: what has no row there is not
 *          computed, stored or sent. No feature says which key, how many, or
 *          which word: within a minute of input it is kept that there was
 *          input, for how much of the minute, and that the screen changed, so
 *          that two texts of one length give the same levels. (An X server
 *          that knows no idle time, with input_counts off, has no way to tell
 *          that there was input.)
 * Units:   levels are small integers; FEATURES_UNKNOWN: no sensor for it
 * Process: pure but for struct features_history, which the caller keeps
 * Source:  ai.md "Features"; privacy.md M6 and F1
 */
#ifndef AGENT_AI_FEATURES_H
#define AGENT_AI_FEATURES_H

#include "agent/ai/classify.h"
#include "agent/ring.h"

#include <stdbool.h>
#include <stdint.h>

#define FEATURES_VERSION "1"
#define FEATURES_UNKNOWN (-1)

enum feature {
    FEATURE_INPUT,
    FEATURE_CHANGE,
    FEATURE_SWITCHES,
    FEATURE_IDLE,
    FEATURE_PRESENT,
    FEATURE_FULLSCREEN,
    FEATURE_INHIBITED,
    FEATURE_TEXT_SEEN,
    FEATURE_COUNT,
};

struct features_row {
    const char *name; /* in features.values */
    const char *unit;
    int most; /* values are 0..most */
    const char *doc;
};

extern const struct features_row features_registry[FEATURE_COUNT];

/* The last minute, in steps of FEATURES_STEP_MS. */
#define FEATURES_STEP_MS 5000
#define FEATURES_STEPS 12

struct features_history {
    int64_t step[FEATURES_STEPS]; /* which step of the clock a place holds */
    uint32_t input_ms[FEATURES_STEPS]; /* of intervals with input */
    uint32_t switches[FEATURES_STEPS];
};

enum features_reading {                 /* what is known of the screen's text */
                        READING_NONE,   /* OCR is off, away, or failed */
                        READING_FRESH,  /* this frame was read */
                        READING_REUSED, /* unchanged: the last one stands */
};

struct features_input {
    const struct ring_frame *frame;
    const struct classify_result *class;
    enum features_reading reading;
    bool text_seen; /* the reading found words */
};

struct features {
    int value[FEATURE_COUNT]; /* level, or FEATURES_UNKNOWN */
    struct classify_result class;
    enum features_reading reading;
    double coverage; /* 0..1: share of what a score would like to know */
    double activity; /* 0..1, for charts: the input level */
    int64_t wall_ns;
    int hour; /* 0..23 of the person's clock */
};

/* Make the features of one frame and add its counts to the history. */
void features_make(struct features_history *history,
                   const struct features_input *in, struct features *out);

#endif
