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

/* What a field takes, in words: "a number from 0 to 100". */
static void describe(const struct wire_field *f, char *out, size_t bytes)
{
    const char *const *c = f->choices;
    size_t used;

    switch (f->kind) {
    case WIRE_INT:
    case WIRE_NUMBER:
        snprintf(out, bytes, "a %s from %.17g to %.17g",
                 f->kind == WIRE_INT ? "whole number" : "number", f->min,
                 f->max);
        break;
    case WIRE_BOOL:
        snprintf(out, bytes, "true or false");
        break;
    case WIRE_OBJECT:
        snprintf(out, bytes, "an object");
        break;
    case WIRE_ARRAY:
        snprintf(out, bytes, "an array of at most %.0f elements", f->max);
        break;
    case WIRE_HEX:
        snprintf(out, bytes, "%zu lowercase hex digits", f->max_len);
        break;
    case WIRE_TIME:
        snprintf(out, bytes, "ISO 8601 like 2026-02-10T16:19:56.123456+00:00");
        break;
    case WIRE_ENUM:
        used = (size_t)snprintf(out, bytes, "one of %s", *c);
        while (*++c && used < bytes)
            used += (size_t)snprintf(out + used, bytes - used, ", %s", *c);
        break;
    default:
        snprintf(out, bytes, "a text of at most %zu characters%s", f->max_len,
                 f->kind == WIRE_TEXT_OR_NUMBER ? ", or a number" : "");
        break;
    }
}

/* One sentence of each problem: the field, what it is, what it must be. */
static void field_problem(struct wire_problems *to, const struct wire_field *f,
                          const char *fmt, ...) WS_PRINTF(3, 4);

static void field_problem(struct wire_problems *to, const struct wire_field *f,
                          const char *fmt, ...)
{
    char pointer[96], is[80], wanted[128];
    va_list args;

    snprintf(pointer, sizeof pointer, "/%s", f->name);
    va_start(args, fmt);
    vsnprintf(is, sizeof is, fmt, args);
    va_end(args);
    describe(f, wanted, sizeof wanted);
    wire_problem(to, pointer, "%s %s, must be %s", f->name, is, wanted);
}

void wire_missing(const struct wire_field *f, struct wire_problems *problems)
{
    field_problem(problems, f, "is missing");
}

static void check_length(const struct wire_field *f, const char *text,
                         struct wire_problems *to)
{
    size_t n = strlen(text); /* characters are no more than bytes */

    if (n > f->max_len)
        n = utf8_count(text);
    if (n > f->max_len)
        field_problem(to, f, "is \"%.12s...\" of %zu characters", text, n);
}

static void check_hex(const struct wire_field *f, const char *text,
                      struct wire_problems *to)
{
    if (strlen(text) != f->max_len ||
        strspn(text, "0123456789abcdef") != f->max_len)
        field_problem(to, f, "is \"%.24s\"", text);
}

static void check_choice(const struct wire_field *f, const char *text,
                         struct wire_problems *to)
{
    for (const char *const *c = f->choices; *c; c++)
        if (strcmp(*c, text) == 0)
            return;
    field_problem(to, f, "is \"%.24s\"", text);
}

static void check_number(const struct wire_field *f, double v,
                         struct wire_problems *to)
{
    if ((f->kind == WIRE_INT && v != floor(v)) || !(v >= f->min && v <= f->max))
        field_problem(to, f, "is %.17g", v);
}

static void check_time(const struct wire_field *f, const char *text,
                       struct wire_problems *to)
{
    int64_t ns;

    if (clock_parse_iso(text, strlen(text), &ns))
        field_problem(to, f, "is \"%.40s\"", text);
}

static void check_array(const struct wire_field *f, const struct json *v,
                        struct wire_problems *to)
{
    size_t n = json_count(v);

    if ((double)n > f->max)
        field_problem(to, f, "has %zu elements", n);
}

/* Is the value of the JSON kind that the field's kind asks for? */
static bool kind_fits(const struct wire_field *f, enum json_kind kind,
                      bool layer1)
{
    switch (f->kind) {
    case WIRE_INT:
    case WIRE_NUMBER:
        return kind == JSON_NUMBER ||
               (kind == JSON_TEXT && layer1 && (f->flags & WIRE_NUMERIC_TEXT));
    case WIRE_BOOL:
        return kind == JSON_BOOL;
    case WIRE_OBJECT:
        return kind == JSON_OBJECT;
    case WIRE_ARRAY:
        return kind == JSON_ARRAY;
    case WIRE_TEXT_OR_NUMBER:
        return kind == JSON_TEXT || kind == JSON_NUMBER;
    default:
        return kind == JSON_TEXT;
    }
}

static void wrong_kind(const struct wire_field *f, const struct json *v,
                       struct wire_problems *to)
{
    OWN_BUF struct buf value = BUF_EMPTY;

    json_print(v, &value);
    field_problem(to, f, "is %.24s%s", buf_text(&value),
                  value.len > 24 ? "..." : "");
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
    if (layer1 && (f->flags & WIRE_LAYER2))
        return;
    if (!v) {
        if (f->flags & WIRE_REQUIRED)
            wire_missing(f, to);
        return;
    }
    if (json_kind(v) == JSON_NULL && (f->flags & WIRE_NULLABLE))
        return;
    if (!kind_fits(f, json_kind(v), layer1))
        wrong_kind(f, v, to);
    else if (f->kind == WIRE_ARRAY)
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
            field_problem(problems, f, "is \"%.24s\"", text);
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
