/* source.h - one source of the table, found by the setting's words.
 *
 * Flow:    setting `source` -> [source] -> capture role, tests, benches
 * Errors:  as capture.h; WS_INVALID for an unknown name lists the known ones
 * Owns:    source_open() hands out a source; source_close() ends it
 */
#ifndef AGENT_CAPTURE_SOURCE_H
#define AGENT_CAPTURE_SOURCE_H

#include "agent/capture/capture.h"

struct source {
    const struct capture_ops *ops;
    struct capture *c;
};

/* Find the source that a setting names ("auto", "x11", "file:DIR", "synth")
 * and its argument behind the colon ("" without one). */
enum err source_find(const char *setting, const struct capture_ops **ops,
                     const char **arg) WS_MUST_CHECK;

/* The known names, "x11, file, synth", for messages. */
void source_names(char *out, size_t out_bytes);

enum err source_open(struct source *out, const struct capture_ops *ops,
                     const struct capture_options *o) WS_MUST_CHECK;
enum err source_grab(struct source *s, enum capture_want want,
                     struct capture_frame *out) WS_MUST_CHECK;
enum err source_tick(struct source *s, enum capture_keep keep) WS_MUST_CHECK;
void source_close(struct source *s);

#endif
