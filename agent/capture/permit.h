/* permit.h - may anything be captured now, and if not, why.
 *
 * Flow:    board -> [permit] -> capture
 * Source:  privacy.md T1, T2, M3; issue 2 part B
 */
#ifndef AGENT_CAPTURE_PERMIT_H
#define AGENT_CAPTURE_PERMIT_H

#include "agent/board.h"

#include <stdbool.h>
#include <stdint.h>

/* BOARD_CAPTURING, or the first reason against it: no notice, paused, tier 0,
 * no badge. shows_display: the source is a person's display, so the notice
 * must be acknowledged and the badge must be up. */
enum board_capture_state permit_state(const struct board *b, bool shows_display,
                                      int64_t wall_ns);

#endif
