#include "server/store/store_mysql_url.h"

#include "core/conf.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORM "mysql://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?socket=PATH]"

static enum err wrong(const char *what)
{
    log_error("db_address", "db: %s: write it as " FORM, what);
    return WS_INVALID;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A copy of [from, to) with %XX decoded; %00 and half a %XX are wrong. */
static enum err decode(const char *from, const char *to, char **out)
{
    OWN_FREE char *text = malloc((size_t)(to - from) + 1);
    size_t n = 0;

    if (!text)
        return WS_NOMEM;
    for (const char *p = from; p < to; p++) {
        int high, low;

        if (*p != '%') {
            text[n++] = *p;
            continue;
        }
        high = to - p > 2 ? hex(p[1]) : -1;
        low = to - p > 2 ? hex(p[2]) : -1;
        if (high < 0 || low < 0 || high + low == 0)
            return wrong("a % is not followed by two hex digits");
        text[n++] = (char)(high * 16 + low);
        p += 2;
    }
    text[n] = '\0';
    free(*out);
    *out = TAKE(text);
    return WS_OK;
}

/* USER[:PASSWORD] */
static enum err read_user(struct store_mysql_url *u, const char *from,
                          const char *to)
{
    const char *colon = memchr(from, ':', (size_t)(to - from));
    enum err e = decode(from, colon ? colon : to, &u->user);

    if (!e && !*u->user)
        e = wrong("the user is missing");
    if (!e)
        e = decode(colon ? colon + 1 : to, to, &u->password);
    return e;
}

/* HOST[:PORT], an IPv6 address in brackets. */
static enum err read_host(struct store_mysql_url *u, const char *from,
                          const char *to)
{
    const char *end = memchr(from, ']', (size_t)(to - from));
    const char *colon;
    char port[8];
    int64_t n;
    enum err e;

    colon = memchr(end ? end : from, ':', (size_t)(to - (end ? end : from)));
    if (*from == '[' && end)
        e = decode(from + 1, end, &u->host);
    else
        e = decode(from, colon ? colon : to, &u->host);
    u->port = STORE_MYSQL_PORT;
    if (e || !colon)
        return e;
    snprintf(port, sizeof(port), "%.*s", (int)(to - colon - 1), colon + 1);
    if (to - colon > 6 || conf_parse_int(port, &n) || n < 1 || n > 65535)
        return wrong("the port is not 1 to 65535");
    u->port = (unsigned)n;
    return WS_OK;
}

static enum err read_option(struct store_mysql_url *u, const char *from,
                            const char *to)
{
    OWN_FREE char *value = NULL;
    const char *is = memchr(from, '=', (size_t)(to - from));
    size_t n = is ? (size_t)(is - from) : 0;
    enum err e = is ? decode(is + 1, to, &value) : WS_INVALID;

    if (e)
        return e == WS_INVALID ? wrong("an option is not key=value") : e;
    if (n == 6 && memcmp(from, "socket", n) == 0) {
        free(u->socket);
        u->socket = TAKE(value);
    } else if (n == 2 && memcmp(from, "ca", n) == 0) {
        free(u->ca);
        u->ca = TAKE(value);
    } else if (n == 3 && memcmp(from, "tls", n) == 0 &&
               strcmp(value, "on") == 0) {
        u->tls = true;
    } else {
        return wrong("an option is none of socket, ca, tls=on");
    }
    return WS_OK;
}

static enum err read_options(struct store_mysql_url *u, const char *at)
{
    while (*at) {
        size_t n = strcspn(at, "&");
        enum err e = n ? read_option(u, at, at + n) : WS_OK;

        if (e)
            return e;
        at += n + (at[n] == '&');
    }
    return WS_OK;
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (strncmp(host, "127.", 4) == 0 &&
            strspn(host, "0123456789.") == strlen(host));
}

static enum err read_parts(struct store_mysql_url *u, const char *where)
{
    const char *end = where + strcspn(where, "?");
    const char *at = memrchr(where, '@', (size_t)(end - where));
    const char *slash = at ? memchr(at, '/', (size_t)(end - at)) : NULL;
    enum err e;

    if (strncmp(where, "//", 2) != 0)
        return wrong("it does not begin with mysql://");
    if (!at)
        return wrong("the user is missing");
    if (!slash || slash + 1 == end)
        return wrong("the database is missing");
    e = read_user(u, where + 2, at);
    if (!e)
        e = read_host(u, at + 1, slash);
    if (!e)
        e = decode(slash + 1, end, &u->database);
    if (!e)
        e = read_options(u, *end ? end + 1 : end);
    if (!e && !u->socket && !*u->host)
        e = wrong("the host is missing");
    return e;
}

enum err store_mysql_url_open(struct store_mysql_url **out, const char *where)
{
    OWN(store_mysql_url_close)
    struct store_mysql_url *u = calloc(1, sizeof(*u));
    enum err e;
    int n;

    if (!u)
        return WS_NOMEM;
    e = read_parts(u, where);
    if (e)
        return e;
    if (u->socket)
        u->tls = false;
    else if (!is_loopback(u->host))
        u->tls = true;
    if (!u->ca)
        u->ca = strdup(STORE_MYSQL_CA);
    if (u->socket)
        n = asprintf(&u->shown, "%s:%s", u->socket, u->database);
    else
        n = asprintf(&u->shown, "%s:%u/%s", u->host, u->port, u->database);
    if (n < 0)
        u->shown = NULL;
    if (!u->ca || !u->shown)
        return WS_NOMEM;
    *out = TAKE(u);
    return WS_OK;
}

void store_mysql_url_close(struct store_mysql_url *u)
{
    if (!u)
        return;
    if (u->password)
        explicit_bzero(u->password, strlen(u->password));
    free(u->user);
    free(u->password);
    free(u->host);
    free(u->database);
    free(u->socket);
    free(u->ca);
    free(u->shown);
    free(u);
}
