/* hours.h - the hours of a week in which anything is captured.
 *
 * Flow:    the setting `hours` -> [hours] -> the supervisor, status
 * Shapes:  "mon-fri 08:00-18:00, sat 22:00-02:00"; "" is always; a span over
 *          midnight belongs to the day on which it begins
 * Units:   by the clock on the wall, so changes of summer time go along
 * Source:  privacy.md M3
 */
#ifndef AGENT_HOURS_H
#define AGENT_HOURS_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOURS_MAX_SPANS 16

struct hours {
    struct hours_span {
        unsigned days; /* bit 0: Sunday */
        int from_min, to_min;
    } spans[HOURS_MAX_SPANS];
    size_t count; /* 0: always */
};

enum err hours_parse(const char *text, struct hours *out) WS_MUST_CHECK;

/* Is this time one of them? In the time zone as it is set now. */
bool hours_hold(const struct hours *h, int64_t wall_ns);

#endif
