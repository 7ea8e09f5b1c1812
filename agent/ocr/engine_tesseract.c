/* engine_tesseract.c - the tesseract C API. OMP_THREAD_LIMIT=1 must stand in
 * the environment before libtesseract is loaded (main.c sees to it): without it
 * one frame cost 6.3 s of CPU instead of 0.63. */
#include "agent/ocr/engine.h"

#include "agent/ocr/mend.h"

#include "core/log.h"

#include <stdlib.h>
#include <string.h>
#include <tesseract/capi.h>

#define MAX_SYMBOLS 256 /* of one word */
#define SOURCE_DPI 150  /* of a 2x screen; only silences guessing */

struct engine {
    TessBaseAPI *api;
};

static void tesseract_close(struct engine *e)
{
    if (!e)
        return;
    if (e->api) {
        TessBaseAPIEnd(e->api);
        TessBaseAPIDelete(e->api);
    }
    free(e);
}
OWN_DEFINE(tesseract_close, struct engine *)

static enum err tesseract_open(struct engine **out)
{
    OWN(tesseract_close)
    struct engine *e = calloc(1, sizeof(*e));

    if (!e)
        return WS_NOMEM;
    e->api = TessBaseAPICreate();
    if (!e->api)
        return WS_NOMEM;
    if (TessBaseAPIInit2(e->api, NULL, "eng", OEM_LSTM_ONLY)) {
        log_error("ocr_model", "tesseract's model eng is not installed: "
                               "apt install tesseract-ocr-eng");
        return WS_NOTFOUND;
    }
    TessBaseAPISetVariable(e->api, "debug_file", "/dev/null");
    *out = TAKE(e);
    return WS_OK;
}

/* Copy at most ENGINE_TEXT_BYTES - 1 bytes, whole characters only. */
static void copy_text(char *to, const char *from)
{
    size_t len = strlen(from);

    if (len >= ENGINE_TEXT_BYTES) {
        len = ENGINE_TEXT_BYTES - 1;
        while (len > 0 && ((unsigned char)from[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(to, from, len);
    to[len] = '\0';
}

/* One word as the library sees it, symbol by symbol. */
struct word {
    struct mend_symbol symbols[MAX_SYMBOLS];
    size_t count;
    struct plane_box box;
    double confidence;
};

/* Put symbols [from, to) as one word, with the box that they cover. */
static void put_word(const struct word *w, size_t from, size_t to,
                     struct engine_words *words)
{
    struct engine_word *out;
    char text[MAX_SYMBOLS * 8] = "";
    size_t len = 0;

    if (words->count >= ENGINE_MAX_WORDS || from == to)
        return;
    for (size_t i = from; i < to; i++) {
        size_t n = strlen(w->symbols[i].text);

        memcpy(text + len, w->symbols[i].text, n + 1);
        len += n;
    }
    out = &words->list[words->count++];
    copy_text(out->text, text);
    out->confidence = w->confidence;
    out->box = w->box;
    if (from > 0)
        out->box.x_px = w->symbols[from].left_px;
    out->box.width_px = (to < w->count ? w->symbols[to - 1].right_px
                                       : w->box.x_px + w->box.width_px) -
                        out->box.x_px;
}

/* Put a word, cut where a blank was lost. */
static void put_pieces(const struct word *w, struct engine_words *words)
{
    size_t from = 0;

    for (size_t i = 1; i < w->count; i++) {
        if (!mend_is_blank(w->symbols, w->count, i, w->box.height_px))
            continue;
        put_word(w, from, i, words);
        from = i;
    }
    put_word(w, from, w->count, words);
}

static bool box_at(const TessPageIterator *page, TessPageIteratorLevel level,
                   struct plane_box *box)
{
    int x0, y0, x1, y1;

    if (!TessPageIteratorBoundingBox(page, level, &x0, &y0, &x1, &y1))
        return false;
    *box = (struct plane_box){x0, y0, x1 - x0, y1 - y0};
    return true;
}

static void add_symbol(struct word *w, TessResultIterator *it,
                       const TessPageIterator *page)
{
    struct plane_box box;
    char *text = TessResultIteratorGetUTF8Text(it, RIL_SYMBOL);
    size_t len = text ? strlen(text) : 0;

    if (text && w->count < MAX_SYMBOLS && len < sizeof(w->symbols[0].text) &&
        box_at(page, RIL_SYMBOL, &box)) {
        struct mend_symbol *s = &w->symbols[w->count++];

        memcpy(s->text, text, len + 1);
        s->left_px = box.x_px;
        s->right_px = box.x_px + box.width_px;
    }
    TessDeleteText(text);
}

static void take_words(struct engine *e, struct engine_words *words)
{
    static struct word w; /* kilobytes; one thread */
    TessResultIterator *it = TessBaseAPIGetIterator(e->api);
    const TessPageIterator *page;

    if (!it)
        return;
    page = TessResultIteratorGetPageIteratorConst(it);
    w.count = 0;
    do {
        if (TessPageIteratorIsAtBeginningOf(page, RIL_WORD)) {
            put_pieces(&w, words);
            w.count = 0;
            w.confidence =
                (double)TessResultIteratorConfidence(it, RIL_WORD) / 100.0;
            if (!box_at(page, RIL_WORD, &w.box))
                continue;
        }
        add_symbol(&w, it, page);
    } while (TessResultIteratorNext(it, RIL_SYMBOL));
    put_pieces(&w, words);
    explicit_bzero(&w, sizeof(w));
    TessResultIteratorDelete(it);
}

static enum err tesseract_read(struct engine *e, const struct plane *picture,
                               enum engine_shape shape,
                               struct engine_words *words)
{
    TessBaseAPISetPageSegMode(e->api, shape == ENGINE_LINE ? PSM_SINGLE_LINE
                                                           : PSM_SINGLE_BLOCK);
    TessBaseAPISetImage(e->api, picture->px, picture->width_px,
                        picture->height_px, 1, picture->width_px);
    TessBaseAPISetSourceResolution(e->api, SOURCE_DPI);
    if (TessBaseAPIRecognize(e->api, NULL)) {
        log_warn("ocr_refused", "tesseract refused a picture of %dx%d",
                 picture->width_px, picture->height_px);
        return WS_IO;
    }
    take_words(e, words);
    TessBaseAPIClear(e->api);
    return WS_OK;
}

const struct engine_ops engine_tesseract = {
    .name = "tesseract",
    .open = tesseract_open,
    .read = tesseract_read,
    .close = tesseract_close,
};
