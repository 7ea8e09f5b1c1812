#include "server/views/page.h"

#include "core/clock.h"
#include "core/conf.h"
#include "server/auth/roles.h"
#include "server/server.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void page_problem(struct page *p, const char *name, const char *fmt, ...)
{
    struct wire_problem *at = &p->problems.list[p->problems.count];
    va_list args;

    if (p->problems.count == WIRE_MAX_PROBLEMS)
        return;
    p->problems.count++;
    snprintf(at->pointer, sizeof(at->pointer), "/%.80s", name);
    va_start(args, fmt);
    vsnprintf(at->detail, sizeof(at->detail), fmt, args);
    va_end(args);
}

static bool is_known(const char *name, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(name, *known) == 0)
            return true;
    return false;
}

/* Is this name among the first n? */
static bool is_before(const struct exchange *x, const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, exchange_query_name(x, i)) == 0)
            return true;
    return false;
}

static void name_known(char *out, size_t out_bytes, const char *const *known)
{
    size_t at = 0;

    for (; *known && at < out_bytes; known++)
        at += (size_t)snprintf(out + at, out_bytes - at, "%s%s", at ? ", " : "",
                               *known);
}

void page_begin(struct page *p, struct exchange *x, const char *const *known)
{
    char names[120] = "no parameters";
    const char *name;
    size_t i;

    *p = (struct page){.x = x,
                       .limit = PAGE_LIMIT_DEFAULT,
                       .from_ns = INT64_MIN,
                       .to_ns = INT64_MAX};
    if (!exchange_query_good(x)) /* as if nothing was asked: not that */
        page_problem(p, "",
                     "the part behind ? can't be read: it has a %% "
                     "without two hex digits, or too many names");
    name_known(names, sizeof(names), known);
    for (i = 0; (name = exchange_query_name(x, i)); i++) {
        if (!is_known(name, known))
            page_problem(p, name, "is not known here; this takes %s", names);
        else if (is_before(x, name, i))
            page_problem(p, name, "is given twice; keep one");
    }
}

int64_t page_read_int(struct page *p, const char *name, int64_t min,
                      int64_t max, int64_t fallback)
{
    const char *text = exchange_query(p->x, name);
    int64_t v = 0;

    if (!text)
        return fallback;
    if (conf_parse_int(text, &v) || v < min || v > max) {
        page_problem(p, name, "is \"%.40s\"; use a number from %lld to %lld",
                     text, (long long)min, (long long)max);
        return fallback;
    }
    return v;
}

/* Everything that decides which rows are in the list, so that a cursor of
 * another question is refused. */
static uint64_t filter_of(const struct page *p)
{
    OWN_BUF struct buf b = BUF_EMPTY;
    const char *name;
    size_t i;

    buf_append_text(&b, exchange_path(p->x));
    for (i = 0; (name = exchange_query_name(p->x, i)); i++)
        if (strcmp(name, "cursor") != 0 && strcmp(name, "limit") != 0)
            buf_printf(&b, "\n%s=%s", name, exchange_query(p->x, name));
    return cursor_filter(buf_text(&b));
}

void page_read_list(struct page *p, enum page_list list)
{
    const char *text = exchange_query(p->x, "cursor");

    p->limit = (size_t)page_read_int(p, "limit", 1, PAGE_LIMIT_MAX,
                                     PAGE_LIMIT_DEFAULT);
    p->cursor.list = (uint8_t)list;
    p->cursor.filter = filter_of(p);
    if (!text)
        return;
    if (cursor_read(&p->cursor, exchange_server(p->x)->cursor_key, text))
        page_problem(p, "cursor",
                     "is not a next_cursor of this list and filter; begin "
                     "again without it");
    p->goes_on = true;
}

static void read_time(struct page *p, const char *name, int64_t *out)
{
    const char *text = exchange_query(p->x, name);

    if (text && clock_parse_iso(text, strlen(text), out))
        page_problem(p, name,
                     "is \"%.40s\"; use ISO 8601 like 2026-11-22T09:00:00Z",
                     text);
}

void page_read_range(struct page *p)
{
    read_time(p, "from", &p->from_ns);
    read_time(p, "to", &p->to_ns);
    if (p->from_ns >= p->to_ns)
        page_problem(p, "to", "must be later than from");
}

bool page_refused(struct page *p)
{
    if (p->problems.count == 0)
        return false;
    exchange_problems(p->x, "bad-parameter", &p->problems);
    return true;
}

struct store_range page_range(const struct page *p, int64_t session_id)
{
    return (struct store_range){
        .session_id = session_id,
        .from_ns = p->from_ns,
        .to_ns = p->to_ns,
        .before_ns = p->goes_on ? p->cursor.keys[0] : INT64_MAX,
        .before_id = p->goes_on ? p->cursor.keys[1] : INT64_MAX,
    };
}

bool page_takes(struct page *p)
{
    if (p->written < p->limit)
        return true;
    p->more = true;
    return false;
}

void page_wrote(struct page *p, int64_t key0, int64_t key1)
{
    p->written++;
    p->last[0] = key0;
    p->last[1] = key1;
}

void page_begin_items(struct jsonw *w, struct buf *b)
{
    jsonw_init(w, b);
    jsonw_object(w, NULL);
    jsonw_array(w, "items");
}

void page_end_items(struct page *p, enum err e, struct jsonw *w, struct buf *b)
{
    char text[CURSOR_TEXT_BYTES];

    if (e) {
        buf_fini(b);
        page_fail(p->x, e);
        return;
    }
    jsonw_array_end(w);
    memcpy(p->cursor.keys, p->last, sizeof(p->last));
    cursor_write(&p->cursor, exchange_server(p->x)->cursor_key, text);
    jsonw_text(w, "next_cursor", p->more ? text : NULL);
    jsonw_object_end(w);
    page_reply(p->x, b);
}

struct store_scope page_scope(struct exchange *x)
{
    const struct principal *who = exchange_principal(x);
    struct store_scope scope = {.width = STORE_SCOPE_OWN,
                                .account_id = who->user_id};

    if (who->permissions & PERM_EVERYONE)
        scope.width = STORE_SCOPE_EVERYONE;
    else if (who->permissions & PERM_TEAM)
        scope.width = STORE_SCOPE_TEAM;
    return scope;
}

void page_fail(struct exchange *x, enum err e)
{
    if (e == WS_NOTFOUND)
        exchange_problem(x, 404, "not-found",
                         "there is no such thing, or it is not yours to see");
    else
        exchange_busy(x, 1);
}

void page_reply(struct exchange *x, struct buf *b)
{
    if (buf_check(b)) {
        buf_fini(b);
        exchange_busy(x, 1);
        return;
    }
    exchange_json(x, 200, b);
}
