/* engine_tesseract.c - the tesseract C API. OMP_THREAD_LIMIT=1 must stand in
 * the environment before libtesseract is loaded (main.c sees to it): without it
 * one frame cost 6.3 s of CPU instead of 0.63. */
#include "agent/ocr/engine.h"

#include "core/log.h"

#include <stdlib.h>
#include <string.h>
#include <tesseract/capi.h>

#define SOURCE_DPI 150 /* of a 2x screen; only silences guessing */

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

static void take_words(struct engine *e, struct engine_words *words)
{
    TessResultIterator *it = TessBaseAPIGetIterator(e->api);
    TessPageIterator *page;

    if (!it)
        return;
    page = TessResultIteratorGetPageIterator(it);
    do {
        char *text;
        int x0, y0, x1, y1;

        if (words->count >= ENGINE_MAX_WORDS)
            break;
        text = TessResultIteratorGetUTF8Text(it, RIL_WORD);
        if (!text)
            continue;
        if (text[0] &&
            TessPageIteratorBoundingBox(page, RIL_WORD, &x0, &y0, &x1, &y1)) {
            struct engine_word *w = &words->list[words->count++];

            copy_text(w->text, text);
            w->confidence =
                (double)TessResultIteratorConfidence(it, RIL_WORD) / 100.0;
            w->box = (struct plane_box){x0, y0, x1 - x0, y1 - y0};
        }
        TessDeleteText(text);
    } while (TessResultIteratorNext(it, RIL_WORD));
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
