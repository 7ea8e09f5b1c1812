/* engine.h - what turns the picture of a line into words.
 *
 * Flow:    reader -> [engine] -> words with boxes in the picture's pixels
 * Shapes:  one const table a kind: engine_tesseract; a second engine is a
 *          second file that exports one such table
 * Units:   confidence 0..1
 * Errors:  WS_NOTFOUND  the model is not installed
 *          WS_IO        the library refused
 * Owns:    open hands over; close accepts NULL
 * Process: one thread; after open no file is opened
 */
#ifndef AGENT_OCR_ENGINE_H
#define AGENT_OCR_ENGINE_H

#include "agent/ocr/plane.h"

#include <stddef.h>

#define ENGINE_TEXT_BYTES 96

struct engine_word {
    char text[ENGINE_TEXT_BYTES]; /* UTF-8, cut at a character */
    double confidence;
    struct plane_box box;
};

#define ENGINE_MAX_WORDS 4096

struct engine_words {
    struct engine_word *list; /* room for ENGINE_MAX_WORDS, the caller's */
    size_t count;
};

enum engine_shape { ENGINE_LINE, ENGINE_BLOCK };

struct engine;

struct engine_ops {
    const char *name;
    enum err (*open)(struct engine **out);
    /* Append the words of one picture. */
    enum err (*read)(struct engine *e, const struct plane *picture,
                     enum engine_shape shape, struct engine_words *words);
    void (*close)(struct engine *e);
};

extern const struct engine_ops engine_tesseract;

#endif
