#include "core/nearest.h"

#include <string.h>

enum { NEAREST_MAX_LETTERS = 48 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    size_t d[NEAREST_MAX_LETTERS + 1][NEAREST_MAX_LETTERS + 1];

    if (la > NEAREST_MAX_LETTERS || lb > NEAREST_MAX_LETTERS)
        return la + lb;
    for (size_t i = 0; i <= la; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= lb; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= la; i++) {
        for (size_t j = 1; j <= lb; j++) {
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

            d[i][j] = least(change, least(d[i - 1][j] + 1, d[i][j - 1] + 1));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[la][lb];
}

struct nearest nearest_begin(const char *word)
{
    return (struct nearest){.word = word, .distance = strlen(word) / 3 + 2};
}

void nearest_offer(struct nearest *n, const char *known)
{
    size_t away = distance(n->word, known);

    if (away < n->distance) {
        n->distance = away;
        n->best = known;
    }
}
