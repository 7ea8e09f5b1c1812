/* Accounts, API keys and enrollment codes, never their secrets. */
#include "server/auth/roles.h"
#include "server/http/readers.h"
#include "server/views/page.h"
#include "server/views/views.h"

#include "server/store/store_accounts.h"

#include <stdlib.h>

static void write_roles(struct jsonw *w, const char *text)
{
    unsigned set = 0;
    size_t i;

    if (roles_parse(text, &set))
        set = 0;
    jsonw_array(w, "roles");
    for (i = 0; i < ROLES_COUNT; i++)
        if (set & (1U << i))
            jsonw_text(w, NULL, roles_name((enum roles_role)i));
    jsonw_array_end(w);
}

static int64_t write_user(const void *row, struct jsonw *w)
{
    const struct store_account *a = row;

    jsonw_int(w, "id", a->id);
    jsonw_text(w, "name", a->name);
    write_roles(w, a->roles);
    jsonw_text(w, "team", *a->team ? a->team : NULL);
    jsonw_time(w, "created_at", a->created_ns);
    jsonw_time(w, "last_login_at", a->login_ns);
    jsonw_bool(w, "disabled", a->closed_ns != 0);
    return a->id;
}

static int64_t write_key(const void *row, struct jsonw *w)
{
    const struct store_key *k = row;

    jsonw_int(w, "id", k->id);
    jsonw_text(w, "name", k->name);
    jsonw_text(w, "role", k->roles); /* a key has one */
    jsonw_time(w, "created_at", k->created_ns);
    jsonw_time(w, "last_used_at", k->used_ns);
    jsonw_bool(w, "revoked", k->revoked_ns != 0);
    return k->id;
}

static int64_t write_code(const void *row, struct jsonw *w)
{
    const struct store_code *c = row;

    jsonw_int(w, "id", c->id);
    jsonw_text(w, "person", c->account_id ? c->account : NULL);
    jsonw_time(w, "created_at", c->created_ns);
    jsonw_time(w, "expires_at", c->expires_ns);
    jsonw_time(w, "used_at", c->used_ns);
    jsonw_bool(w, "revoked", c->revoked_ns != 0);
    return c->id;
}

static enum err read_users(struct store *s, int64_t after, void *rows,
                           size_t max, size_t *count)
{
    return store_accounts_list(s, after, rows, max, count);
}

static enum err read_keys(struct store *s, int64_t after, void *rows,
                          size_t max, size_t *count)
{
    return store_accounts_keys(s, after, rows, max, count);
}

static enum err read_codes(struct store *s, int64_t after, void *rows,
                           size_t max, size_t *count)
{
    return store_accounts_codes(s, after, rows, max, count);
}

/* One kind of list, by id from the oldest on. */
struct kind {
    enum page_list list;
    size_t row_bytes;
    enum err (*read)(struct store *s, int64_t after, void *rows, size_t max,
                     size_t *count);
    int64_t (*write)(const void *row, struct jsonw *w); /* returns the id */
};

static const struct kind users = {PAGE_USERS, sizeof(struct store_account),
                                  read_users, write_user};
static const struct kind keys = {PAGE_KEYS, sizeof(struct store_key), read_keys,
                                 write_key};
static const struct kind codes = {PAGE_CODES, sizeof(struct store_code),
                                  read_codes, write_code};

static void answer(struct exchange *x, const struct kind *k)
{
    static const char *const known[] = {"limit", "cursor", NULL};
    OWN_FREE char *rows = NULL;
    struct buf b = BUF_EMPTY;
    struct page page;
    struct jsonw w;
    size_t count = 0, i;
    enum err e;

    page_begin(&page, x, known);
    page_read_list(&page, k->list);
    if (page_refused(&page))
        return;
    rows = calloc(page.limit + 1, k->row_bytes);
    e = rows
            ? k->read(readers_context(), page.goes_on ? page.cursor.keys[0] : 0,
                      rows, page.limit + 1, &count)
            : WS_NOMEM;
    page_begin_items(&w, &b);
    for (i = 0; i < count && page_takes(&page); i++) {
        int64_t id;

        jsonw_object(&w, NULL);
        id = k->write(rows + i * k->row_bytes, &w);
        jsonw_object_end(&w);
        page_wrote(&page, id, 0);
    }
    page_end_items(&page, e, &w, &b);
}

void views_users(struct exchange *x)
{
    answer(x, &users);
}

void views_keys(struct exchange *x)
{
    answer(x, &keys);
}

void views_codes(struct exchange *x)
{
    answer(x, &codes);
}
