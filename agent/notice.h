/* notice.h - what a person is told before anything is captured.
 *
 * Flow:    settings -> [notice] -> terminal, `notice` command, outbox (ack)
 * Shapes:  plain text of at most 80 columns; its hash is the SHA-256 of the
 *          text, so that one word more is another notice
 * Source:  privacy.md T2, T3, M1: notice and acknowledgement, never "consent"
 */
#ifndef AGENT_NOTICE_H
#define AGENT_NOTICE_H

#include "agent/settings.h"
#include "core/buf.h"
#include "core/sha256.h"

/* Append the notice for these settings (after settings_settle()). */
void notice_text(const struct settings *s, struct buf *out);

/* The hash that stands for that text; WS_NOMEM. */
enum err notice_hash(const struct settings *s,
                     char out[SHA256_HEX_BYTES]) WS_MUST_CHECK;

/* True when this notice was said yes to: by the acknowledge setting, or in an
 * earlier run on this state folder. */
bool notice_is_acknowledged(const struct settings *s);

/* Remember in the state folder that the person said yes to this notice. */
enum err notice_remember(const struct settings *s) WS_MUST_CHECK;

#endif
