/* schedule.c - see schedule.h. */
#include "agent/capture/schedule.h"

int64_t schedule_after(int64_t due_ns, int64_t now_ns, int64_t every_ns)
{
    if (due_ns > now_ns)
        return due_ns;
    return due_ns + ((now_ns - due_ns) / every_ns + 1) * every_ns;
}
