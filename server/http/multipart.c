/* multipart.c - the delimiter is found without looking back.
 *
 * The delimiter is CRLF "--" boundary, and a boundary has no CR: so when a
 * match breaks off, no later match can have begun inside it, and the bytes
 * matched so far are known (they are the delimiter's own beginning). That is
 * why nothing of the data is kept between two feeds. The first delimiter
 * stands at the start of the body, without its CRLF: matching begins at 2.
 */
#include "server/http/multipart.h"

#include "server/http/part_header.h"

#include <string.h>
#include <strings.h>

#define DELIMITER_MAX (4 + MULTIPART_MAX_BOUNDARY)

enum state {
    PREAMBLE, /* before the first delimiter; thrown away */
    AFTER,    /* behind a delimiter: CRLF (a part) or "--" (the end) */
    HEADERS,
    DATA,
    EPILOGUE, /* behind the last delimiter; thrown away */
};

struct multipart {
    const struct multipart_ops *ops;
    void *ctx;
    enum state state;
    char delimiter[DELIMITER_MAX + 1];
    size_t delimiter_len;
    size_t matched; /* bytes of the delimiter */
    char line[MULTIPART_MAX_LINE_BYTES];
    size_t line_len;
    size_t headers, parts;
    struct multipart_part part;
};

enum err multipart_open(struct multipart **out, const char *content_type,
                        const struct multipart_ops *ops, void *ctx)
{
    char boundary[MULTIPART_MAX_BOUNDARY + 1];
    struct multipart *m;

    if (strncasecmp(content_type, "multipart/form-data", 19) != 0 ||
        !part_header_value(content_type + 19, "boundary", boundary,
                           sizeof(boundary)) ||
        !*boundary || strpbrk(boundary, "\r\n"))
        return WS_INVALID;
    m = calloc(1, sizeof(*m));
    if (!m)
        return WS_NOMEM;
    m->ops = ops;
    m->ctx = ctx;
    memcpy(m->delimiter, "\r\n--", 4);
    m->delimiter_len = 4 + strlen(boundary);
    memcpy(m->delimiter + 4, boundary, m->delimiter_len - 4);
    m->matched = 2;
    *out = m;
    return WS_OK;
}

void multipart_close(struct multipart *m)
{
    free(m);
}

static enum err emit(struct multipart *m, const char *data, size_t len)
{
    return m->state == DATA && len ? m->ops->data(m->ctx, data, len) : WS_OK;
}

static enum err delimiter_found(struct multipart *m)
{
    bool in_part = m->state == DATA;

    m->state = AFTER;
    m->matched = 0;
    m->line_len = 0;
    return in_part ? m->ops->end(m->ctx) : WS_OK;
}

/* Data up to the next delimiter; *used bytes were taken. */
static enum err feed_data(struct multipart *m, const char *data, size_t len,
                          size_t *used)
{
    size_t before = m->matched; /* matched bytes that came in earlier feeds */
    size_t i = 0, inside;
    enum err e;

    while (i < len) {
        if (m->matched == 0) {
            const char *cr = memchr(data + i, '\r', len - i);

            i = cr ? (size_t)(cr - data) + 1 : len;
            m->matched = cr ? 1 : 0;
        } else if (data[i] == m->delimiter[m->matched]) {
            i++;
            if (++m->matched < m->delimiter_len)
                continue;
            inside = m->delimiter_len - before;
            *used = i;
            e = emit(m, data, i - inside);
            return e ? e : delimiter_found(m);
        } else {
            m->matched = 0;
            e = emit(m, m->delimiter, before);
            if (e)
                return e;
            before = 0;
        }
    }
    *used = len;
    return emit(m, data, len - (m->matched - before));
}

static enum err line_ended(struct multipart *m)
{
    if (m->line_len == 0) {
        if (!*m->part.name)
            return WS_INVALID;
        m->state = DATA;
        m->matched = 0;
        return m->ops->begin(m->ctx, &m->part);
    }
    if (++m->headers > MULTIPART_MAX_HEADERS)
        return WS_FULL;
    m->line[m->line_len] = '\0';
    m->line_len = 0;
    return part_header_read(m->line, &m->part);
}

/* One byte of a header line. */
static enum err feed_header(struct multipart *m, char byte)
{
    bool cr_before = m->line_len && m->line[m->line_len - 1] == '\r';

    if (byte == '\n') {
        if (!cr_before)
            return WS_INVALID;
        m->line_len--;
        return line_ended(m);
    }
    if (cr_before || byte == '\0')
        return WS_INVALID;
    if (m->line_len + 1 == sizeof(m->line))
        return WS_FULL;
    m->line[m->line_len++] = byte;
    return WS_OK;
}

/* One byte behind a delimiter: blanks, then CRLF; or "--". */
static enum err feed_after(struct multipart *m, char byte)
{
    char last = m->line_len ? m->line[0] : '\0';

    if (!last && (byte == ' ' || byte == '\t'))
        return WS_OK;
    if (!last && (byte == '\r' || byte == '-')) {
        m->line[m->line_len++] = byte;
        return WS_OK;
    }
    m->line_len = 0;
    if (last == '-' && byte == '-') {
        m->state = EPILOGUE;
        return m->parts ? WS_OK : WS_INVALID;
    }
    if (last != '\r' || byte != '\n')
        return WS_INVALID;
    if (++m->parts > MULTIPART_MAX_PARTS)
        return WS_FULL;
    m->state = HEADERS;
    m->headers = 0;
    m->part = (struct multipart_part){0};
    return WS_OK;
}

enum err multipart_feed(struct multipart *m, const char *data, size_t len)
{
    size_t used;
    enum err e = WS_OK;

    while (len && !e && m->state != EPILOGUE) {
        used = 1;
        if (m->state == PREAMBLE || m->state == DATA)
            e = feed_data(m, data, len, &used);
        else if (m->state == HEADERS)
            e = feed_header(m, *data);
        else
            e = feed_after(m, *data);
        data += used;
        len -= used;
    }
    return e;
}

enum err multipart_end(const struct multipart *m)
{
    return m->state == EPILOGUE ? WS_OK : WS_INVALID;
}
