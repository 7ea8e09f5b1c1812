#include "core/conf_parse.h"

#include "core/utf8.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* Largest first, so that printing takes the first that divides. */
static const struct unit durations[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
static const struct unit sizes[] = {{"TiB", INT64_C(1) << 40},
                                    {"GiB", 1 << 30},
                                    {"MiB", 1 << 20},
                                    {"KiB", 1 << 10},
                                    {"B", 1}};

enum { CONF_UNITS = 5 };

enum err conf_parse_int(const char *text, int64_t *out)
{
    char *end;
    long long v;

    errno = 0;
    v = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        return WS_INVALID;
    *out = v;
    return WS_OK;
}

static enum err with_unit(const char *text, const struct unit *units,
                          int64_t *out)
{
    char *end;
    double v = strtod(text, &end);

    if (end == text || !isfinite(v) || v < 0)
        return WS_INVALID;
    while (*end == ' ')
        end++;
    if (v == 0 && !*end) {
        *out = 0;
        return WS_OK;
    }
    for (size_t i = 0; i < CONF_UNITS; i++) {
        if (strcasecmp(end, units[i].name) != 0)
            continue;
        v *= (double)units[i].factor;
        if (v > 9e18)
            return WS_INVALID;
        *out = (int64_t)v;
        return WS_OK;
    }
    return WS_INVALID;
}

enum err conf_parse_duration(const char *text, int64_t *ms)
{
    return with_unit(text, durations, ms);
}

enum err conf_parse_size(const char *text, int64_t *bytes)
{
    return with_unit(text, sizes, bytes);
}

void conf_parse_print(enum conf_kind kind, int64_t v, char *out,
                      size_t out_bytes)
{
    const struct unit *units = kind == CONF_DURATION ? durations
                               : kind == CONF_SIZE   ? sizes
                                                     : NULL;

    if (!units || v == 0) {
        snprintf(out, out_bytes, "%lld", (long long)v);
        return;
    }
    for (size_t i = 0; i < CONF_UNITS; i++)
        if (v % units[i].factor == 0) {
            snprintf(out, out_bytes, "%lld%s", (long long)(v / units[i].factor),
                     units[i].name);
            return;
        }
}

void conf_parse_bounds(const struct conf_key *key, char *out, size_t out_bytes)
{
    char low[32], high[32];

    out[0] = '\0';
    if (key->min == 0 && key->max == 0)
        return;
    conf_parse_print(key->kind, key->min, low, sizeof low);
    conf_parse_print(key->kind, key->max, high, sizeof high);
    snprintf(out, out_bytes, "from %s to %s", low, high);
}

char *conf_parse_path(const char *path)
{
    static const struct {
        const char *prefix, *variable, *under_home;
    } starts[] = {{"$XDG_STATE_HOME", "XDG_STATE_HOME", "/.local/state"},
                  {"$XDG_CONFIG_HOME", "XDG_CONFIG_HOME", "/.config"},
                  {"~", NULL, ""}};
    const char *home = getenv("HOME");
    char *out;

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        size_t n = strlen(starts[i].prefix);
        const char *set =
            starts[i].variable ? getenv(starts[i].variable) : NULL;
        int made;

        if (strncmp(path, starts[i].prefix, n) != 0 ||
            (path[n] && path[n] != '/')) /* ~ana is another's home */
            continue;
        if (set && *set)
            made = asprintf(&out, "%s%s", set, path + n);
        else
            made = asprintf(&out, "%s%s%s", home ? home : "/root",
                            starts[i].under_home, path + n);
        return made < 0 ? NULL : out;
    }
    return strdup(path);
}

static enum err parse_bool(const char *text, bool *out)
{
    static const char *const yes[] = {"on", "yes", "true", "1"};
    static const char *const no[] = {"off", "no", "false", "0"};

    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *out = strcasecmp(text, yes[i]) == 0;
            return WS_OK;
        }
    }
    return WS_INVALID;
}

static bool good_host(const char *host, size_t len)
{
    if (len == 0 || len > 255)
        return false;
    for (size_t i = 0; i < len; i++)
        if (strchr(" \t/@?#\\", host[i]))
            return false;
    return true;
}

static bool good_url(const char *text)
{
    const char *host = strncmp(text, "http://", 7) == 0    ? text + 7
                       : strncmp(text, "https://", 8) == 0 ? text + 8
                                                           : NULL;

    return host && good_host(host, strcspn(host, "/"));
}

static bool good_listen(const char *text)
{
    const char *colon = strrchr(text, ':');
    int64_t port;

    return colon && good_host(text, (size_t)(colon - text)) &&
           conf_parse_int(colon + 1, &port) == WS_OK && port >= 0 &&
           port <= 65535;
}

static bool good_cidr(const char *text)
{
    char address[64];
    unsigned char bytes[16];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    int64_t bits = 0;

    if (n >= sizeof address)
        return false;
    memcpy(address, text, n);
    address[n] = '\0';
    if (slash && conf_parse_int(slash + 1, &bits))
        return false;
    if (inet_pton(AF_INET, address, bytes) == 1)
        return bits >= 0 && bits <= 32;
    return inet_pton(AF_INET6, address, bytes) == 1 && bits >= 0 && bits <= 128;
}

static bool good_cidrs(const char *text)
{
    OWN_FREE char *copy = strdup(text);
    char *rest = copy, *one;

    if (!copy)
        return false;
    while ((one = strsep(&rest, ","))) {
        one += strspn(one, " ");
        one[strcspn(one, " ")] = '\0';
        if (*one && !good_cidr(one))
            return false;
    }
    return true;
}

/* Texts are shown in terminals and written into files by the line. */
static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static enum err parse_text(const struct conf_key *key, const char *text,
                           char **out, struct buf *why)
{
    size_t n = utf8_count(text), bytes = strlen(text);

    if (bytes > CONF_TEXT_BYTES) {
        buf_printf(why, "has %zu bytes, at most %d are taken", bytes,
                   CONF_TEXT_BYTES);
        return WS_INVALID;
    }
    if (has_control(text)) {
        buf_append_text(why, "must have no line break, tab or other control "
                             "character");
        return WS_INVALID;
    }
    if (!utf8_valid(text, bytes)) {
        buf_append_text(why, "is not UTF-8");
        return WS_INVALID;
    }
    if (key->max && (n < (size_t)key->min || n > (size_t)key->max)) {
        buf_printf(why, "has %zu characters, must have from %lld to %lld", n,
                   (long long)key->min, (long long)key->max);
        return WS_INVALID;
    }
    if (!*text && key->initial && *key->initial && key->kind == CONF_PATH)
        buf_printf(why, "must be a path, like %s", key->initial);
    else if (!*text && key->initial && *key->initial && key->kind == CONF_URL)
        buf_printf(why, "must be an address, like %s", key->initial);
    else if (key->kind == CONF_URL && *text && !good_url(text))
        buf_append_text(why, "must be an address like http://127.0.0.1:8080");
    else if (key->kind == CONF_LISTEN && !good_listen(text))
        buf_append_text(why, "must be host:port like 127.0.0.1:8080, with a "
                             "port from 0 to 65535");
    else if (key->kind == CONF_CIDRS && !good_cidrs(text))
        buf_append_text(why, "must be networks like 127.0.0.0/8,10.1.0.0/16");
    if (why->len > 0)
        return WS_INVALID;
    *out = key->kind == CONF_PATH ? conf_parse_path(text) : strdup(text);
    return *out ? WS_OK : WS_NOMEM;
}

static enum err parse_choice(const struct conf_key *key, const char *text,
                             int64_t *out, struct buf *why)
{
    for (int64_t i = 0; key->choices[i]; i++)
        if (strcasecmp(key->choices[i], text) == 0) {
            *out = i;
            return WS_OK;
        }
    buf_append_text(why, "must be one of");
    for (size_t i = 0; key->choices[i]; i++)
        buf_printf(why, "%s %s", i ? "," : "", key->choices[i]);
    return WS_INVALID;
}

static enum err parse_integer(const struct conf_key *key, const char *text,
                              int64_t *out, struct buf *why)
{
    static const char *const examples[] = {
        [CONF_INT] = "a whole number",
        [CONF_DURATION] = "a time with its unit, like 10s, 500ms or 8h",
        [CONF_SIZE] = "a size with its unit, like 64KiB or 512MiB",
    };
    char bounds[80];
    int64_t v;
    enum err e = key->kind == CONF_DURATION ? conf_parse_duration(text, &v)
                 : key->kind == CONF_SIZE   ? conf_parse_size(text, &v)
                                            : conf_parse_int(text, &v);

    conf_parse_bounds(key, bounds, sizeof bounds);
    if (e) {
        buf_printf(why, "must be %s%s%s", examples[key->kind],
                   *bounds ? ", " : "", bounds);
        return e;
    }
    if (*bounds && (v < key->min || v > key->max)) {
        buf_printf(why, "must be %s", bounds);
        return WS_INVALID;
    }
    *out = v;
    return WS_OK;
}

static enum err parse_number(const struct conf_key *key, const char *text,
                             double *out, struct buf *why)
{
    char *end, bounds[80];
    double v = strtod(text, &end);

    conf_parse_bounds(key, bounds, sizeof bounds);
    if (end == text || *end || !isfinite(v) ||
        (*bounds && (v < (double)key->min || v > (double)key->max))) {
        buf_printf(why, "must be a number %s", bounds);
        return WS_INVALID;
    }
    *out = v;
    return WS_OK;
}

enum err conf_parse_value(const struct conf_key *key, const char *text,
                          union conf_parsed *out, struct buf *why)
{
    switch (key->kind) {
    case CONF_BOOL:
        if (parse_bool(text, &out->boolean) == WS_OK)
            return WS_OK;
        buf_append_text(why, "must be on or off");
        return WS_INVALID;
    case CONF_ENUM:
        return parse_choice(key, text, &out->integer, why);
    case CONF_INT:
    case CONF_DURATION:
    case CONF_SIZE:
        return parse_integer(key, text, &out->integer, why);
    case CONF_NUMBER:
        return parse_number(key, text, &out->number, why);
    default:
        return parse_text(key, text, &out->text, why);
    }
}
