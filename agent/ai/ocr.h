/* ocr.h - has a frame read by worksight-ocr, and bears its silence.
 *
 * Flow:    ring slot -> [ocr] -> worksight-ocr -> [ocr] -> words
 * Shapes:  one request at a time over a socket pair that the supervisor holds:
 *          a death of the other side is seen on the board, not on the socket
 * Errors:  WS_AGAIN    it is away or has not answered in time: not now
 *          WS_NOTFOUND the program is not running at all
 *          WS_IO       it died on this picture, or said that it failed
 *          WS_DENIED   this picture killed it OCR_MOST_DEATHS times: never
 *                      again
 * Owns:    the words stay valid until the next ocr_read()
 * Process: one thread; calls alive() at least every OCR_SLICE_MS
 * Source:  faults.md A-09
 */
#ifndef AGENT_AI_OCR_H
#define AGENT_AI_OCR_H

#include "agent/board.h"
#include "agent/ocr/ocr_wire.h"
#include "agent/ring.h"

#include "core/env.h"
#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCR_SLICE_MS 100
#define OCR_MOST_DEATHS 3

struct ocr_options {
    int fd; /* this side of the pair; -1: OCR is off */
    int64_t deadline_ms;
    const struct env *env;
    struct board *board;
    bool (*alive)(void *ctx); /* false: the role stops, give up */
    void *ctx;
};

struct ocr_page {
    const struct ocr_wire_word *words;
    size_t count;
    bool cut; /* there is more text than these words */
};

enum ocr_state {
    OCR_STATE_OFF,
    OCR_STATE_OK,
    OCR_STATE_SILENT,
    OCR_STATE_AWAY
};

struct ocr;

enum err ocr_open(struct ocr **out,
                  const struct ocr_options *options) WS_MUST_CHECK;
void ocr_close(struct ocr *o);
OWN_DEFINE(ocr_close, struct ocr *)

/* Have one frame read, within the deadline. After a silence no picture is sent
 * until the other side spoke again, so a hang costs one deadline and no more.
 */
enum err ocr_read(struct ocr *o, const struct ring_slot *slot,
                  struct ocr_page *out) WS_MUST_CHECK;

/* It runs and has not been silent: a frame given now would be read. */
bool ocr_ready(struct ocr *o);

enum ocr_state ocr_state(const struct ocr *o);

#endif
