/* pairs.c - one copy of the text, cut in place. */
#include "server/http/pairs.h"

#include <string.h>

struct pairs {
    size_t count;
    struct {
        const char *name, *value;
    } list[PAIRS_MAX];
    char text[];
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool pairs_decode(char *text, bool plus)
{
    const char *from = text;
    char *to = text;

    for (; *from; from++) {
        int high, low;

        if (*from == '+' && plus) {
            *to++ = ' ';
            continue;
        }
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        high = hex_value(from[1]);
        low = high < 0 ? -1 : hex_value(from[2]);
        if (low < 0 || high * 16 + low == 0)
            return false;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return true;
}

static enum err pairs_new(struct pairs **out, const char *text, size_t len)
{
    struct pairs *p = malloc(sizeof(*p) + len + 1);

    if (!p)
        return WS_NOMEM;
    p->count = 0;
    memcpy(p->text, text, len);
    p->text[len] = '\0';
    *out = p;
    return strlen(p->text) == len ? WS_OK : WS_INVALID;
}

/* Cut "name=value" in place and keep it. */
static enum err keep_pair(struct pairs *p, char *pair)
{
    char *equals = strchr(pair, '=');

    if (p->count == PAIRS_MAX)
        return WS_INVALID;
    if (equals)
        *equals++ = '\0';
    p->list[p->count].name = pair;
    p->list[p->count].value = equals ? equals : pair + strlen(pair);
    p->count++;
    return WS_OK;
}

enum err pairs_open_query(struct pairs **out, const char *text, size_t len)
{
    OWN(pairs_close)
    struct pairs *p = NULL;
    enum err e = pairs_new(&p, text, len);
    char *rest, *pair;
    size_t i;

    if (e)
        return e;
    for (rest = p->text; (pair = strsep(&rest, "&"));) {
        if (!*pair)
            continue;
        e = keep_pair(p, pair);
        if (e)
            return e;
    }
    for (i = 0; i < p->count; i++) {
        /* Both lie in our own copy of the text. */
        if (!pairs_decode((char *)p->list[i].name, true) ||
            !pairs_decode((char *)p->list[i].value, true))
            return WS_INVALID;
    }
    *out = TAKE(p);
    return WS_OK;
}

enum err pairs_open_cookies(struct pairs **out, const char *text, size_t len)
{
    OWN(pairs_close)
    struct pairs *p = NULL;
    enum err e = pairs_new(&p, text, len);
    char *rest, *pair;

    if (e)
        return e;
    for (rest = p->text; (pair = strsep(&rest, ";"));) {
        size_t n;

        pair += strspn(pair, " \t");
        n = strlen(pair);
        while (n && (pair[n - 1] == ' ' || pair[n - 1] == '\t'))
            pair[--n] = '\0';
        if (n == 0)
            continue;
        e = keep_pair(p, pair);
        if (e)
            return e;
    }
    *out = TAKE(p);
    return WS_OK;
}

void pairs_close(struct pairs *p)
{
    free(p);
}

const char *pairs_get(const struct pairs *p, const char *name)
{
    size_t i;

    for (i = 0; p && i < p->count; i++)
        if (strcmp(p->list[i].name, name) == 0)
            return p->list[i].value;
    return NULL;
}

const char *pairs_name(const struct pairs *p, size_t i)
{
    return p && i < p->count ? p->list[i].name : NULL;
}
