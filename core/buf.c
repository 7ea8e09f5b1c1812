#include "core/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_BYTES = 256 };

void buf_init(struct buf *b)
{
    *b = BUF_EMPTY;
}

void buf_fini(struct buf *b)
{
    free(b->data);
    *b = BUF_EMPTY;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->data)
        b->data[0] = '\0';
}

enum err buf_reserve(struct buf *b, size_t more_bytes)
{
    size_t need, cap = b->cap ? b->cap : BUF_FIRST_BYTES;
    char *grown;

    if (__builtin_add_overflow(b->len, more_bytes, &need) ||
        __builtin_add_overflow(need, (size_t)1, &need))
        return WS_NOMEM;
    if (need <= b->cap)
        return WS_OK;
    while (cap < need) {
        if (cap > SIZE_MAX / 2)
            return WS_NOMEM;
        cap *= 2;
    }
    grown = realloc(b->data, cap);
    if (!grown)
        return WS_NOMEM;
    grown[b->len] = '\0';
    b->data = grown;
    b->cap = cap;
    return WS_OK;
}

void buf_append(struct buf *b, const void *data, size_t len)
{
    if (b->failed)
        return;
    if (buf_reserve(b, len)) {
        b->failed = true;
        return;
    }
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_append_text(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

void buf_append_byte(struct buf *b, char c)
{
    buf_append(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args, again;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (b->failed || n < 0 || buf_reserve(b, (size_t)n)) {
        b->failed = true;
    } else {
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    }
    va_end(again);
}

enum err buf_check(const struct buf *b)
{
    return b->failed ? WS_NOMEM : WS_OK;
}

const char *buf_text(const struct buf *b)
{
    return b->data ? b->data : "";
}
