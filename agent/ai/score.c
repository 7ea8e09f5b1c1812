#include "agent/ai/score.h"

const struct score_ops *const score_all[SCORE_COUNT] = {
    [SCORE_PRODUCTIVITY] = &score_productivity,
    [SCORE_ANOMALY] = &score_anomaly,
};

const char *score_label(double anomaly)
{
    return anomaly >= SCORE_VERY_UNUSUAL ? "critical"
           : anomaly >= SCORE_UNUSUAL    ? "suspicious"
                                         : "normal";
}
