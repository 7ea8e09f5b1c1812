/* baseline.h - what the ai role has learned, and its secret, across restarts.
 *
 * Flow:    score_anomaly's memory <-> [baseline] <-> STATE/baseline
 * Shapes:  two slots of one size, written in turn, each with a number and a
 *          checksum: a power cut costs the newest slot at most
 * Errors:  WS_IO  the file cannot be opened or written
 * Owns:    baseline_open() opens the file, before the sandbox; later calls use
 *          the descriptor only
 * Process: one process
 * Source:  ai.md: baselines persist atomically, are versioned, and are part of
 *          what a person can see and reset (remove the file)
 */
#ifndef AGENT_AI_BASELINE_H
#define AGENT_AI_BASELINE_H

#include "agent/ai/score.h"

#include "core/env.h"
#include "core/own.h"

#define BASELINE_FILE "baseline" /* in STATE */
#define BASELINE_KEY_BYTES 32

struct baseline_data {
    uint8_t key[BASELINE_KEY_BYTES]; /* of text hashes; never leaves here */
    struct score_memory memory;
};

enum baseline_found { BASELINE_LOADED, BASELINE_NEW, BASELINE_RESET };

struct baseline;

/* Open or make the file and read the newest whole slot. A file that is corrupt
 * or of another version is begun anew, and said so. */
enum err baseline_open(struct baseline **out, const char *path,
                       const struct env *env, struct baseline_data *data,
                       enum baseline_found *found) WS_MUST_CHECK;
void baseline_close(struct baseline *b);
OWN_DEFINE(baseline_close, struct baseline *)

/* Write the data into the older slot; it survives a power cut then. */
enum err baseline_save(struct baseline *b,
                       const struct baseline_data *data) WS_MUST_CHECK;

#endif
