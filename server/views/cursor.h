/* cursor.h - where a list goes on, as an opaque text that nobody can forge.
 *
 * Flow:    a list's last row -> [cursor] -> next_cursor -> ?cursor= -> SQL keys
 * Shapes:  base64url of list, filter, keys and a MAC; the list and its filter
 *          are inside, so a cursor of another query is refused
 * Errors:  WS_INVALID  not ours, of another list or filter, or cut
 * Source:  ui.md section 4 "Paging"
 */
#ifndef SERVER_VIEWS_CURSOR_H
#define SERVER_VIEWS_CURSOR_H

#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

#define CURSOR_KEY_BYTES 32
#define CURSOR_KEYS 2
#define CURSOR_TEXT_BYTES 80 /* with the NUL */

struct cursor {
    uint8_t list;    /* which list: enum of the caller */
    uint64_t filter; /* cursor_filter() of what was asked */
    int64_t keys[CURSOR_KEYS];
};

/* A number that stands for the filters of a query. */
uint64_t cursor_filter(const char *text);

void cursor_write(const struct cursor *c, const uint8_t key[CURSOR_KEY_BYTES],
                  char out[CURSOR_TEXT_BYTES]);

/* Read the keys back; list and filter of `c` say what is expected. */
enum err cursor_read(struct cursor *c, const uint8_t key[CURSOR_KEY_BYTES],
                     const char *text) WS_MUST_CHECK;

#endif
