/* fuzz_json.c - any bytes as JSON: read or refused with a reason, and what is
 * read says the same after it was printed and read again. */
#include "core/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN(json_free)
    struct json *doc = NULL;
    OWN(json_free)
    struct json *again = NULL;
    OWN_BUF struct buf text = BUF_EMPTY;
    struct json_error why = {.message = ""};
    enum err e = json_parse((const char *)data, size, &doc, &why);

    if (e == WS_INVALID && (!why.message[0] || why.offset > size))
        abort(); /* refused without a word, or at a place that is not there */
    if (e)
        return 0;
    json_print(doc, &text);
    if (buf_check(&text))
        return 0;
    if (json_parse(text.data, text.len, &again, NULL) ||
        !json_equal(doc, again))
        abort();
    return 0;
}
