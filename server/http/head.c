/* head.c - strict lines first, then http-parser, then what both must mean.
 *
 * The tokenizer accepts a bare LF as the end of a line, folded headers, a
 * repeated Content-Length, and other things that a proxy in front may read in
 * another way. Every byte of the head therefore passes check_lines() before
 * the tokenizer sees it, and what frames the body (Content-Length,
 * Transfer-Encoding) is read here and not taken from the tokenizer.
 */
#include "server/http/head.h"

#include "core/own.h"
#include "server/http/pairs.h"

#include <http_parser.h>
#include <string.h>
#include <strings.h>

#define HEAD_MAX_LENGTH_DIGITS 15

/* Fields whose second occurrence could be read in two ways. */
static const char *const single_fields[] = {
    "authorization", "content-encoding", "content-length",
    "content-type",  "cookie",           "expect",
    "host",          "idempotency-key",  "transfer-encoding",
    "x-csrf-token",  "x-idempotency-key"};

static enum err bad(struct refusal *why, const char *detail)
{
    return refusal_set(why, 400, "bad-request", "%s", detail);
}

enum err head_find_end(const char *bytes, size_t len, size_t max_bytes,
                       size_t *scanned, size_t *head_len, struct refusal *why)
{
    size_t i = *scanned;

    if (len && i == 0 && (bytes[0] < 'A' || bytes[0] > 'Z'))
        return bad(why, "a request begins with its method, like GET; this "
                        "port speaks plain HTTP/1.1");
    for (; i < len && i < max_bytes; i++) {
        const char *lf = memchr(bytes + i, '\n', len - i);

        if (!lf) {
            i = len;
            break;
        }
        i = (size_t)(lf - bytes);
        if (i == 0 || bytes[i - 1] != '\r')
            return bad(why, "a line ends in LF without CR");
        if (i >= 3 && bytes[i - 2] == '\n' && i < max_bytes) {
            *head_len = i + 1;
            return WS_OK;
        }
    }
    *scanned = i;
    if (len < max_bytes)
        return WS_AGAIN;
    if (!memchr(bytes, '\n', max_bytes))
        return refusal_set(why, 414, "uri-too-long",
                           "the request line is over %zu bytes", max_bytes);
    return refusal_set(why, 431, "headers-too-large",
                       "the header fields are over %zu bytes", max_bytes);
}

/* Header lines: a name directly before its colon, no folding, no lone CR. */
static enum err check_lines(const char *bytes, size_t len, struct refusal *why)
{
    const char *end = bytes + len - 2; /* of the last line with text */
    const char *line, *cr;
    bool first = true;

    if (memchr(bytes, '\0', len))
        return bad(why, "a NUL in the head");
    for (line = bytes; line < end; line = cr + 2, first = false) {
        const char *colon;

        cr = memchr(line, '\r', (size_t)(bytes + len - line));
        if (!cr || cr[1] != '\n')
            return bad(why, "a CR that is not followed by LF");
        if (first)
            continue;
        if (*line == ' ' || *line == '\t')
            return bad(why, "a folded header line; send it as one line");
        colon = memchr(line, ':', (size_t)(cr - line));
        if (!colon || colon == line)
            return bad(why, "a header line without a name and a colon");
        if (colon[-1] == ' ' || colon[-1] == '\t')
            return bad(why, "a space before the colon of a header");
    }
    return WS_OK;
}

/* --- http-parser's callbacks: spans of the one buffer --- */

struct spans {
    struct head *h;
    size_t url_at, url_len;
    size_t value_len[HEAD_MAX_FIELDS];
    size_t name_len[HEAD_MAX_FIELDS];
    bool too_many;
};

static int on_url(http_parser *parser, const char *at, size_t len)
{
    struct spans *s = parser->data;

    s->url_at = (size_t)(at - s->h->bytes);
    s->url_len = len;
    return 0;
}

static int on_field(http_parser *parser, const char *at, size_t len)
{
    struct spans *s = parser->data;
    struct head *h = s->h;

    if (h->field_count == HEAD_MAX_FIELDS) {
        s->too_many = true;
        return 1;
    }
    h->fields[h->field_count].name = at;
    h->fields[h->field_count].value = "";
    s->name_len[h->field_count] = len;
    s->value_len[h->field_count] = 0;
    h->field_count++;
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
    struct spans *s = parser->data;
    struct head *h = s->h;

    if (h->field_count == 0)
        return 1;
    if (len == 0) /* `at` is then the next line: keep the literal "" */
        return 0;
    h->fields[h->field_count - 1].value = at;
    s->value_len[h->field_count - 1] = len;
    return 0;
}

/* Stop after the head: bodies are not the tokenizer's business. */
static int on_complete(http_parser *parser)
{
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings tokenizer = {
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_complete,
};

static enum err refuse_tokens(const http_parser *parser, const struct spans *s,
                              struct refusal *why)
{
    enum http_errno code = HTTP_PARSER_ERRNO(parser);

    if (s->too_many)
        return refusal_set(why, 431, "headers-too-large",
                           "more than %d header fields", HEAD_MAX_FIELDS);
    if (code == HPE_INVALID_METHOD)
        return refusal_set(why, 501, "method-unknown",
                           "the method is not one of HTTP/1.1");
    if (code == HPE_INVALID_VERSION)
        return refusal_set(why, 505, "version-unknown",
                           "the version is not HTTP/1.1 or HTTP/1.0");
    return bad(why, http_errno_description(code));
}

/* End the spans with NULs; the bytes there were delimiters. */
static void end_spans(struct head *h, const struct spans *s)
{
    size_t i;

    for (i = 0; i < h->field_count; i++) {
        char *name = (char *)h->fields[i].name;
        char *value = (char *)h->fields[i].value;
        size_t len = s->value_len[i];

        name[s->name_len[i]] = '\0';
        if (*value == '\0')
            continue; /* the literal "" */
        while (len && (value[len - 1] == ' ' || value[len - 1] == '\t'))
            len--;
        value[len] = '\0';
    }
}

static enum err tokenize(struct head *h, size_t len, struct spans *s,
                         struct refusal *why)
{
    http_parser parser;

    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = s;
    http_parser_execute(&parser, &tokenizer, h->bytes, len);
    if (HTTP_PARSER_ERRNO(&parser) != HPE_PAUSED)
        return refuse_tokens(&parser, s, why);
    if (parser.http_major != 1 || parser.http_minor > 1)
        return refusal_set(why, 505, "version-unknown",
                           "HTTP/%d.%d: the version is not HTTP/1.1 or "
                           "HTTP/1.0",
                           parser.http_major, parser.http_minor);
    h->is_1_0 = parser.http_minor == 0;
    h->method = http_method_str((enum http_method)parser.method);
    return WS_OK;
}

/* --- what the fields mean --- */

static bool is_single(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(single_fields) / sizeof(single_fields[0]); i++)
        if (strcasecmp(name, single_fields[i]) == 0)
            return true;
    return false;
}

static enum err check_singles(const struct head *h, struct refusal *why)
{
    size_t i, k;

    for (i = 1; i < h->field_count; i++) {
        if (!is_single(h->fields[i].name))
            continue;
        for (k = 0; k < i; k++)
            if (strcasecmp(h->fields[i].name, h->fields[k].name) == 0)
                return refusal_set(why, 400, "bad-request",
                                   "the header %.40s stands twice",
                                   h->fields[i].name);
    }
    return WS_OK;
}

static enum err read_length(struct head *h, const char *text,
                            struct refusal *why)
{
    size_t len = strlen(text);

    if (len == 0 || strspn(text, "0123456789") != len)
        return bad(why, "Content-Length is not a number");
    if (len > HEAD_MAX_LENGTH_DIGITS)
        return refusal_set(why, 413, "body-too-large",
                           "Content-Length has more than %d digits",
                           HEAD_MAX_LENGTH_DIGITS);
    h->has_length = true;
    h->content_length = strtoll(text, NULL, 10);
    return WS_OK;
}

static enum err read_framing(struct head *h, struct refusal *why)
{
    const char *length = head_get(h, "content-length");
    const char *coding = head_get(h, "transfer-encoding");
    const char *expect = head_get(h, "expect");

    if (length && coding)
        return bad(why, "both Content-Length and Transfer-Encoding");
    if (coding && (h->is_1_0 || strcasecmp(coding, "chunked") != 0))
        return bad(why, "Transfer-Encoding may only be \"chunked\", and only "
                        "in HTTP/1.1");
    h->chunked = coding != NULL;
    if (expect && strcasecmp(expect, "100-continue") != 0)
        return refusal_set(why, 417, "expectation-failed",
                           "the only expectation known is 100-continue");
    h->expects_continue = expect && !h->is_1_0;
    return length ? read_length(h, length, why) : WS_OK;
}

static void read_connection(struct head *h)
{
    const char *connection = head_get(h, "connection");

    if (h->is_1_0)
        h->keep_alive = head_lists(connection, "keep-alive");
    else
        h->keep_alive = !head_lists(connection, "close");
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* The path of "/x?q", "http://host/x?q"; no fragment, no escaped slash. */
static enum err read_target(struct head *h, char *url, struct refusal *why)
{
    static const char any_root[] = "/";
    char *query;

    if (strncasecmp(url, "http://", 7) == 0 ||
        strncasecmp(url, "https://", 8) == 0) {
        url = strchr(url, ':') + 3;
        url += strcspn(url, "/?");
    }
    h->query = "";
    query = strchr(url, '?');
    if (query) {
        *query = '\0';
        h->query = query + 1;
    }
    if (*url == '\0') {
        h->path = any_root;
        return WS_OK;
    }
    if (*url != '/' || strchr(url, '#') || strchr(h->query, '#'))
        return bad(why, "the target is not a path like /x?y=z");
    if (strcasestr(url, "%2f") || strcasestr(url, "%5c") ||
        !pairs_decode(url, false) || has_control(url))
        return bad(why, "the path has a broken escape, or an escaped slash "
                        "or control character");
    h->path = url;
    return WS_OK;
}

enum err head_parse(struct head *h, const char *bytes, size_t len,
                    struct refusal *why)
{
    struct spans s = {.h = h};
    enum err e = check_lines(bytes, len, why);

    if (e)
        return e;
    h->bytes = malloc(len + 1);
    if (!h->bytes)
        return WS_NOMEM;
    memcpy(h->bytes, bytes, len);
    h->bytes[len] = '\0';
    e = tokenize(h, len, &s, why);
    if (e)
        return e;
    end_spans(h, &s);
    h->bytes[s.url_at + s.url_len] = '\0';
    e = check_singles(h, why);
    if (e)
        return e;
    if (!h->is_1_0 && !head_get(h, "host"))
        return bad(why, "HTTP/1.1 without a Host header");
    e = read_framing(h, why);
    if (e)
        return e;
    read_connection(h);
    return read_target(h, h->bytes + s.url_at, why);
}

void head_fini(struct head *h)
{
    free(h->bytes);
    h->bytes = NULL;
    h->field_count = 0;
}

const char *head_get(const struct head *h, const char *name)
{
    size_t i;

    for (i = 0; i < h->field_count; i++)
        if (strcasecmp(h->fields[i].name, name) == 0)
            return h->fields[i].value;
    return NULL;
}

bool head_lists(const char *list, const char *word)
{
    size_t len = strlen(word);

    while (list && *list) {
        size_t n;

        list += strspn(list, " \t,");
        n = strcspn(list, " \t,;");
        if (n == len && strncasecmp(list, word, len) == 0)
            return true;
        list += strcspn(list, ",");
    }
    return false;
}
