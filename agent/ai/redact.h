/* redact.h - finds the words of a page that must not be in a picture.
 *
 * Flow:    words of a page -> [redact] -> boxes to fill -> encode
 * Shapes:  a mask a word; numbers that are written in groups (cards, bank
 *          accounts, telephones) are found across the words of one line
 * Process: pure; keeps and logs no text
 * Source:  privacy.md M5; ISO/IEC 7812 (Luhn), ISO 13616 (IBAN)
 */
#ifndef AGENT_AI_REDACT_H
#define AGENT_AI_REDACT_H

#include "agent/ocr/ocr_wire.h"

#include <stddef.h>
#include <stdint.h>

enum redact_kind {
    REDACT_NOTHING,
    REDACT_EMAIL,
    REDACT_NUMBER,  /* 9 digits or more in a row */
    REDACT_CARD,    /* 13 to 19 digits with a right check digit */
    REDACT_ACCOUNT, /* IBAN */
    REDACT_PHONE,
    REDACT_SECRET,   /* keys and tokens by their look */
    REDACT_LABELLED, /* what follows "password:" and its like */
};

/* Say for each word why it must go; returns how many must. words of one line
 * stand next to each other; kinds has room for count. */
size_t redact_words(const struct ocr_wire_word *words, size_t count,
                    enum redact_kind *kinds);

#endif
