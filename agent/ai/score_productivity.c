/* score_productivity.c - 50 points, moved by what is in front and by whether
 * somebody is at work with it.
 *
 * Every weight and value is a multiple of 1/4, so a product and a sum of a few
 * of them is exact in a double, and base + contributions is the score to the
 * last bit. The weights keep every sum within 10..85: nothing is clamped.
 *
 * Engagement takes the best of three signs: input, reading (text on the screen
 * and somebody there), a picture that moves. So reading without a key pressed
 * is worth what typing is worth, and more input never lowers a score.
 * No labelled data says what is productive: this is a consistent, explained
 * measure, not a truth about a person. */
#include "agent/ai/score.h"

#include <string.h>

#define BASE 50.0
#define CATEGORY_POINTS 25.0
#define ENGAGED_POINTS 10.0
#define AWAY_POINTS (-10.0)
#define SWITCHING_POINTS (-5.0)
#define COVERAGE_FLOOR 0.5

static void add(struct score_result *r, const char *name, double value,
                double weight, const char *text)
{
    struct score_part *p = &r->parts[r->part_count++];

    *p = (struct score_part){.name = name,
                             .value = value,
                             .weight = weight,
                             .contribution = value * weight,
                             .text = text};
    r->value += p->contribution;
}

static bool is_away(const struct features *f)
{
    return f->value[FEATURE_PRESENT] == 0;
}

/* The best sign of engagement, in quarters. */
static void add_engagement(const struct features *f, struct score_result *r)
{
    static const double by_input[4] = {0, 0.5, 0.75, 1};
    int input = f->value[FEATURE_INPUT], change = f->value[FEATURE_CHANGE];
    double best = 0;
    const char *text = "no sign of work with what is in front";

    if (!is_away(f) && change >= 2) {
        best = 0.5;
        text = "the screen is changing";
    }
    if (input > 0 && by_input[input] > best) {
        best = by_input[input];
        text = "there is input";
    }
    if (!is_away(f) && f->value[FEATURE_TEXT_SEEN] == 1 && best < 1) {
        best = 1;
        text = "there is text to read and somebody is there";
    }
    add(r, "engagement", best, ENGAGED_POINTS, text);
}

static void productivity(const struct features *f, struct score_memory *memory,
                         struct score_result *out)
{
    static const double by_switches[4] = {0, 0.25, 0.5, 1};
    int switches = f->value[FEATURE_SWITCHES];

    (void)memory;
    memset(out, 0, sizeof(*out));
    out->base = BASE;
    out->value = SCORE_PRODUCTIVITY_ABSTAINED;
    if (f->reading == READING_NONE)
        out->reason = "the screen could not be read";
    else if (f->coverage < COVERAGE_FLOOR)
        out->reason = "too few sensors answered";
    if (out->reason)
        return;
    out->scored = true;
    out->value = BASE;
    out->confidence = f->coverage * (0.25 + 0.75 * f->class.confidence);
    add(out, "category", classify_categories[f->class.category].prior,
        CATEGORY_POINTS, classify_categories[f->class.category].doc);
    add_engagement(f, out);
    if (is_away(f))
        add(out, "away", 1, AWAY_POINTS,
            "no input for 5 minutes and no full screen");
    if (switches > 0)
        add(out, "switching", by_switches[switches], SWITCHING_POINTS,
            "windows were switched often in the last minute");
}

const struct score_ops score_productivity = {
    .name = "productivity",
    .model = "rules-1",
    .score = productivity,
};
