/* look.h - what the badge says, from what the board says.
 *
 * Flow:    board -> [look] -> badge
 * Source:  privacy.md T1; house words of ui.md: no verdicts
 */
#ifndef AGENT_INDICATOR_LOOK_H
#define AGENT_INDICATOR_LOOK_H

#include "agent/board.h"
#include "agent/indicator/badge_x11.h"

#include <stdint.h>

/* A number of queued items is given in steps (1+, 10+, 100+), so that the
 * badge does not change the picture that is captured at each observation. */
void look_make(const struct board *b, int64_t wall_ns,
               struct badge_x11_look *out);

#endif
