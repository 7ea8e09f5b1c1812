#include "server/views/csv.h"

#include "core/clock.h"

#include <inttypes.h>
#include <string.h>

void csv_init(struct csv *c, struct buf *out)
{
    *c = (struct csv){.out = out};
}

static void begin_cell(struct csv *c)
{
    if (c->begun)
        buf_append_byte(c->out, ',');
    c->begun = true;
}

/* A spreadsheet computes what begins so, after blanks too; the last four are
 * the wide forms of the first four. */
static bool looks_like_formula(const char *text)
{
    static const char *const signs[] = {"=",
                                        "+",
                                        "-",
                                        "@",
                                        "\xef\xbc\x9d",
                                        "\xef\xbc\x8b",
                                        "\xef\xbc\x8d",
                                        "\xef\xbc\xa0"};

    if (*text == '\t' || *text == '\r' || *text == '\n')
        return true;
    text += strspn(text, " \t\r\n");
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strncmp(text, signs[i], strlen(signs[i])) == 0)
            return true;
    return false;
}

void csv_text(struct csv *c, const char *text)
{
    begin_cell(c);
    if (!text)
        return;
    buf_append_byte(c->out, '"');
    if (looks_like_formula(text))
        buf_append_byte(c->out, '\'');
    for (; *text; text++) {
        if (*text == '"')
            buf_append_byte(c->out, '"');
        buf_append_byte(c->out, *text);
    }
    buf_append_byte(c->out, '"');
}

void csv_int(struct csv *c, int64_t v)
{
    begin_cell(c);
    buf_printf(c->out, "%" PRId64, v);
}

void csv_time(struct csv *c, int64_t ns)
{
    char text[CLOCK_ISO_BYTES];

    begin_cell(c);
    if (!ns)
        return;
    clock_format_iso(ns, text);
    buf_append_text(c->out, text);
}

void csv_end_row(struct csv *c)
{
    buf_append_text(c->out, "\r\n");
    c->begun = false;
}
