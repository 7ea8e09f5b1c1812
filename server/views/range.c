#include "server/views/range.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define RANGE_DIGITS 18 /* fit an int64_t */

/* Digits at *at; -1 without any, or with more than fit. */
static int64_t number(const char **at)
{
    size_t n = strspn(*at, "0123456789");
    int64_t v = n && n <= RANGE_DIGITS ? strtoll(*at, NULL, 10) : -1;

    *at += n;
    return v;
}

enum range_verdict range_read(const char *header, int64_t len,
                              struct range *out)
{
    struct range r;
    const char *at;

    if (!header || strncmp(header, "bytes=", 6) != 0)
        return RANGE_WHOLE;
    at = header + 6;
    r.first = number(&at);
    if (*at++ != '-')
        return RANGE_WHOLE;
    r.last = number(&at);
    if (*at)
        return RANGE_WHOLE;
    if (r.first < 0) { /* the last bytes of the file */
        if (r.last < 0 || header[6] != '-')
            return RANGE_WHOLE;
        if (r.last == 0 || len == 0)
            return RANGE_BEYOND;
        r.first = r.last < len ? len - r.last : 0;
        r.last = len - 1;
    } else if (r.last < 0 && at[-1] != '-') {
        return RANGE_WHOLE;
    }
    if (r.last < 0 || r.last >= len)
        r.last = len - 1;
    if (r.first >= len)
        return RANGE_BEYOND;
    if (r.last < r.first)
        return RANGE_WHOLE;
    *out = r;
    return RANGE_PART;
}
