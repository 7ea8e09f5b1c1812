/* fuzz_query.c - any bytes where a browser sends names, values and places: the
 * query, the cookies, a list's cursor, the id that a stream goes on from.
 *
 * Shapes:  the first byte picks which; the rest is the text, without NUL
 */
#include "core/buf.h"
#include "server/http/pairs.h"
#include "server/views/cursor.h"
#include "server/views/live_hint.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t key[CURSOR_KEY_BYTES] = {1, 2, 3};

static void read_pairs(bool query, const char *text, size_t len)
{
    OWN(pairs_close)
    struct pairs *p = NULL;
    const char *name;
    size_t n = 0;
    enum err e = query ? pairs_open_query(&p, text, len)
                       : pairs_open_cookies(&p, text, len);

    if (e)
        return;
    for (; (name = pairs_name(p, n)) != NULL; n++)
        if (!pairs_get(p, name) || strlen(name) > len)
            abort();
    if (n > PAIRS_MAX)
        abort();
}

/* Nobody has the key, so whatever is taken is what was written. */
static void read_cursor(const char *text)
{
    char again[CURSOR_TEXT_BYTES];
    struct cursor c = {.list = 1, .filter = cursor_filter("")};

    if (cursor_read(&c, key, text))
        return;
    cursor_write(&c, key, again);
    if (strcmp(again, text) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    uint64_t id;

    if (size < 1)
        return 0;
    buf_append(&text, data + 1, size - 1);
    switch (data[0] % 4) {
    case 0:
        read_pairs(true, buf_text(&text), text.len);
        break;
    case 1:
        read_pairs(false, buf_text(&text), text.len);
        break;
    case 2:
        read_cursor(buf_text(&text));
        break;
    default:
        if (live_hint_read_id(buf_text(&text), "5f3a", &id) == WS_OK &&
            strtoull(buf_text(&text) + strlen("5f3a-"), NULL, 10) != id)
            abort();
    }
    return 0;
}
