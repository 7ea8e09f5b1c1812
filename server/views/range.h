/* range.h - the part of a file that a client asked for.
 *
 * Shapes:  one range of bytes; anything else of the header's grammar is
 *          answered with the whole file, as RFC 9110 section 14.2 allows
 * Source:  RFC 9110 section 14
 */
#ifndef SERVER_VIEWS_RANGE_H
#define SERVER_VIEWS_RANGE_H

#include <stdint.h>

enum range_verdict {
    RANGE_WHOLE, /* no range, or one that may be passed over: 200 */
    RANGE_PART,  /* 206 with first and last */
    RANGE_BEYOND /* nothing of it is there: 416 */
};

struct range {
    int64_t first, last; /* included */
};

/* Read the header (NULL: there is none) for a file of len bytes; `out` is set
 * with RANGE_PART. */
enum range_verdict range_read(const char *header, int64_t len,
                              struct range *out);

#endif
