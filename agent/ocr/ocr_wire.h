/* ocr_wire.h - what the ai role and worksight-ocr say to each other.
 *
 * Flow:    ai -request-> worksight-ocr -hello, words...-> ai
 * Shapes:  one struct a message on a SOCK_SEQPACKET pair, host byte order (one
 *          machine, one build); pixels stay in the frame ring. A page is
 *          answered by one or more messages with the request's id, the last of
 *          them with OCR_WIRE_LAST; a hello (id 0) says that the models are
 *          loaded and the sandbox is closed
 * Units:   boxes in pixels of the frame; confidence in 1/1000
 * Errors:  each side checks every number of the other: worksight-ocr because a
 *          request may be stale, ai because the OCR process read hostile
 *          pictures
 * Process: the pair is held by the supervisor, so neither side sees an end of
 *          file when the other dies; the newest request counts, older ones are
 *          dropped unread
 */
#ifndef AGENT_OCR_OCR_WIRE_H
#define AGENT_OCR_OCR_WIRE_H

#include <stdint.h>

#define OCR_WIRE_MAGIC UINT32_C(0x57534f32) /* "WSO2" */
#define OCR_WIRE_TEXT_BYTES 96
#define OCR_WIRE_WORDS 64       /* in one message */
#define OCR_WIRE_MAX_WORDS 4096 /* of one page */

enum ocr_wire_status {
    OCR_WIRE_READ,    /* words of the page */
    OCR_WIRE_REFUSED, /* the request was out of bounds */
    OCR_WIRE_FAILED,  /* the engine failed on this page */
};

enum {
    OCR_WIRE_LAST = 1,
    OCR_WIRE_HELLO = 2,
    OCR_WIRE_CUT = 4, /* there is more text on the page than was read */
};

struct ocr_wire_request {
    uint32_t magic;
    uint32_t slot; /* of the frame ring */
    uint64_t id;   /* > 0 */
    uint32_t width_px, height_px, stride_bytes;
    uint32_t reserved;
};

struct ocr_wire_word {
    char text[OCR_WIRE_TEXT_BYTES]; /* UTF-8, NUL-ended */
    uint16_t confidence_permille;
    uint16_t line; /* words of one line have one number */
    uint16_t x_px, y_px, width_px, height_px;
};

struct ocr_wire_answer {
    uint32_t magic;
    uint32_t flags;
    uint64_t id;
    uint32_t status;     /* enum ocr_wire_status */
    uint32_t word_count; /* in this message, <= OCR_WIRE_WORDS */
    struct ocr_wire_word words[OCR_WIRE_WORDS];
};

#endif
