#include "agent/ai/classify.h"

#include "agent/ai/classify_table.h"

#include "core/buf.h"
#include "core/io.h"

#include <ctype.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_RULES 256
#define MAX_FILE_BYTES (256 * 1024)
#define BY_USER 1.0 /* confidence of each way to decide */
#define BY_NAME 0.75
#define BY_TITLE 0.625

/* clang-format off */
const struct classify_category classify_categories[CATEGORY_COUNT] = {
    [CATEGORY_UNKNOWN]       = {"unknown",        0.0,  "no rule knows this application"},
    [CATEGORY_DEVELOPMENT]   = {"development",    1.0,  "editors, terminals and tools of making software"},
    [CATEGORY_OFFICE]        = {"office",         1.0,  "documents, tables, notes and planning"},
    [CATEGORY_COMMUNICATION] = {"communication",  0.5,  "mail, chat and meetings"},
    [CATEGORY_DESIGN]        = {"design",         1.0,  "pictures, sound, video and construction"},
    [CATEGORY_REFERENCE]     = {"reference",      0.75, "documents and pages to read and learn from"},
    [CATEGORY_SYSTEM]        = {"system",         0.25, "files, settings and the machine itself"},
    [CATEGORY_WEB]           = {"web",            0.0,  "a web page of a site that no rule knows"},
    [CATEGORY_MEDIA]         = {"media",         -0.5,  "watching and listening"},
    [CATEGORY_SOCIAL]        = {"social",        -0.75, "social networks"},
    [CATEGORY_GAMES]         = {"games",         -1.0,  "games"},
};
/* clang-format on */

struct rule {
    enum category category;
    int line;
    bool has_app, has_title;
    regex_t app, title;
};

struct classify {
    struct rule rules[MAX_RULES];
    size_t count;
};

static bool find_category(const char *name, enum category *out)
{
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        if (strcmp(name, classify_categories[i].name) != 0)
            continue;
        *out = (enum category)i;
        return true;
    }
    return false;
}

static enum err refuse(FILE *messages, int line, const char *what)
{
    fprintf(messages,
            "rules line %d: %s; write: CATEGORY app=REGEX title=REGEX, with "
            "CATEGORY one of",
            line, what);
    for (int i = 0; i < CATEGORY_COUNT; i++)
        fprintf(messages, " %s", classify_categories[i].name);
    fputc('\n', messages);
    return WS_INVALID;
}

/* Read one line, which is cut to pieces; a comment or blank one is no rule. */
static enum err read_rule(struct classify *c, char *text, int line,
                          FILE *messages)
{
    struct rule *r = &c->rules[c->count];
    char *save = NULL, *word = strtok_r(text, " \t\r", &save);

    if (!word || word[0] == '#')
        return WS_OK;
    if (c->count == MAX_RULES)
        return refuse(messages, line, "more than 256 rules");
    r->line = line;
    if (!find_category(word, &r->category))
        return refuse(messages, line, "unknown category");
    while ((word = strtok_r(NULL, " \t\r", &save))) {
        bool app = strncmp(word, "app=", 4) == 0;
        bool *has = app ? &r->has_app : &r->has_title;
        regex_t *to = app ? &r->app : &r->title;

        if (!app && strncmp(word, "title=", 6) != 0)
            return refuse(messages, line, "a word is neither app= nor title=");
        if (*has)
            return refuse(messages, line, "app= or title= stands twice");
        if (regcomp(to, strchr(word, '=') + 1,
                    REG_EXTENDED | REG_ICASE | REG_NOSUB))
            return refuse(messages, line, "the expression cannot be read");
        *has = true;
    }
    if (!r->has_app && !r->has_title)
        return refuse(messages, line, "neither app= nor title= is given");
    c->count++;
    return WS_OK;
}

enum err classify_open(struct classify **out, const char *rules, FILE *messages)
{
    OWN(classify_close)
    struct classify *c = calloc(1, sizeof(*c));
    OWN_FREE char *copy = strdup(rules);
    char *next = copy, *text;
    enum err worst = WS_OK;

    if (!c || !copy)
        return WS_NOMEM;
    for (int line = 1; (text = strsep(&next, "\n")); line++) {
        struct rule *r = &c->rules[c->count];
        enum err e = read_rule(c, text, line, messages);

        if (!e)
            continue;
        worst = e;
        if (c->count < MAX_RULES) {
            if (r->has_app)
                regfree(&r->app);
            if (r->has_title)
                regfree(&r->title);
            memset(r, 0, sizeof(*r));
        }
    }
    if (worst)
        return worst;
    *out = TAKE(c);
    return WS_OK;
}

enum err classify_open_file(struct classify **out, const char *path,
                            FILE *messages)
{
    OWN_BUF struct buf text = BUF_EMPTY;
    enum err e;

    if (!*path)
        return classify_open(out, "", messages);
    e = io_read_file(path, MAX_FILE_BYTES, &text);
    if (e) {
        fprintf(messages,
                "rules is \"%s\": it cannot be read, or is over %d KiB; give "
                "a file of lines like: development app=emacs\n",
                path, MAX_FILE_BYTES / 1024);
        return e;
    }
    return classify_open(out, buf_text(&text), messages);
}

void classify_close(struct classify *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        if (c->rules[i].has_app)
            regfree(&c->rules[i].app);
        if (c->rules[i].has_title)
            regfree(&c->rules[i].title);
    }
    free(c);
}

/* The word stands in the text, with nothing of a word on either side. */
static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = text; (at = strcasestr(at, word)); at++)
        if ((at == text || !isalnum((unsigned char)at[-1])) &&
            !isalnum((unsigned char)at[len]))
            return true;
    return false;
}

static const struct classify_table_row *
find_row(const struct classify_table_row *rows, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++)
        if (has_word(text, rows[i].word))
            return &rows[i];
    return NULL;
}

static const struct rule *find_rule(const struct classify *c, const char *app,
                                    const char *title)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct rule *r = &c->rules[i];

        if (r->has_app && regexec(&r->app, app, 0, NULL, 0) != 0)
            continue;
        if (r->has_title && regexec(&r->title, title, 0, NULL, 0) != 0)
            continue;
        return r;
    }
    return NULL;
}

void classify_window(const struct classify *c, const char *app,
                     const char *title, struct classify_result *out)
{
    const struct rule *rule = find_rule(c, app, title);
    const struct classify_table_row *row, *site = NULL;

    *out = (struct classify_result){.rule = "none"};
    if (rule) {
        out->category = rule->category;
        out->confidence = BY_USER;
        snprintf(out->rule, sizeof(out->rule), "user:%d", rule->line);
        return;
    }
    row = find_row(classify_table_apps, classify_table_apps_count, app);
    if (!row)
        return;
    if (row->category == CATEGORY_WEB)
        site =
            find_row(classify_table_sites, classify_table_sites_count, title);
    out->category = site ? site->category : row->category;
    out->confidence = site ? BY_TITLE : BY_NAME;
    snprintf(out->rule, sizeof(out->rule), "%s:%s", site ? "title" : "name",
             site ? site->word : row->word);
}
