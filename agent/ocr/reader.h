/* reader.h - reads a whole screen: lines, a cache of lines, second looks.
 *
 * Flow:    main (a ring slot) -> [reader] -> words
 * Units:   boxes in pixels of the screen; confidence 0..1
 * Errors:  WS_NOMEM; WS_IO from the engine
 * Owns:    the words of the last page belong to the reader, until the next one
 * Process: one thread; the cache lives in memory only and holds text: core
 *          dumps are off before the first page
 * Source:  ai.md "OCR": cache only confident, non-empty lines
 */
#ifndef AGENT_OCR_READER_H
#define AGENT_OCR_READER_H

#include "agent/ocr/engine.h"

#include <stdint.h>

struct reader_word {
    char text[ENGINE_TEXT_BYTES];
    double confidence;
    struct plane_box box;
    unsigned line; /* words of one line have one number */
};

struct reader_page {
    const struct reader_word *words;
    size_t count;
    unsigned lines, lines_cached, lines_reread;
    bool cut; /* there is more text than these words */
};

struct reader_picture { /* BGRX, 32 bits a pixel */
    const uint8_t *pixels;
    int width_px, height_px, stride_bytes;
};

struct reader;

enum err reader_open(struct reader **out,
                     const struct engine_ops *ops) WS_MUST_CHECK;
void reader_close(struct reader *r);
OWN_DEFINE(reader_close, struct reader *)

/* Read one screen. alive (may be NULL) is called between lines. */
enum err reader_read(struct reader *r, const struct reader_picture *picture,
                     void (*alive)(void),
                     struct reader_page *out) WS_MUST_CHECK;

#endif
