/* fuzz_multipart.c - any bytes as a form, cut anywhere: the same parts come
 * out as when fed at once, and nothing else happens.
 *
 * Shapes:  the first byte is the size of a piece; the rest is the body, with
 *          the boundary "XX"
 */
#include "core/buf.h"
#include "server/http/multipart.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err on_begin(void *ctx, const struct multipart_part *p)
{
    buf_printf(ctx, "<%s|%s|%s|%d>", p->name, p->filename, p->content_type,
               p->is_file);
    return WS_OK;
}

static enum err on_data(void *ctx, const char *data, size_t len)
{
    buf_append(ctx, data, len);
    return WS_OK;
}

static enum err on_end(void *ctx)
{
    buf_append_text(ctx, "</>");
    return WS_OK;
}

static const struct multipart_ops ops = {on_begin, on_data, on_end};

static enum err read_form(const char *text, size_t len, size_t piece,
                          struct buf *seen)
{
    struct multipart *m = NULL;
    enum err e =
        multipart_open(&m, "multipart/form-data; boundary=XX", &ops, seen);
    size_t at;

    for (at = 0; !e && at < len; at += piece)
        e = multipart_feed(m, text + at, len - at < piece ? len - at : piece);
    if (!e)
        e = multipart_end(m);
    multipart_close(m);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN_BUF struct buf whole = BUF_EMPTY;
    OWN_BUF struct buf pieces = BUF_EMPTY;
    const char *text = (const char *)data + 1;
    enum err e;

    if (size < 2)
        return 0;
    e = read_form(text, size - 1, size, &whole);
    if (e != read_form(text, size - 1, (size_t)data[0] % 61 + 1, &pieces))
        abort();
    if (whole.len != pieces.len ||
        (whole.len && memcmp(whole.data, pieces.data, whole.len) != 0))
        abort();
    return 0;
}
