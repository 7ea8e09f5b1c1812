/* Sessions: the list, one of them, its health and its ledger. */
#include "server/http/readers.h"
#include "server/server.h"
#include "server/store/store_ledger.h"
#include "server/views/page.h"
#include "server/views/session_view.h"
#include "server/views/views.h"

#include <string.h>

#define MAX_WORDS 8
/* Rows that one request may look at: a filter that few rows pass gives a
 * short page with a next_cursor instead of a long wait. */
#define MAX_LOOKED_AT 2000

struct list {
    struct page page;
    struct jsonw w;
    struct store *reader;
    const struct settings *settings;
    int64_t now_ns, looked_at;
    const char *status; /* NULL: any */
    bool attention;
    char words_text[256];
    const char *words[MAX_WORDS];
    size_t word_count;
    enum err failed;
};

static bool word_occurs(const struct store_session_view *r, const char *word)
{
    const char *const places[] = {r->username, r->hostname, r->ip_address,
                                  r->agent_name, r->person};
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (places[i] && strcasestr(places[i], word))
            return true;
    return false;
}

static bool passes(const struct list *l, const struct session_view *v)
{
    size_t i;

    if (l->status &&
        strcmp(l->status, session_view_status_word(v->status)) != 0)
        return false;
    if (l->attention && v->attention_count == 0)
        return false;
    for (i = 0; i < l->word_count; i++)
        if (!word_occurs(v->row, l->words[i]))
            return false;
    return true;
}

static int list_one(void *ctx, const struct store_session_view *row)
{
    struct list *l = ctx;
    struct session_view v;

    if (!page_takes(&l->page))
        return 0;
    if (l->looked_at++ == MAX_LOOKED_AT) {
        l->page.more = true;
        return 0;
    }
    l->failed = session_view_read(l->reader, l->settings, l->now_ns, row, &v);
    if (l->failed)
        return 0;
    if (passes(l, &v)) {
        session_view_write(&v, &l->w, NULL);
        page_wrote(&l->page, row->id, 0);
    } else {
        l->page.last[0] = row->id;
    }
    session_view_fini(&v);
    return 1;
}

static void read_words(struct list *l)
{
    const char *q = exchange_query(l->page.x, "q");
    char *rest = l->words_text, *word;

    if (!q)
        return;
    if (strlen(q) >= sizeof(l->words_text)) {
        page_problem(&l->page, "q", "is longer than 200 characters");
        return;
    }
    memcpy(l->words_text, q, strlen(q) + 1);
    while ((word = strsep(&rest, " \t"))) {
        if (!*word)
            continue;
        if (l->word_count == MAX_WORDS) {
            page_problem(&l->page, "q", "has more than %d words", MAX_WORDS);
            return;
        }
        l->words[l->word_count++] = word;
    }
}

static void read_filters(struct list *l)
{
    const char *attention = exchange_query(l->page.x, "attention");

    read_words(l);
    l->status = exchange_query(l->page.x, "status");
    if (l->status && strcmp(l->status, "online") != 0 &&
        strcmp(l->status, "late") != 0 && strcmp(l->status, "offline") != 0)
        page_problem(&l->page, "status",
                     "is \"%.40s\"; use online, late or offline", l->status);
    if (attention && strcmp(attention, "true") != 0 &&
        strcmp(attention, "false") != 0)
        page_problem(&l->page, "attention", "is \"%.40s\"; use true or false",
                     attention);
    l->attention = attention && strcmp(attention, "true") == 0;
}

void views_sessions(struct exchange *x)
{
    static const char *const known[] = {"q",     "status", "attention",
                                        "limit", "cursor", NULL};
    struct server *server = exchange_server(x);
    struct store_scope scope = page_scope(x);
    struct list l = {.reader = readers_context(),
                     .settings = server->settings,
                     .now_ns = env_wall_ns(server->env)};
    struct buf b = BUF_EMPTY;
    enum err e;

    page_begin(&l.page, x, known);
    read_filters(&l);
    page_read_list(&l.page, PAGE_SESSIONS);
    if (page_refused(&l.page))
        return;
    jsonw_init(&l.w, &b);
    jsonw_object(&l.w, NULL);
    jsonw_array(&l.w, "items");
    e = store_views_sessions(l.reader, &scope,
                             l.page.goes_on ? l.page.cursor.keys[0] : INT64_MAX,
                             list_one, &l);
    if (!e)
        e = l.failed;
    if (e) {
        buf_fini(&b);
        page_fail(x, e);
        return;
    }
    jsonw_array_end(&l.w);
    page_end(&l.page, &l.w);
    jsonw_object_end(&l.w);
    page_reply(x, &b);
}

/* --- one session --- */

struct one {
    struct store *reader;
    const struct settings *settings;
    int64_t now_ns;
    bool health;
    struct buf b;
    enum err failed;
};

static int write_one(void *ctx, const struct store_session_view *row)
{
    struct one *o = ctx;
    struct session_view v;
    struct jsonw w;

    o->failed = session_view_read(o->reader, o->settings, o->now_ns, row, &v);
    if (o->failed)
        return 0;
    jsonw_init(&w, &o->b);
    if (o->health)
        session_view_write_health(&v, o->now_ns, &w);
    else
        session_view_write(&v, &w, NULL);
    session_view_fini(&v);
    return 0;
}

static void answer_one(struct exchange *x, bool health)
{
    static const char *const known[] = {NULL};
    struct server *server = exchange_server(x);
    struct store_scope scope = page_scope(x);
    struct one o = {.reader = readers_context(),
                    .settings = server->settings,
                    .now_ns = env_wall_ns(server->env),
                    .health = health};
    struct page page;
    enum err e;

    page_begin(&page, x, known);
    if (page_refused(&page))
        return;
    e = store_views_session(o.reader, &scope, exchange_path_id(x), write_one,
                            &o);
    if (!e)
        e = o.failed;
    if (e) {
        buf_fini(&o.b);
        page_fail(x, e);
        return;
    }
    page_reply(x, &o.b);
}

void views_session(struct exchange *x)
{
    answer_one(x, false);
}

void views_health(struct exchange *x)
{
    answer_one(x, true);
}
