/* refusal.c - why a request is not taken, found while it is being read. */
#include "server/http/refusal.h"

#include <stdarg.h>
#include <stdio.h>

enum err refusal_set(struct refusal *why, int status, const char *slug,
                     const char *fmt, ...)
{
    va_list args;

    why->status = status;
    why->slug = slug;
    va_start(args, fmt);
    vsnprintf(why->detail, sizeof(why->detail), fmt, args);
    va_end(args);
    return WS_INVALID;
}
