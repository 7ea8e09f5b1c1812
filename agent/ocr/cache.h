/* cache.h - the words of line pictures seen before.
 *
 * Flow:    reader -> [cache] -> reader
 * Shapes:  key: SHA-256 of the line's size and pixels; words with boxes
 *          relative to the line
 * Errors:  WS_NOTFOUND  not seen, or put out by newer lines
 * Owns:    entries belong to the cache; at most CACHE_MAX_LINES and
 *          CACHE_MAX_WORDS, the oldest used go first
 * Process: memory only, gone with the process
 */
#ifndef AGENT_OCR_CACHE_H
#define AGENT_OCR_CACHE_H

#include "agent/ocr/engine.h"

#define CACHE_MAX_LINES 4096
#define CACHE_MAX_WORDS 40000
#define CACHE_KEY_BYTES 32

struct cache;

enum err cache_open(struct cache **out) WS_MUST_CHECK;
void cache_close(struct cache *c);
OWN_DEFINE(cache_close, struct cache *)

/* Name the picture inside a box. */
enum err cache_key(const struct plane *page, const struct plane_box *box,
                   uint8_t key[CACHE_KEY_BYTES]) WS_MUST_CHECK;

/* Turn a picture's name into that of the picture at this place of the screen:
 * for readings that are not sure enough to be believed anywhere else. */
void cache_key_at(const struct plane_box *box, uint8_t key[CACHE_KEY_BYTES]);

/* Append the words kept under a key. */
enum err cache_get(struct cache *c, const uint8_t key[CACHE_KEY_BYTES],
                   struct engine_words *out) WS_MUST_CHECK;

/* Keep words (also none) under a key; without memory nothing is kept. */
void cache_put(struct cache *c, const uint8_t key[CACHE_KEY_BYTES],
               const struct engine_word *words, size_t count);

#endif
