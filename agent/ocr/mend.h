/* mend.h - what engines are known to get wrong in a line of a screen.
 *
 * Flow:    engine (symbols of a word) -> [mend] -> reader (words of a line)
 * Shapes:  decisions from distances and shapes alone; nothing is guessed from
 *          a dictionary
 * Units:   pixels of the picture for symbols, of the screen for words
 * Process: pure
 */
#ifndef AGENT_OCR_MEND_H
#define AGENT_OCR_MEND_H

#include "agent/ocr/engine.h"

#include <stdbool.h>
#include <stddef.h>

struct mend_symbol {
    char text[8]; /* one character, UTF-8 */
    int left_px, right_px;
};

/* A blank was lost in front of symbol `at`: where letters, digits and stops
 * meet, twice the usual distance is a blank. */
bool mend_is_blank(const struct mend_symbol *symbols, size_t count, size_t at,
                   int height_px);

/* Mend the words of one line, from left to right: pieces that touch become one
 * word, | with the height of a letter becomes I, a square - becomes a middle
 * dot, and a line that is one lone sign is no text. */
void mend_line(struct engine_words *words);

#endif
