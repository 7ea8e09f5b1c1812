/* part_header.c - the header lines of one part of a form. */
#include "server/http/part_header.h"

#include <string.h>
#include <strings.h>

/* Read a token or a quoted string at *at into out; false: malformed. A value
 * that is too long leaves *fits false. */
static bool read_value(const char **at, char *out, size_t out_bytes, bool *fits)
{
    const char *p = *at;
    bool quoted = *p == '"';
    size_t n = 0;

    p += quoted;
    while (*p && (quoted ? *p != '"' : !strchr("; \t", *p))) {
        /* Browsers escape a quote as %22; others write \" and \\. A path of
         * an old Windows browser keeps its backslashes. */
        if (quoted && *p == '\\' && (p[1] == '"' || p[1] == '\\'))
            p++;
        if (n + 1 < out_bytes)
            out[n] = *p;
        n++;
        p++;
    }
    if (quoted && *p++ != '"')
        return false;
    *fits = n < out_bytes;
    out[*fits ? n : 0] = '\0';
    *at = p;
    return true;
}

bool part_header_value(const char *parameters, const char *name, char *out,
                       size_t out_bytes)
{
    size_t name_len = strlen(name);
    const char *p = parameters;
    char skipped[2];
    bool fits;

    for (;;) {
        const char *key;
        size_t key_len;

        p += strspn(p, " \t");
        if (*p != ';')
            return false;
        p++;
        p += strspn(p, " \t");
        key = p;
        key_len = strcspn(p, "=; \t");
        p += key_len;
        if (*p != '=')
            continue;
        p++;
        if (key_len == name_len && strncasecmp(key, name, name_len) == 0)
            return read_value(&p, out, out_bytes, &fits) && fits;
        if (!read_value(&p, skipped, sizeof(skipped), &fits))
            return false;
    }
}

static void keep_base_name(char *filename)
{
    const char *base = filename;
    const char *p;

    for (p = filename; *p; p++)
        if (*p == '/' || *p == '\\')
            base = p + 1;
    memmove(filename, base, strlen(base) + 1);
}

static enum err read_disposition(const char *value, struct multipart_part *part)
{
    if (strncasecmp(value, "form-data", 9) != 0)
        return WS_INVALID;
    if (!part_header_value(value + 9, "name", part->name, sizeof(part->name)) ||
        !*part->name)
        return WS_INVALID;
    part->is_file = part_header_value(value + 9, "filename", part->filename,
                                      sizeof(part->filename)) ||
                    strcasestr(value + 9, "filename") != NULL;
    keep_base_name(part->filename);
    return WS_OK;
}

enum err part_header_read(const char *line, struct multipart_part *part)
{
    const char *colon = strchr(line, ':');
    size_t len = colon ? (size_t)(colon - line) : 0;
    const char *value;

    if (len == 0 || strpbrk(line, " \t") == line)
        return WS_INVALID;
    value = colon + 1;
    value += strspn(value, " \t");
    if (len == 19 && strncasecmp(line, "content-disposition", len) == 0)
        return read_disposition(value, part);
    if (len == 12 && strncasecmp(line, "content-type", len) == 0) {
        size_t n = strcspn(value, "; \t");

        if (n >= sizeof(part->content_type))
            return WS_INVALID;
        memcpy(part->content_type, value, n);
        part->content_type[n] = '\0';
        return WS_OK;
    }
    if (len == 25 && strncasecmp(line, "content-transfer-encoding", len) == 0 &&
        strcasecmp(value, "binary") != 0 && strcasecmp(value, "8bit") != 0 &&
        strcasecmp(value, "7bit") != 0)
        return WS_INVALID;
    return WS_OK;
}
