/* clock.h - the times of the machine, and ISO 8601.
 *
 * Units:   ns everywhere; wall times are UTC since 1970
 * Errors:  WS_INVALID  the text is not an ISO 8601 time of wire.md
 * Source:  clock_gettime(2); wire.md "Layer 1" (both spellings of UTC; a
 *          time without offset is UTC); RFC 3339
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

#define CLOCK_NS_PER_MS INT64_C(1000000)
#define CLOCK_NS_PER_S INT64_C(1000000000)
#define CLOCK_ISO_BYTES 32     /* "2026-02-10T16:19:56.123456Z" and the NUL */
#define CLOCK_BOOT_ID_BYTES 37 /* a UUID and the NUL */

int64_t clock_wall_ns(void); /* UTC; steps when somebody sets the clock */
int64_t clock_mono_ns(void); /* never steps; stands still in suspend */
int64_t clock_boot_ns(void); /* never steps; goes on in suspend */

/* The id of this boot of the kernel: leases of another boot are over. */
enum err clock_boot_id(char out[CLOCK_BOOT_ID_BYTES]) WS_MUST_CHECK;

/* Read "2026-02-10T16:19:56[.fraction][Z|+00:00]" (also a blank for the T). */
enum err clock_parse_iso(const char *text, size_t len,
                         int64_t *wall_ns) WS_MUST_CHECK;

/* Write UTC with microseconds and Z. */
void clock_format_iso(int64_t wall_ns, char out[CLOCK_ISO_BYTES]);

#endif
