#include "agent/ocr/mend.h"

#include <ctype.h>
#include <string.h>

#define LONE_SURE 0.90 /* a lone letter below this is an icon */

enum class { LETTER, DIGIT, STOP, SIGN };

static enum class class_of(const char *symbol) {
    unsigned char c = (unsigned char)symbol[0];

    if (c >= 0x80 || isalpha(c)) return LETTER;
    if (isdigit(c)) return DIGIT;
    return strchr(",:;", c) ? STOP : SIGN;
}

static int gap_before(const struct mend_symbol *s, size_t at)
{
    int gap = s[at].left_px - s[at - 1].right_px;

    return gap > 0 ? gap : 0;
}

/* Mean distance of the other symbols of the word. */
static double usual_gap(const struct mend_symbol *s, size_t count, size_t at)
{
    int sum = 0, n = 0;

    for (size_t i = 1; i < count; i++) {
        enum class a = class_of(s[i - 1].text), b = class_of(s[i].text);

        if (i == at || a != b) /* another blank may hide there */
            continue;
        sum += gap_before(s, i);
        n++;
    }
    return n ? (double)sum / n : 2;
}

bool mend_is_blank(const struct mend_symbol *symbols, size_t count, size_t at,
                   int height_px)
{
    enum class before = class_of(symbols[at - 1].text);
    enum class after = class_of(symbols[at].text);
    double gap = gap_before(symbols, at);

    if (gap * 4 < height_px)
        return false;
    if (before == STOP && (after == LETTER || after == DIGIT)) {
        if (at < 2 || class_of(symbols[at - 2].text) != LETTER)
            return after == LETTER && at >= 2; /* 9:00, 1,284 */
        return gap >= 3.0 * gap_before(symbols, at - 1);
    }
    if (count < 4 || at + 1 == count) /* -j4, 921K */
        return before == LETTER && after == DIGIT && count >= 4 &&
               gap >= 2.5 * usual_gap(symbols, count, at);
    if ((before == LETTER && after == DIGIT) ||
        (before == DIGIT && after == LETTER))
        return gap >= 2.5 * usual_gap(symbols, count, at);
    return false;
}

/* Two words that stand closer than any blank is wide. */
static bool is_torn(const struct engine_word *a, const struct engine_word *b)
{
    int high = a->box.height_px > b->box.height_px ? a->box.height_px
                                                   : b->box.height_px;
    int gap = b->box.x_px - (a->box.x_px + a->box.width_px);
    char last = a->text[strlen(a->text) - 1], first = b->text[0];

    if (gap < -high / 2)
        return false;
    if (last == '_' || first == '_')
        return gap * 100 < high * 35;
    if (strchr(":/.-", last) || strchr(":/.-", first))
        return gap * 100 < high * 12 && last != '.';
    return false;
}

static void join(struct engine_word *a, const struct engine_word *b)
{
    size_t len = strlen(a->text), more = strlen(b->text);
    int right = b->box.x_px + b->box.width_px;
    int bottom = b->box.y_px + b->box.height_px;

    memcpy(a->text + len, b->text, more + 1);
    if (b->box.y_px < a->box.y_px) {
        a->box.height_px += a->box.y_px - b->box.y_px;
        a->box.y_px = b->box.y_px;
    }
    if (bottom > a->box.y_px + a->box.height_px)
        a->box.height_px = bottom - a->box.y_px;
    a->box.width_px = right - a->box.x_px;
    if (b->confidence < a->confidence)
        a->confidence = b->confidence;
}

static void join_torn(struct engine_words *w)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->count; i++) {
        struct engine_word *last = kept ? &w->list[kept - 1] : NULL;

        if (last && is_torn(last, &w->list[i]) &&
            strlen(last->text) + strlen(w->list[i].text) < ENGINE_TEXT_BYTES)
            join(last, &w->list[i]);
        else
            w->list[kept++] = w->list[i];
    }
    w->count = kept;
}

/* Height of a word with tall letters and none that go below the line; 0 if no
 * word of the line is one. */
static int tall_height(const struct engine_words *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const char *text = w->list[i].text;

        if (strpbrk(text, "ABCDEFGHKLMNPRSTUVXYZbdfhkl0123456789") &&
            !strpbrk(text, "gjpqy,;()[]{}|/\\_@Q$"))
            return w->list[i].box.height_px;
    }
    return 0;
}

/* A bar no taller than a capital is the letter; a real one goes below. */
static void mend_bar(struct engine_word *word, int tall_px)
{
    if (strcmp(word->text, "|") == 0 && word->box.height_px <= tall_px + 1)
        strcpy(word->text, "I");
}

static void mend_dot(struct engine_word *word)
{
    if (strcmp(word->text, "-") == 0 &&
        word->box.width_px <= word->box.height_px + 1)
        strcpy(word->text, "\xc2\xb7");
}

/* A line of lone signs, or one doubtful letter: icons. */
static bool is_icon(const struct engine_words *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct engine_word *word = &w->list[i];

        if (strlen(word->text) != 1 || isdigit((unsigned char)word->text[0]))
            return false;
        if (isalpha((unsigned char)word->text[0]) &&
            (w->count > 1 || word->confidence >= LONE_SURE))
            return false;
    }
    return true;
}

void mend_line(struct engine_words *words)
{
    int tall_px;

    join_torn(words);
    tall_px = tall_height(words);
    for (size_t i = 0; i < words->count; i++) {
        mend_bar(&words->list[i], tall_px);
        mend_dot(&words->list[i]);
    }
    if (words->count > 0 && is_icon(words))
        words->count = 0;
}
