#include "core/conf.h"

#include "core/conf_ini.h"
#include "core/conf_parse.h"
#include "core/io.h"
#include "core/nearest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1 << 20)
#define SHOWN_BYTES 81

struct conf {
    const struct conf_schema *schema;
    char *values; /* the caller's struct */
    enum conf_origin *origins;
    struct buf mistakes; /* one a line */
};

static bool is_text(enum conf_kind kind)
{
    return kind <= CONF_CIDRS;
}

static void *place(const struct conf *c, const struct conf_key *key)
{
    return c->values + key->offset;
}

const struct conf_key *conf_find(const struct conf_schema *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++) {
        const char *a = s->keys[i].name, *b = name;

        for (; *a && *b && (*a == *b || (*a == '_' && *b == '-')); a++, b++)
            ;
        if (!*a && !*b)
            return &s->keys[i];
    }
    return NULL;
}

static void store(struct conf *c, const struct conf_key *key,
                  const union conf_parsed *v, enum conf_origin origin)
{
    void *to = place(c, key);

    if (is_text(key->kind)) {
        free(*(char **)to);
        *(char **)to = v->text;
    } else if (key->kind == CONF_BOOL) {
        *(bool *)to = v->boolean;
    } else if (key->kind == CONF_NUMBER) {
        *(double *)to = v->number;
    } else {
        *(int64_t *)to = v->integer;
    }
    c->origins[key - c->schema->keys] = origin;
}

static void unknown(struct conf *c, const char *name, const char *where)
{
    struct nearest near = nearest_begin(name);

    for (size_t i = 0; i < c->schema->count; i++)
        nearest_offer(&near, c->schema->keys[i].name);
    buf_printf(&c->mistakes, "%s: there is no setting \"%s\"", where, name);
    if (near.best)
        buf_printf(&c->mistakes, "; did you mean \"%s\"?", near.best);
    buf_append_byte(&c->mistakes, '\n');
}

/* The start of a value as a message may show it: never a secret, nor what a
 * terminal would obey. */
static const char *shown(const struct conf_key *key, const char *value,
                         char start[SHOWN_BYTES])
{
    snprintf(start, SHOWN_BYTES, "%s",
             key->flags & CONF_SECRET ? "(secret)" : value);
    for (char *c = start; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return start;
}

enum err conf_set(struct conf *c, const char *name, const char *value,
                  enum conf_origin origin, const char *where)
{
    const struct conf_key *key = conf_find(c->schema, name);
    OWN_BUF struct buf why = BUF_EMPTY;
    union conf_parsed v = {0};
    char start[SHOWN_BYTES];
    enum err e;

    if (!key) {
        unknown(c, name, where);
        return WS_INVALID;
    }
    e = conf_parse_value(key, value, &v, &why);
    if (e == WS_INVALID)
        buf_printf(&c->mistakes, "%s: %s is \"%s\": it %s\n", where, key->name,
                   shown(key, value, start), buf_text(&why));
    if (e)
        return e;
    store(c, key, &v, origin);
    return WS_OK;
}

enum err conf_open(struct conf **out, const struct conf_schema *schema,
                   void *values)
{
    OWN(conf_close)
    struct conf *c = calloc(1, sizeof *c);
    enum err e;

    *out = NULL;
    if (!c)
        return WS_NOMEM;
    c->schema = schema;
    c->values = values;
    c->origins = calloc(schema->count, sizeof *c->origins);
    if (!c->origins)
        return WS_NOMEM;
    for (size_t i = 0; i < schema->count; i++)
        if (is_text(schema->keys[i].kind))
            *(char **)place(c, &schema->keys[i]) = NULL;
    for (size_t i = 0; i < schema->count; i++) {
        const struct conf_key *key = &schema->keys[i];

        e = conf_set(c, key->name, key->initial ? key->initial : "",
                     CONF_DEFAULT, "default");
        if (e)
            return e; /* a default out of its own bounds: our bug */
    }
    *out = TAKE(c);
    return WS_OK;
}

void conf_close(struct conf *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->schema->count; i++) {
        char **text = place(c, &c->schema->keys[i]);

        if (is_text(c->schema->keys[i].kind)) {
            free(*text);
            *text = NULL;
        }
    }
    free(c->origins);
    buf_fini(&c->mistakes);
    free(c);
}

/* One entry of a file; `lines` has the line of each key's first one. */
static enum err from_entry(struct conf *c, const char *path,
                           const struct conf_ini *r, int *lines)
{
    const struct conf_key *key = conf_find(c->schema, r->name);
    char where[512], start[SHOWN_BYTES];

    snprintf(where, sizeof where, "%.480s:%d", path, r->line);
    if (key && lines[key - c->schema->keys]) {
        buf_printf(&c->mistakes,
                   "%s: %s is \"%s\": line %d sets it already; keep one\n",
                   where, key->name, shown(key, r->value, start),
                   lines[key - c->schema->keys]);
        return WS_INVALID;
    }
    if (key)
        lines[key - c->schema->keys] = r->line;
    return conf_set(c, r->name, r->value, CONF_FILE, where);
}

static enum err unreadable(struct conf *c, const char *path, enum err e)
{
    buf_printf(&c->mistakes, "%s: %s\n", path,
               e == WS_FULL     ? "is larger than 1MiB: no settings file is"
               : e == WS_DENIED ? "this user may not read it"
                                : "cannot be read: give an INI file");
    return WS_INVALID;
}

enum err conf_load_file(struct conf *c, const char *path)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    OWN_FREE int *lines = calloc(c->schema->count, sizeof *lines);
    struct conf_ini r = {0};
    enum conf_ini_line found;
    enum err e = lines ? io_read_file(path, FILE_MAX_BYTES, &text) : WS_NOMEM;

    if (e == WS_NOTFOUND || e == WS_NOMEM)
        return e;
    if (e)
        return unreadable(c, path, e);
    if (memchr(buf_text(&text), '\0', text.len)) {
        buf_printf(&c->mistakes, "%s: holds a byte 0: it is no text\n", path);
        return WS_INVALID;
    }
    r.rest = text.data;
    /* A mistake is in the list: go on, so that one run shows them all. */
    while (r.rest && (found = conf_ini_next(&r)) != CONF_INI_END) {
        enum err bad = WS_INVALID;

        if (found == CONF_INI_ENTRY)
            bad = from_entry(c, path, &r, lines);
        else
            buf_printf(&c->mistakes, "%s:%d: is not \"name = value\"\n", path,
                       r.line);
        if (bad)
            e = bad;
    }
    return e;
}

static enum err from_secret_file(struct conf *c, const char *name,
                                 const char *path, const char *where)
{
    OWN_BUF struct buf text = BUF_EMPTY;

    if (io_read_file(path, 4096, &text)) {
        buf_printf(&c->mistakes, "%s: cannot read the file \"%s\"\n", where,
                   path);
        return WS_INVALID;
    }
    while (text.len > 0 && strchr("\r\n", text.data[text.len - 1]))
        text.data[--text.len] = '\0';
    return conf_set(c, name, buf_text(&text), CONF_ENV, where);
}

static enum err from_variable(struct conf *c, const char *variable)
{
    size_t prefix = strlen(c->schema->env_prefix);
    const char *equals = strchr(variable, '=');
    OWN_FREE char *where = NULL, *name = NULL;
    const struct conf_key *key;
    size_t n;

    if (!equals || strncmp(variable, c->schema->env_prefix, prefix) != 0)
        return WS_OK;
    where = strndup(variable, (size_t)(equals - variable));
    name = where ? strdup(where + prefix) : NULL;
    if (!name)
        return WS_NOMEM;
    for (char *at = name; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    if (strcmp(name, "config") == 0) /* read by cli: the file's own path */
        return WS_OK;
    n = strlen(name);
    if (n > 5 && strcmp(name + n - 5, "_file") == 0 &&
        !conf_find(c->schema, name)) {
        name[n - 5] = '\0';
        key = conf_find(c->schema, name);
        if (key && (key->flags & CONF_SECRET))
            return from_secret_file(c, name, equals + 1, where);
        name[n - 5] = '_';
    }
    return conf_set(c, name, equals + 1, CONF_ENV, where);
}

enum err conf_load_env(struct conf *c, char **environment)
{
    enum err worst = WS_OK;

    for (; *environment; environment++) {
        enum err e = from_variable(c, *environment);

        if (e)
            worst = e;
    }
    return worst;
}

enum err conf_check(struct conf *c, FILE *messages)
{
    if (c->mistakes.len == 0)
        return WS_OK;
    fputs(buf_text(&c->mistakes), messages);
    return WS_INVALID;
}

enum conf_origin conf_origin(const struct conf *c, const char *name)
{
    const struct conf_key *key = conf_find(c->schema, name);

    return key ? c->origins[key - c->schema->keys] : CONF_DEFAULT;
}

void conf_value(const struct conf *c, const struct conf_key *key, char *out,
                size_t out_bytes)
{
    const void *at = place(c, key);

    if (is_text(key->kind)) {
        const char *text = *(char *const *)at;

        if (key->flags & CONF_SECRET)
            text = text && *text ? "(secret)" : "";
        snprintf(out, out_bytes, "%s", text ? text : "");
    } else if (key->kind == CONF_BOOL) {
        snprintf(out, out_bytes, "%s", *(const bool *)at ? "on" : "off");
    } else if (key->kind == CONF_NUMBER) {
        snprintf(out, out_bytes, "%g", *(const double *)at);
    } else if (key->kind == CONF_ENUM) {
        snprintf(out, out_bytes, "%s", key->choices[*(const int64_t *)at]);
    } else {
        conf_parse_print(key->kind, *(const int64_t *)at, out, out_bytes);
    }
}

static void print_choices(const struct conf_key *key, FILE *to)
{
    char bounds[80];

    if (key->kind == CONF_ENUM)
        for (size_t i = 0; key->choices[i]; i++)
            fprintf(to, "%s%s", i ? ", " : "; one of ", key->choices[i]);
    conf_parse_bounds(key, bounds, sizeof bounds);
    if (is_text(key->kind) && key->max)
        fprintf(to, "; at most %lld characters", (long long)key->max);
    else if (*bounds)
        fprintf(to, "; %s", bounds);
}

void conf_print_help(const struct conf_schema *s, FILE *to)
{
    static const char *const values[] = {
        [CONF_TEXT] = "TEXT",         [CONF_PATH] = "PATH",
        [CONF_URL] = "URL",           [CONF_LISTEN] = "HOST:PORT",
        [CONF_CIDRS] = "CIDR,...",    [CONF_INT] = "N",
        [CONF_NUMBER] = "X",          [CONF_BOOL] = "on|off",
        [CONF_DURATION] = "DURATION", [CONF_SIZE] = "SIZE",
        [CONF_ENUM] = "WORD",
    };

    for (size_t i = 0; i < s->count; i++) {
        const struct conf_key *key = &s->keys[i];
        char flag[64];

        snprintf(flag, sizeof flag, "--%s %s", key->name, values[key->kind]);
        for (char *at = flag; *at && *at != ' '; at++)
            if (*at == '_')
                *at = '-';
        fprintf(to, "  %-32s %s", flag, key->doc);
        print_choices(key, to);
        if (key->initial && *key->initial)
            fprintf(to, " (default %s)", key->initial);
        fputc('\n', to);
    }
}

void conf_print_sample(const struct conf_schema *s, FILE *to)
{
    fprintf(to,
            "# Settings of worksight-%s. Each line shows a default; take the\n"
            "# # away to change it. %s<NAME> in the environment\n"
            "# and --name on the command line win over this file.\n",
            s->program, s->env_prefix);
    for (size_t i = 0; i < s->count; i++) {
        fprintf(to, "\n# %s", s->keys[i].doc);
        print_choices(&s->keys[i], to);
        fprintf(to, "\n#%s = %s\n", s->keys[i].name,
                s->keys[i].initial ? s->keys[i].initial : "");
    }
}
