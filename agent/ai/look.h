/* look.h - one look at one frame: read, redact, score, and what to record.
 *
 * Flow:    ring slot -> [look] -> items for the outbox
 * Shapes:  every frame gives one metric; at tier 3 and up, when the frame was
 *          read and a picture is due, also one screenshot
 * Errors:  WS_NOMEM; a reading that fails is no error but a partial metric
 * Owns:    struct look_items owns its texts and the picture's descriptor;
 *          look_items_fini() ends them
 * Process: one thread; boxes to hide are filled in the slot's own pixels
 */
#ifndef AGENT_AI_LOOK_H
#define AGENT_AI_LOOK_H

#include "agent/ai/baseline.h"
#include "agent/ai/classify.h"
#include "agent/ai/encode.h"
#include "agent/ai/ocr.h"
#include "agent/settings.h"

#include "core/buf.h"

#define LOOK_TIER_PICTURES 3 /* redacted and reduced */
#define LOOK_TIER_FULL 4     /* redacted, full size */
#define LOOK_REDUCED_PX 1024 /* longest side of a reduced picture */

struct look_options {
    const struct settings *settings;
    struct board *board;
    struct ocr *ocr;
    const struct classify *rules;
    struct baseline_data *learned;
};

struct look_items {
    struct buf metric;
    struct buf picture; /* its fields; empty without one */
    struct encode_picture encoded;
};

struct look;

enum err look_open(struct look **out,
                   const struct look_options *options) WS_MUST_CHECK;
void look_close(struct look *l);
OWN_DEFINE(look_close, struct look *)

/* Look at the frame in a slot. */
enum err look_frame(struct look *l, const struct ring_slot *slot,
                    struct look_items *out) WS_MUST_CHECK;

void look_items_init(struct look_items *items);
void look_items_fini(struct look_items *items);

#endif
