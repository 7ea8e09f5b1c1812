#include "core/wire.h"

#include "core/clock.h"
#include "core/sha256.h"
#include "core/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *wire_item_name(enum wire_item_kind kind)
{
    return wire_items[kind].name;
}

const struct wire_message *wire_item_message(enum wire_item_kind kind)
{
    return wire_items[kind].message;
}

enum err wire_item_kind(const char *name, enum wire_item_kind *out)
{
    for (enum wire_item_kind k = 0; k < WIRE_ITEM_KINDS; k++)
        if (strcmp(wire_items[k].name, name) == 0) {
            *out = k;
            return WS_OK;
        }
    return WS_NOTFOUND;
}

void wire_problem(struct wire_problems *to, const char *pointer,
                  const char *fmt, ...)
{
    struct wire_problem *p;
    va_list args;

    if (to->count == WIRE_MAX_PROBLEMS)
        return;
    p = &to->list[to->count++];
    snprintf(p->pointer, sizeof p->pointer, "%s", pointer);
    va_start(args, fmt);
    vsnprintf(p->detail, sizeof p->detail, fmt, args);
    va_end(args);
}

static void field_problem(struct wire_problems *to, const struct wire_field *f,
                          const char *fmt, ...) WS_PRINTF(3, 4);

static void field_problem(struct wire_problems *to, const struct wire_field *f,
                          const char *fmt, ...)
{
    char pointer[96], detail[160];
    va_list args;

    snprintf(pointer, sizeof pointer, "/%s", f->name);
    va_start(args, fmt);
    vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    wire_problem(to, pointer, "%s %s", f->name, detail);
}

static void check_length(const struct wire_field *f, const char *text,
                         struct wire_problems *to)
{
    size_t n = utf8_count(text);

    if (n > f->max_len)
        field_problem(to, f, "has %zu characters, at most %zu are taken", n,
                      f->max_len);
}

static void check_hex(const struct wire_field *f, const char *text,
                      struct wire_problems *to)
{
    if (strlen(text) != f->max_len ||
        strspn(text, "0123456789abcdef") != f->max_len)
        field_problem(to, f, "must be %zu lowercase hex digits", f->max_len);
}

static void check_choice(const struct wire_field *f, const char *text,
                         struct wire_problems *to)
{
    char known[128] = "";
    size_t used = 0;

    for (const char *const *c = f->choices; *c; c++) {
        if (strcmp(*c, text) == 0)
            return;
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s",
                                 used ? ", " : "", *c);
        if (used >= sizeof known)
            break;
    }
    field_problem(to, f, "is \"%.24s\", must be one of %s", text, known);
}

static void check_number(const struct wire_field *f, double v,
                         struct wire_problems *to)
{
    if (f->kind == WIRE_INT && v != floor(v))
        field_problem(to, f, "is %.6g, must be a whole number", v);
    else if (!(v >= f->min && v <= f->max))
        field_problem(to, f, "is %.17g, must be from %.17g to %.17g", v, f->min,
                      f->max);
}

static void check_time(const struct wire_field *f, const char *text,
                       struct wire_problems *to)
{
    int64_t ns;

    if (clock_parse_iso(text, strlen(text), &ns))
        field_problem(to, f,
                      "is \"%.40s\", must be ISO 8601 like "
                      "2026-02-10T16:19:56.123456+00:00",
                      text);
}

static void check_array(const struct wire_field *f, const struct json *v,
                        struct wire_problems *to)
{
    size_t n = json_count(v);

    if ((double)n > f->max)
        field_problem(to, f, "has %zu elements, at most %.0f are taken", n,
                      f->max);
}

/* The JSON kind that a field's kind asks for, and its word. */
static bool kind_fits(const struct wire_field *f, enum json_kind kind,
                      bool layer1, const char **word)
{
    switch (f->kind) {
    case WIRE_INT:
    case WIRE_NUMBER:
        *word = "a number";
        return kind == JSON_NUMBER ||
               (kind == JSON_TEXT && layer1 && (f->flags & WIRE_NUMERIC_TEXT));
    case WIRE_BOOL:
        *word = "true or false";
        return kind == JSON_BOOL;
    case WIRE_OBJECT:
        *word = "an object";
        return kind == JSON_OBJECT;
    case WIRE_ARRAY:
        *word = "an array";
        return kind == JSON_ARRAY;
    case WIRE_TEXT_OR_NUMBER:
        *word = "a text or a number";
        return kind == JSON_TEXT || kind == JSON_NUMBER;
    default:
        *word = "a text";
        return kind == JSON_TEXT;
    }
}

#define DIGITS "0123456789"
#define BLANKS " \t\r\n"

/* A decimal number and nothing else: strtod() would take 0x10, inf and nan,
 * and a reader of whole numbers would make 1 of 1e3. */
static bool read_number(const char *text, bool whole, double *out)
{
    const char *at = text + strspn(text, BLANKS);
    size_t before, after = 0;
    char *end;

    at += *at == '-' || *at == '+';
    before = strspn(at, DIGITS);
    at += before;
    if (!whole && *at == '.') {
        after = strspn(at + 1, DIGITS);
        at += 1 + after;
    }
    if (before + after == 0)
        return false;
    if (!whole && (*at == 'e' || *at == 'E')) {
        at += at[1] == '-' || at[1] == '+' ? 2 : 1;
        if (strspn(at, DIGITS) == 0)
            return false;
        at += strspn(at, DIGITS);
    }
    at += strspn(at, BLANKS);
    if (*at)
        return false;
    *out = strtod(text, &end);
    return true;
}

double wire_number(const struct json *v, double fallback)
{
    const char *text = json_text(v, NULL);
    double number;

    if (!text)
        return json_number(v, fallback);
    return read_number(text, false, &number) ? number : fallback;
}

static void check_field(const struct wire_field *f, const struct json *v,
                        bool layer1, struct wire_problems *to)
{
    const char *word;

    if (layer1 && (f->flags & WIRE_LAYER2))
        return;
    if (!v) {
        if (f->flags & WIRE_REQUIRED)
            field_problem(to, f, "is missing");
        return;
    }
    if (json_kind(v) == JSON_NULL && (f->flags & WIRE_NULLABLE))
        return;
    if (!kind_fits(f, json_kind(v), layer1, &word)) {
        field_problem(to, f, "must be %s", word);
        return;
    }
    if (f->kind == WIRE_ARRAY)
        check_array(f, v, to);
    else if (json_kind(v) == JSON_TEXT)
        wire_check_text(f, json_text(v, ""), to);
    else if (f->kind == WIRE_INT || f->kind == WIRE_NUMBER)
        check_number(f, json_number(v, 0), to);
}

void wire_check_text(const struct wire_field *f, const char *text,
                     struct wire_problems *problems)
{
    double v;

    switch (f->kind) {
    case WIRE_HEX:
        check_hex(f, text, problems);
        break;
    case WIRE_ENUM:
        check_choice(f, text, problems);
        break;
    case WIRE_TIME:
        check_time(f, text, problems);
        break;
    case WIRE_INT:
    case WIRE_NUMBER:
        if (!read_number(text, f->kind == WIRE_INT, &v))
            field_problem(problems, f,
                          "is \"%.24s\", must be a %s from %.17g "
                          "to %.17g",
                          text, f->kind == WIRE_INT ? "whole number" : "number",
                          f->min, f->max);
        else
            check_number(f, v, problems);
        break;
    default:
        check_length(f, text, problems);
    }
}

static enum err check(const struct wire_message *m, const struct json *doc,
                      bool layer1, struct wire_problems *problems)
{
    size_t before = problems->count;

    if (json_kind(doc) != JSON_OBJECT) {
        wire_problem(problems, "", "the body must be a JSON object");
        return WS_INVALID;
    }
    for (size_t i = 0; i < m->count; i++)
        check_field(&m->fields[i], json_get(doc, m->fields[i].name), layer1,
                    problems);
    return problems->count == before ? WS_OK : WS_INVALID;
}

enum err wire_check(const struct wire_message *m, const struct json *doc,
                    struct wire_problems *problems)
{
    return check(m, doc, false, problems);
}

enum err wire_check_layer1(const struct wire_message *m, const struct json *doc,
                           struct wire_problems *problems)
{
    return check(m, doc, true, problems);
}

void wire_item_key(const char *session_uid, uint64_t seq, char out[65])
{
    char text[96];
    int n = snprintf(text, sizeof text, "%s/%llu", session_uid,
                     (unsigned long long)seq);

    sha256_hash_hex(text, (size_t)n, out);
}

enum err wire_check_key(const char *key)
{
    size_t n = 0;

    for (; key[n]; n++)
        if (key[n] < 0x21 || key[n] > 0x7e || n == 255)
            return WS_INVALID;
    return n > 0 ? WS_OK : WS_INVALID;
}
