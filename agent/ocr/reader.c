/* A page is read line by line, because a line that was read once, and was
 * confident, need not be read again while its pixels stay the same: typing
 * costs one line, scrolling the lines that came into view. A reading that is
 * not sure is believed only while its line stands still: a misread button is
 * not replayed for every button of its kind. */
#include "agent/ocr/reader.h"

#include "agent/ocr/cache.h"
#include "agent/ocr/mend.h"
#include "agent/ocr/segment.h"

#include <stdlib.h>
#include <string.h>

#define BORDER_PX 4    /* background around a line before it is enlarged */
#define SCALE 2        /* the largest single gain (ai.md) */
#define SURE 0.70      /* every word at least this: the line is cached */
#define DOUBTFUL 0.55  /* mean below this: the line gets a second look */
#define BIG_LINE_PX 44 /* lines this tall are large enough as they are */
#define MAX_BLOCK_PX 4000000 /* a larger block is a picture, not text */

struct reader {
    const struct engine_ops *ops;
    struct engine *engine;
    struct cache *cache;
    struct engine_word *scratch; /* ENGINE_MAX_WORDS, of one line */
    struct engine_word *second;  /* the same, of the second look */
    struct reader_word *words;   /* ENGINE_MAX_WORDS, of the page */
    size_t count;
};

enum err reader_open(struct reader **out, const struct engine_ops *ops)
{
    OWN(reader_close)
    struct reader *r = calloc(1, sizeof(*r));
    enum err e;

    if (!r)
        return WS_NOMEM;
    r->ops = ops;
    r->scratch = calloc(ENGINE_MAX_WORDS, sizeof(*r->scratch));
    r->second = calloc(ENGINE_MAX_WORDS, sizeof(*r->second));
    r->words = calloc(ENGINE_MAX_WORDS, sizeof(*r->words));
    if (!r->scratch || !r->second || !r->words)
        return WS_NOMEM;
    e = cache_open(&r->cache);
    if (e)
        return e;
    e = ops->open(&r->engine);
    if (e)
        return e;
    *out = TAKE(r);
    return WS_OK;
}

void reader_close(struct reader *r)
{
    if (!r)
        return;
    if (r->engine)
        r->ops->close(r->engine);
    cache_close(r->cache);
    free(r->scratch);
    free(r->second);
    free(r->words);
    free(r);
}

/* Mean confidence of the letters; 0 without any. */
static double mean_confidence(const struct engine_words *w)
{
    double sum = 0;
    size_t letters = 0;

    for (size_t i = 0; i < w->count; i++) {
        size_t len = strlen(w->list[i].text);

        sum += w->list[i].confidence * (double)len;
        letters += len;
    }
    return letters ? sum / (double)letters : 0;
}

static bool is_sure(const struct engine_words *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->list[i].confidence < SURE)
            return false;
    return w->count > 0;
}

/* Read one box; the words' boxes are then relative to it. */
static enum err look(struct reader *r, const struct plane *page,
                     const struct plane_box *box, enum engine_shape shape,
                     struct engine_words *words)
{
    OWN(plane_close)
    struct plane *picture = NULL;
    int scale =
        box->height_px > BIG_LINE_PX && shape == ENGINE_LINE ? 1 : SCALE;
    enum err e = plane_cut(&picture, page, box, BORDER_PX, scale);

    if (e)
        return e;
    words->count = 0;
    e = r->ops->read(r->engine, picture, shape, words);
    if (e)
        return e;
    for (size_t i = 0; i < words->count; i++) {
        struct plane_box *b = &words->list[i].box;

        b->x_px = b->x_px / scale - BORDER_PX;
        b->y_px = b->y_px / scale - BORDER_PX;
        b->width_px = b->width_px / scale + 1;
        b->height_px = b->height_px / scale + 1;
    }
    return WS_OK;
}

/* Read a line that the cache does not know, and keep it if it is sure. */
static enum err read_line(struct reader *r, const struct plane *page,
                          const struct segment_line *line,
                          uint8_t key[CACHE_KEY_BYTES],
                          struct engine_words *words, struct reader_page *stats)
{
    struct engine_words again = {.list = r->second};
    enum err e = look(r, page, &line->box,
                      line->block ? ENGINE_BLOCK : ENGINE_LINE, words);

    if (e)
        return e;
    if (!line->block && mean_confidence(words) < DOUBTFUL) {
        stats->lines_reread++;
        e = look(r, page, &line->box, ENGINE_BLOCK, &again);
        if (e)
            return e;
        if (mean_confidence(&again) > mean_confidence(words)) {
            memcpy(words->list, again.list, sizeof(*again.list) * again.count);
            words->count = again.count;
        }
    }
    mend_line(words);
    if (!is_sure(words))
        cache_key_at(&line->box, key);
    cache_put(r->cache, key, words->list, words->count);
    return WS_OK;
}

/* Look a line up: sure readings of anywhere, unsure ones of this very place. */
static enum err find_line(struct reader *r, const struct segment_line *line,
                          const uint8_t key[CACHE_KEY_BYTES],
                          struct engine_words *words)
{
    uint8_t here[CACHE_KEY_BYTES];

    if (cache_get(r->cache, key, words) == WS_OK)
        return WS_OK;
    memcpy(here, key, sizeof(here));
    cache_key_at(&line->box, here);
    return cache_get(r->cache, here, words);
}

/* False once there is room for no other word. */
static bool take_words(struct reader *r, const struct plane *page,
                       const struct segment_line *line, unsigned number,
                       const struct engine_words *words)
{
    for (size_t i = 0; i < words->count && r->count < ENGINE_MAX_WORDS; i++) {
        struct reader_word *w = &r->words[r->count++];
        struct plane_box box = words->list[i].box;

        memcpy(w->text, words->list[i].text, sizeof(w->text));
        w->confidence = words->list[i].confidence;
        w->line = number;
        box.x_px += line->box.x_px;
        box.y_px += line->box.y_px;
        w->box = plane_clip(page, box);
    }
    return r->count < ENGINE_MAX_WORDS;
}

enum err reader_read(struct reader *r, const struct reader_picture *picture,
                     void (*alive)(void), struct reader_page *out)
{
    OWN(plane_close)
    struct plane *page = NULL;
    struct segment_lines lines = {0};
    OWN_FREE struct segment_line *list = NULL;
    enum err e;

    *out = (struct reader_page){0};
    r->count = 0;
    e = plane_from_bgrx(&page, picture->pixels, picture->width_px,
                        picture->height_px, picture->stride_bytes);
    if (e)
        return e;
    e = segment_page(page, &lines);
    if (e)
        return e;
    list = lines.list;
    out->cut = lines.cut;
    for (size_t i = 0; i < lines.count; i++) {
        struct engine_words words = {.list = r->scratch};
        uint8_t key[CACHE_KEY_BYTES];

        if (alive)
            alive();
        if (list[i].block &&
            (int64_t)list[i].box.width_px * list[i].box.height_px >
                MAX_BLOCK_PX)
            continue;
        e = cache_key(page, &list[i].box, key);
        if (e)
            return e;
        out->lines++;
        e = find_line(r, &list[i], key, &words);
        if (e == WS_OK)
            out->lines_cached++;
        else
            e = read_line(r, page, &list[i], key, &words, out);
        if (e)
            return e;
        if (!take_words(r, page, &list[i], (unsigned)i, &words))
            out->cut = true;
    }
    out->words = r->words;
    out->count = r->count;
    return WS_OK;
}
