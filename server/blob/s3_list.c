/* s3_list.c - ListObjectsV2 and as much of its XML as names like ours need.
 *
 * Our names are of [0-9a-f/], so a key with anything else is not ours and is
 * passed over, and no entity has to be decoded. A token that goes on is opaque:
 * one with an entity in it ends the walk with WS_IO rather than a short list.
 */
#include "server/blob/s3_list.h"

#include "core/clock.h"
#include "core/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_BYTES 2048

/* The text of the next <tag> from a place on; NULL: there is none before the
 * end. */
static const char *text_of(const char *at, const char *end, const char *tag,
                           size_t *len)
{
    char open[40];
    const char *from;

    snprintf(open, sizeof open, "<%s>", tag);
    from = strstr(at, open);
    if (!from || from >= end)
        return NULL;
    from += strlen(open);
    *len = strcspn(from, "<");
    return from;
}

/* The same, copied out; false: it is not there, or does not fit. */
static bool copy_text(const char *at, const char *end, const char *tag,
                      char *out, size_t out_bytes)
{
    size_t len = 0;
    const char *text = text_of(at, end, tag, &len);

    if (!text || len >= out_bytes)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* One <Contents> or <CommonPrefixes>; false: the walk ends. */
static bool meet(const char *at, const char *end, bool folders,
                 int (*each)(void *ctx, const char *name, int64_t put_ns),
                 void *ctx)
{
    char name[BLOB_NAME_BYTES], time[40];
    int64_t put_ns = 0;

    if (!copy_text(at, end, folders ? "Prefix" : "Key", name, sizeof name))
        return true;
    if (folders) {
        name[strcspn(name, "/")] = '\0';
        return each(ctx, name, 0);
    }
    if (!copy_text(at, end, "LastModified", time, sizeof time) ||
        clock_parse_iso(time, strlen(time), &put_ns))
        return true;
    return each(ctx, name, put_ns);
}

static bool meet_all(const char *text, bool folders,
                     int (*each)(void *ctx, const char *name, int64_t put_ns),
                     void *ctx)
{
    const char *open = folders ? "<CommonPrefixes>" : "<Contents>";
    const char *close = folders ? "</CommonPrefixes>" : "</Contents>";

    for (const char *at = text; (at = strstr(at, open));) {
        const char *end = strstr(at, close);

        if (!end)
            return true;
        if (!meet(at, end, folders, each, ctx))
            return false;
        at = end;
    }
    return true;
}

/* The token of the next page; "" after the last one. */
static enum err read_token(const char *text, char token[TOKEN_BYTES])
{
    const char *end = text + strlen(text);
    char more[8];

    *token = '\0';
    if (!copy_text(text, end, "IsTruncated", more, sizeof more)) {
        log_warn("s3_list", "s3: an answer without IsTruncated");
        return WS_IO;
    }
    if (strcmp(more, "true") != 0)
        return WS_OK;
    if (copy_text(text, end, "NextContinuationToken", token, TOKEN_BYTES) &&
        *token && !strchr(token, '&'))
        return WS_OK;
    log_warn("s3_list", "s3: a list goes on with a token that can't be read");
    return WS_IO;
}

static void add_encoded(struct buf *b, const char *text)
{
    for (; *text; text++)
        if (isalnum((unsigned char)*text) || strchr("-_.~", *text))
            buf_append_byte(b, *text);
        else
            buf_printf(b, "%%%02X", (unsigned char)*text);
}

/* Sorted by name, as the signature wants it. */
static void write_query(struct buf *b, const char *token, const char *folder)
{
    buf_clear(b);
    if (*token) {
        buf_append_text(b, "continuation-token=");
        add_encoded(b, token);
        buf_append_byte(b, '&');
    }
    buf_append_text(b, "delimiter=%2F&list-type=2");
    if (folder)
        buf_printf(b, "&prefix=%s%%2F", folder);
}

enum err s3_list_walk(struct s3 *s, const char *folder,
                      int (*each)(void *ctx, const char *name, int64_t put_ns),
                      void *ctx)
{
    OWN_BUF struct buf query = BUF_EMPTY;
    char token[TOKEN_BYTES] = "";
    bool more = true;
    enum err e = WS_OK;

    while (!e && more) {
        struct s3_call c = {.method = "GET", .name = "", .out_fd = -1};

        write_query(&query, token, folder);
        e = buf_check(&query);
        c.query = buf_text(&query);
        if (!e)
            e = s3_call(s, &c);
        if (!e)
            e = read_token(buf_text(&c.text), token);
        if (!e)
            more = meet_all(buf_text(&c.text), !folder, each, ctx) && *token;
        buf_fini(&c.text);
    }
    return e;
}
