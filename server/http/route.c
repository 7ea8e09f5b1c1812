/* route.c - the row for a method and a path.
 *
 * Rows are compared segment by segment, in the order of the table; the first
 * that fits wins, so a fixed word stands above {id} in the same place.
 */
#include "server/http/route.h"

#include <string.h>

#define ROUTE_MAX_ID_DIGITS 15 /* below 2^53 */

/* Digits only, no sign, no leading zero: from 1, for 0 is no id. */
static bool read_id(const char *text, size_t len, int64_t *out)
{
    int64_t id = 0;
    size_t i;

    if (len == 0 || len > ROUTE_MAX_ID_DIGITS || text[0] == '0')
        return false;
    for (i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        id = id * 10 + (text[i] - '0');
    }
    *out = id;
    return true;
}

static bool path_fits(const char *pattern, const char *path,
                      struct route_match *m)
{
    m->id = 0;
    for (;;) {
        if (pattern[0] == '*' && !pattern[1])
            return true;
        if (pattern[0] == '{') {
            size_t digits = strcspn(path, "/");

            if (!read_id(path, digits, &m->id))
                return false;
            pattern += strlen("{id}");
            path += digits;
            continue;
        }
        if (*pattern != *path)
            return false;
        if (!*pattern)
            return true;
        pattern++;
        path++;
    }
}

static void add_allow(struct route_match *m, const char *method)
{
    size_t used = strlen(m->allow);
    size_t more = strlen(method);

    if (strstr(m->allow, method) || used + more + 3 > sizeof(m->allow))
        return;
    if (used) {
        memcpy(m->allow + used, ", ", 2);
        used += 2;
    }
    memcpy(m->allow + used, method, more + 1);
}

void route_find(const struct route *table, size_t count, const char *method,
                const char *path, struct route_match *out)
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;
    struct route_match try;
    size_t i;

    out->route = NULL;
    out->allow[0] = '\0';
    out->id = 0;
    for (i = 0; i < count; i++) {
        if (!path_fits(table[i].path, path, &try))
            continue;
        if (strcmp(table[i].method, wanted) == 0) {
            try.route = &table[i];
            try.allow[0] = '\0';
            *out = try;
            return;
        }
        add_allow(out, table[i].method);
        if (strcmp(table[i].method, "GET") == 0)
            add_allow(out, "HEAD");
    }
}
