/* nearest.h - "did you mean": the known word nearest to a mistyped one.
 *
 * Source:  optimal string alignment distance (Damerau, 1964)
 */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *word; /* as typed */
    const char *best; /* the nearest so far within a third of its letters */
    size_t distance;
};

struct nearest nearest_begin(const char *word);
void nearest_offer(struct nearest *n, const char *known);

#endif
