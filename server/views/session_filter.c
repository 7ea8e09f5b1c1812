#include "server/views/session_filter.h"

#include "core/utf8.h"

#include <string.h>

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

bool session_filter_passes(const struct session_filter *f,
                           const struct session_view *v)
{
    size_t i;

    if (f->status &&
        strcmp(f->status, session_view_status_word(v->status)) != 0)
        return false;
    if (f->attention && v->attention_count == 0)
        return false;
    for (i = 0; i < f->word_count; i++)
        if (!word_occurs(v->row, f->words[i]))
            return false;
    return true;
}

static void read_words(struct session_filter *f, struct page *p)
{
    const char *q = exchange_query(p->x, "q");
    char *rest = f->words_text, *word;

    if (!q)
        return;
    if (utf8_count(q) > SESSION_FILTER_MAX_CHARS ||
        strlen(q) >= sizeof(f->words_text)) {
        page_problem(p, "q", "has %zu characters, at most %d are taken",
                     utf8_count(q), SESSION_FILTER_MAX_CHARS);
        return;
    }
    memcpy(f->words_text, q, strlen(q) + 1);
    while ((word = strsep(&rest, " \t"))) {
        if (!*word)
            continue;
        if (f->word_count == SESSION_FILTER_MAX_WORDS) {
            page_problem(p, "q", "has more than %d words",
                         SESSION_FILTER_MAX_WORDS);
            return;
        }
        f->words[f->word_count++] = word;
    }
}

void session_filter_read(struct session_filter *f, struct page *p)
{
    const char *attention = exchange_query(p->x, "attention");

    read_words(f, p);
    f->status = exchange_query(p->x, "status");
    if (f->status && strcmp(f->status, "online") != 0 &&
        strcmp(f->status, "late") != 0 && strcmp(f->status, "offline") != 0)
        page_problem(p, "status", "is \"%.40s\"; use online, late or offline",
                     f->status);
    if (attention && strcmp(attention, "true") != 0 &&
        strcmp(attention, "false") != 0)
        page_problem(p, "attention", "is \"%.40s\"; use true or false",
                     attention);
    f->attention = attention && strcmp(attention, "true") == 0;
}
