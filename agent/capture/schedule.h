/* schedule.h - when the next observation is due: always on the first one's
 * grid, so that lateness never adds up.
 *
 * Units:   ns of the monotonic clock
 */
#ifndef AGENT_CAPTURE_SCHEDULE_H
#define AGENT_CAPTURE_SCHEDULE_H

#include <stdint.h>

/* The first time after now that is whole intervals away from due; due itself
 * while it is still to come. Times that were missed are not made up for. */
int64_t schedule_after(int64_t due_ns, int64_t now_ns, int64_t every_ns);

#endif
