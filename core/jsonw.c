#include "core/jsonw.h"

#include "core/clock.h"
#include "core/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void jsonw_init(struct jsonw *w, struct buf *out)
{
    w->out = out;
    w->comma = false;
}

static bool plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void quoted(struct buf *out, const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t i = 0;

    buf_append_byte(out, '"');
    while (i < len) {
        size_t run = i, n;

        while (run < len && plain(s[run]))
            run++;
        buf_append(out, s + i, run - i);
        i = run;
        if (i == len)
            break;
        if (s[i] == '"' || s[i] == '\\') {
            buf_append_byte(out, '\\');
            buf_append_byte(out, (char)s[i++]);
        } else if (s[i] == '\n') {
            buf_append_text(out, "\\n");
            i++;
        } else if (s[i] < 0x20 || s[i] == 0x7f) {
            buf_printf(out, "\\u%04x", s[i++]);
        } else if ((n = utf8_sequence(text + i, len - i)) > 0) {
            buf_append(out, s + i, n);
            i += n;
        } else {
            buf_append_text(out, "\xef\xbf\xbd");
            i++;
        }
    }
    buf_append_byte(out, '"');
}

static void begin(struct jsonw *w, const char *key)
{
    if (w->comma)
        buf_append_byte(w->out, ',');
    w->comma = true;
    if (key) {
        quoted(w->out, key, strlen(key));
        buf_append_byte(w->out, ':');
    }
}

static void open_with(struct jsonw *w, const char *key, char c)
{
    begin(w, key);
    buf_append_byte(w->out, c);
    w->comma = false;
}

static void close_with(struct jsonw *w, char c)
{
    buf_append_byte(w->out, c);
    w->comma = true;
}

void jsonw_object(struct jsonw *w, const char *key)
{
    open_with(w, key, '{');
}

void jsonw_object_end(struct jsonw *w)
{
    close_with(w, '}');
}

void jsonw_array(struct jsonw *w, const char *key)
{
    open_with(w, key, '[');
}

void jsonw_array_end(struct jsonw *w)
{
    close_with(w, ']');
}

void jsonw_text_len(struct jsonw *w, const char *key, const char *v, size_t len)
{
    begin(w, key);
    quoted(w->out, v, len);
}

void jsonw_text(struct jsonw *w, const char *key, const char *v)
{
    if (v)
        jsonw_text_len(w, key, v, strlen(v));
    else
        jsonw_null(w, key);
}

void jsonw_int(struct jsonw *w, const char *key, int64_t v)
{
    begin(w, key);
    buf_printf(w->out, "%lld", (long long)v);
}

void jsonw_number(struct jsonw *w, const char *key, double v)
{
    char text[32];

    if (!isfinite(v)) {
        jsonw_null(w, key);
        return;
    }
    begin(w, key);
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, v);
        if (strtod(text, NULL) == v)
            break;
    }
    buf_append_text(w->out, text);
}

void jsonw_bool(struct jsonw *w, const char *key, bool v)
{
    begin(w, key);
    buf_append_text(w->out, v ? "true" : "false");
}

void jsonw_null(struct jsonw *w, const char *key)
{
    begin(w, key);
    buf_append_text(w->out, "null");
}

void jsonw_time(struct jsonw *w, const char *key, int64_t wall_ns)
{
    char text[CLOCK_ISO_BYTES];

    if (wall_ns == 0) {
        jsonw_null(w, key);
        return;
    }
    clock_format_iso(wall_ns, text);
    jsonw_text(w, key, text);
}

void jsonw_raw(struct jsonw *w, const char *key, const char *json, size_t len)
{
    begin(w, key);
    buf_append(w->out, json, len);
}
