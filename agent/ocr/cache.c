#include "agent/ocr/cache.h"

#include "core/sha256.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8
#define SETS (CACHE_MAX_LINES / WAYS)

struct entry {
    uint8_t key[CACHE_KEY_BYTES];
    uint64_t used; /* 0: empty */
    struct engine_word *words;
    size_t count;
};

struct cache {
    struct entry sets[SETS][WAYS];
    uint64_t clock;
    size_t words; /* held in all */
};

enum err cache_open(struct cache **out)
{
    struct cache *c = calloc(1, sizeof(*c));

    if (!c)
        return WS_NOMEM;
    *out = c;
    return WS_OK;
}

static void forget(struct cache *c, struct entry *e)
{
    free(e->words);
    c->words -= e->count;
    memset(e, 0, sizeof(*e));
}

void cache_close(struct cache *c)
{
    if (!c)
        return;
    for (size_t s = 0; s < SETS; s++)
        for (size_t w = 0; w < WAYS; w++)
            free(c->sets[s][w].words);
    free(c);
}

enum err cache_key(const struct plane *page, const struct plane_box *box,
                   uint8_t key[CACHE_KEY_BYTES])
{
    OWN(sha256_close)
    struct sha256 *h = NULL;
    int32_t size[2] = {box->width_px, box->height_px};
    enum err e = sha256_open(&h);

    if (e)
        return e;
    sha256_update(h, size, sizeof(size));
    for (int y = 0; y < box->height_px; y++)
        sha256_update(h,
                      page->px +
                          (size_t)(box->y_px + y) * (size_t)page->width_px +
                          box->x_px,
                      (size_t)box->width_px);
    sha256_finish(h, key);
    return WS_OK;
}

void cache_key_at(const struct plane_box *box, uint8_t key[CACHE_KEY_BYTES])
{
    const int32_t place[2] = {box->x_px + 1, box->y_px + 1};
    uint8_t bytes[sizeof(place)];

    memcpy(bytes, place, sizeof(place));
    for (size_t i = 0; i < sizeof(bytes); i++)
        key[i] ^= bytes[i]; /* the rest still names the picture */
}

static struct entry *set_of(struct cache *c, const uint8_t *key)
{
    return c->sets[(key[0] | (key[1] << 8)) % SETS];
}

enum err cache_get(struct cache *c, const uint8_t key[CACHE_KEY_BYTES],
                   struct engine_words *out)
{
    struct entry *set = set_of(c, key);

    for (size_t w = 0; w < WAYS; w++) {
        if (!set[w].used || memcmp(set[w].key, key, CACHE_KEY_BYTES) != 0)
            continue;
        if (out->count + set[w].count > ENGINE_MAX_WORDS)
            return WS_FULL;
        if (set[w].count > 0)
            memcpy(out->list + out->count, set[w].words,
                   sizeof(*set[w].words) * set[w].count);
        out->count += set[w].count;
        set[w].used = ++c->clock;
        return WS_OK;
    }
    return WS_NOTFOUND;
}

/* An empty place of the set, else the one used longest ago. */
static struct entry *place_in(struct cache *c, struct entry *set)
{
    struct entry *oldest = &set[0];

    for (size_t w = 0; w < WAYS; w++)
        if (set[w].used < oldest->used)
            oldest = &set[w];
    if (oldest->used)
        forget(c, oldest);
    return oldest;
}

void cache_put(struct cache *c, const uint8_t key[CACHE_KEY_BYTES],
               const struct engine_word *words, size_t count)
{
    struct engine_word *copy;
    struct entry *e;

    if (c->words + count > CACHE_MAX_WORDS)
        for (size_t s = 0; s < SETS; s++)
            for (size_t w = 0; w < WAYS; w++)
                if (c->sets[s][w].used)
                    forget(c, &c->sets[s][w]);
    copy = malloc(sizeof(*copy) * count + 1);
    if (!copy)
        return;
    if (count > 0)
        memcpy(copy, words, sizeof(*copy) * count);
    e = place_in(c, set_of(c, key));
    memcpy(e->key, key, CACHE_KEY_BYTES);
    e->words = copy;
    e->count = count;
    e->used = ++c->clock;
    c->words += count;
}
