/* score_anomaly.c - "unusual for this person at this time", of one feature at
 * a time.
 *
 *   residual  distance from what this hour of day usually shows
 *   novelty   distance outside of the range ever seen
 *   shift     distance of the last minutes' mean from the long mean
 *
 * Each is measured in local scales (the slow mean distance) and turned into a
 * tail probability p by a histogram of its own past (bins of the logarithm,
 * old samples fading), beyond whose last filled bin an exponential tail goes
 * on. L = -log10 p; the features' best L and half the second best are added,
 * the first PASSED decades are free, and the score is 1 - 10^-L. So a level
 * that this person shows once in a thousand samples scores 0, and a spike of a
 * single feature is not thinned out by the calm of the others.
 *
 * While LEARN_NS has not gone by, without OCR, and for a feature without a
 * sensor there is no score: those are not anomalies. An episode is reported
 * once and then silent for EPISODE_NS, a fixed time. */
#include "agent/ai/score.h"

#include "core/clock.h"

#include <math.h>
#include <string.h>

#define LEARN_NS (24 * 3600 * CLOCK_NS_PER_S)
#define LEARN_SAMPLES 500
#define EPISODE_NS (1800 * CLOCK_NS_PER_S)
#define FAST_S 300.0
#define SLOW_S (3600.0 * 24)
#define FADE_S (3600.0 * 24 * 14)
#define MAX_STEP_S 600.0
#define LEAST_SCALE 0.25
#define PASSED 3.0
#define MOST_L 8.0
#define BINS_PER_OCTAVE 4.0
#define STEPS 65536.0 /* scores are whole steps, so that parts sum exactly */

struct look { /* at one feature */
    enum feature feature;
    double value, expected, scale, l;
};

/* Bin of a distance: 0 up to 1/4 scale, then quarters of octaves. */
static int bin_of(double distance)
{
    int bin = distance <= 0.25
                  ? 0
                  : 1 + (int)(BINS_PER_OCTAVE * log2(distance / 0.25));

    return bin < SCORE_BINS ? bin : SCORE_BINS - 1;
}

static double distance_of(int bin)
{
    return 0.25 * exp2((bin - 1) / BINS_PER_OCTAVE);
}

/* -log10 of the share of the past that was at least this far out. */
static double tail_l(const double bins[SCORE_BINS], double weight,
                     double distance)
{
    int bin = bin_of(distance), last = SCORE_BINS - 1;
    double beyond = 0, l;

    if (bin == 0 || weight < 1)
        return 0;
    while (last > 0 && bins[last] < 0.5)
        last--;
    for (int i = bin; i < SCORE_BINS; i++)
        beyond += bins[i];
    l = -log10((beyond + 0.5) / (weight + 1));
    if (bin > last) /* further out than ever: each scale is a factor e */
        l += (distance - distance_of(last + 1)) * M_LOG10E;
    return l < 0 ? 0 : l > MOST_L ? MOST_L : l;
}

static double expected_at(const struct score_stream *s, int hour)
{
    double w = s->hour_weight[hour] / (s->hour_weight[hour] + 30.0);

    return w * s->hour_mean[hour] + (1 - w) * s->mean;
}

static void measure(const struct score_stream *s, double value, double expected,
                    double scale, double distance[SCORE_KINDS])
{
    double outside = value > s->high  ? value - s->high
                     : value < s->low ? s->low - value
                                      : 0;

    distance[0] = fabs(value - expected) / scale;
    distance[1] = outside / scale;
    distance[2] = fabs(s->recent - s->mean) / scale;
}

/* Weigh the past down by the time that went by, then add a sample. */
static void learn(struct score_stream *s, double value, int hour, double step_s,
                  const double distance[SCORE_KINDS])
{
    double slow = 1 - exp(-step_s / SLOW_S), fade = exp(-step_s / FADE_S);
    double fast = 1 - exp(-step_s / FAST_S), early;

    if (s->samples == 0)
        s->mean = s->recent = s->low = s->high = value;
    s->samples++;
    early = 1.0 / (double)s->samples;
    slow = slow > early ? slow : early;
    for (int k = 0; k < SCORE_KINDS; k++) {
        for (int i = 0; i < SCORE_BINS; i++)
            s->bins[k][i] *= fade;
        s->bins[k][bin_of(distance[k])] += 1;
    }
    s->weight = s->weight * fade + 1;
    s->spread += slow * (fabs(value - s->mean) - s->spread);
    s->mean += slow * (value - s->mean);
    s->recent += fast * (value - s->recent);
    s->low = value < s->low ? value : s->low;
    s->high = value > s->high ? value : s->high;
    s->hour_weight[hour] = s->hour_weight[hour] * fade + 1;
    s->hour_mean[hour] += (value - s->hour_mean[hour]) / s->hour_weight[hour];
}

/* Judge one feature by its past, then make it part of that past. */
static void look_at(struct score_stream *s, double value, int hour,
                    double step_s, struct look *out)
{
    double distance[SCORE_KINDS];

    out->value = value;
    out->expected = s->samples ? expected_at(s, hour) : value;
    out->scale = s->spread > LEAST_SCALE ? s->spread : LEAST_SCALE;
    out->l = 0;
    if (s->samples == 0)
        memset(distance, 0, sizeof(distance));
    else
        measure(s, value, out->expected, out->scale, distance);
    for (int k = 0; k < SCORE_KINDS && s->samples; k++) {
        double l = tail_l(s->bins[k], s->weight, distance[k]);

        out->l = l > out->l ? l : out->l;
    }
    learn(s, value, hour, step_s, distance);
}

static void keep_best(struct look best[2], const struct look *now)
{
    if (now->l > best[0].l) {
        best[1] = best[0];
        best[0] = *now;
    } else if (now->l > best[1].l) {
        best[1] = *now;
    }
}

static double whole_steps(double v)
{
    return floor(v * STEPS) / STEPS;
}

static void add_part(struct score_result *r, const struct look *look,
                     double contribution)
{
    r->parts[r->part_count++] = (struct score_part){
        .name = features_registry[look->feature].name,
        .value = look->value,
        .expected = round(look->expected * 1000) / 1000,
        .scale = round(look->scale * 1000) / 1000,
        .contribution = contribution,
    };
}

/* Divide the score between the two features it came from. */
static void explain(struct score_result *r, const struct look best[2])
{
    double first = r->value;

    if (best[1].l > 0)
        first = whole_steps(r->value * best[0].l / (best[0].l + best[1].l / 2));
    if (best[0].l > 0)
        add_part(r, &best[0], first);
    if (best[1].l > 0)
        add_part(r, &best[1], r->value - first);
}

static const char *why_not(const struct features *f,
                           const struct score_memory *m)
{
    if (f->reading == READING_NONE)
        return "the screen could not be read";
    if (m->samples < LEARN_SAMPLES ||
        m->last_wall_ns - m->first_wall_ns < LEARN_NS)
        return "still learning what is usual";
    return NULL;
}

/* The clock was set back: what lies behind the last sample goes along. */
static void set_back(struct score_memory *m, int64_t wall_ns)
{
    int64_t by_ns = m->last_wall_ns - wall_ns;

    m->last_wall_ns -= by_ns;
    m->first_wall_ns -= by_ns;
    m->quiet_until_wall_ns -= by_ns;
}

/* The time since the last sample, in whole seconds: what is learned says
 * nothing of when within a second. What is rounded off is not lost. */
static double step_of(struct score_memory *m, int64_t wall_ns)
{
    double s = round((double)(wall_ns - m->last_wall_ns) / 1e9);

    if (m->samples == 0) {
        m->first_wall_ns = m->last_wall_ns = wall_ns;
        s = 0;
    }
    if (s < 0)
        set_back(m, wall_ns);
    else if (s > 0)
        m->last_wall_ns += (int64_t)s * CLOCK_NS_PER_S;
    m->samples++;
    return s < 0 ? 0 : s > MAX_STEP_S ? MAX_STEP_S : s;
}

static void anomaly(const struct features *f, struct score_memory *m,
                    struct score_result *out)
{
    struct look best[2] = {{0}, {0}};
    double step_s = step_of(m, f->wall_ns), l;

    memset(out, 0, sizeof(*out));
    for (int i = 0; i < FEATURE_COUNT; i++) {
        struct look now = {.feature = (enum feature)i};

        if (f->value[i] == FEATURES_UNKNOWN)
            continue;
        look_at(&m->stream[i], f->value[i], f->hour, step_s, &now);
        keep_best(best, &now);
    }
    out->learning = m->samples < LEARN_SAMPLES ||
                    m->last_wall_ns - m->first_wall_ns < LEARN_NS;
    out->reason = why_not(f, m);
    if (out->reason)
        return;
    out->scored = true;
    out->confidence = f->coverage;
    l = best[0].l + best[1].l / 2 - PASSED;
    out->value = l > 0 ? whole_steps(1 - pow(10, -l)) : 0;
    if (out->value >= SCORE_UNUSUAL && f->wall_ns < m->quiet_until_wall_ns) {
        out->suppressed = true;
        out->value = 0;
    } else if (out->value >= SCORE_UNUSUAL) {
        m->quiet_until_wall_ns = f->wall_ns + EPISODE_NS;
    }
    if (out->value > 0)
        explain(out, best);
}

const struct score_ops score_anomaly = {
    .name = "anomaly",
    .model = "univariate-1",
    .score = anomaly,
};
