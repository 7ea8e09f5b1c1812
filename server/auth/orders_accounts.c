/* Orders about accounts and API keys. */
#include "core/json.h"
#include "server/auth/logins.h"
#include "server/auth/orders_private.h"
#include "server/auth/roles.h"

#include <stdio.h>
#include <string.h>

enum err orders_accounts_user_add(struct store *s, struct orders *o)
{
    struct store_account a = {.created_ns = env_wall_ns(o->env)};
    struct jsonw w;
    char detail[160];
    unsigned set;
    enum err e;

    if (orders_check_name(orders_text(o, "name")))
        return orders_refuse_name(o, orders_text(o, "name"));
    if (roles_parse(orders_text(o, "roles"), &set))
        return orders_refuse_value(o, roles_known(),
                                   "--role \"%.64s\" is not known",
                                   orders_text(o, "roles"));
    if (*orders_text(o, "team") && orders_check_name(orders_text(o, "team")))
        return orders_refuse_name(o, orders_text(o, "team"));
    if (strncmp(orders_text(o, "password_hash"), "$argon2id$", 10) != 0)
        return orders_refuse(o, "use --password-stdin", "there is no password");
    snprintf(a.name, sizeof(a.name), "%s", orders_text(o, "name"));
    snprintf(a.team, sizeof(a.team), "%s", orders_text(o, "team"));
    snprintf(a.password, sizeof(a.password), "%s",
             orders_text(o, "password_hash"));
    roles_format(set, a.roles);
    e = store_accounts_add(s, &a);
    if (e == WS_EXISTS)
        return orders_refuse(
            o,
            "choose another name, or set its password: "
            "worksight-server user passwd NAME --password-stdin",
            "the account \"%s\" exists already", a.name);
    if (e)
        return e;
    snprintf(detail, sizeof(detail), "roles %s", a.roles);
    e = orders_audit(s, o, "user.add", a.name, detail);
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_int(&w, "id", a.id);
    jsonw_text(&w, "name", a.name);
    jsonw_text(&w, "roles", a.roles);
    return orders_end(o, &w);
}

enum err orders_accounts_user_password(struct store *s, struct orders *o)
{
    struct store_account a;
    struct jsonw w;
    enum err e = orders_account(s, o, orders_text(o, "name"), &a);

    if (e)
        return e;
    if (strncmp(orders_text(o, "password_hash"), "$argon2id$", 10) != 0)
        return orders_refuse(o, "use --password-stdin", "there is no password");
    e = store_accounts_set_password(s, a.id, orders_text(o, "password_hash"),
                                    env_wall_ns(o->env), 0);
    if (e)
        return e;
    e = orders_audit(s, o, "user.password", a.name, "all logins ended");
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_text(&w, "name", a.name);
    return orders_end(o, &w);
}

static enum err read_users(struct store *s, int64_t after_id, void *rows,
                           size_t max, size_t *count)
{
    return store_accounts_list(s, after_id, rows, max, count);
}

static void write_user(const void *row, struct jsonw *w)
{
    const struct store_account *a = row;

    jsonw_int(w, "id", a->id);
    jsonw_text(w, "name", a->name);
    jsonw_text(w, "roles", a->roles);
    jsonw_text(w, "team", a->team);
    jsonw_time(w, "created_at", a->created_ns);
    jsonw_time(w, "last_login_at", a->login_ns);
}

enum err orders_accounts_user_list(struct store *s, struct orders *o)
{
    static const struct orders_list users = {
        read_users, write_user, sizeof(struct store_account),
        offsetof(struct store_account, id)};

    return orders_write_list(s, o, &users);
}

/* --- API keys --- */

enum err orders_accounts_key_create(struct store *s, struct orders *o)
{
    struct store_key k = {.created_ns = env_wall_ns(o->env)};
    char secret[LOGINS_SECRET_BYTES], detail[96];
    struct jsonw w;
    unsigned set;
    enum err e;

    if (orders_check_name(orders_text(o, "name")))
        return orders_refuse_name(o, orders_text(o, "name"));
    if (roles_parse(orders_text(o, "roles"), &set))
        return orders_refuse_value(o, roles_known(),
                                   "--role \"%.64s\" is not known",
                                   orders_text(o, "roles"));
    if (set & (set - 1))
        return orders_refuse_value(o, "make a key for each",
                                   "a key has one role");
    if (set & ((1U << ROLES_PERSON) | (1U << ROLES_MANAGER)))
        return orders_refuse_value(
            o, "use viewer, reviewer, admin or auditor",
            "--role %s belongs to a person, a key is nobody",
            orders_text(o, "roles"));
    snprintf(k.name, sizeof(k.name), "%s", orders_text(o, "name"));
    roles_format(set, k.roles);
    logins_make_secret(o->env, LOGINS_KEY_PREFIX, secret, k.sha256);
    e = store_accounts_key_add(s, &k);
    if (e == WS_EXISTS)
        return orders_refuse(o, "names are used once, also of revoked keys",
                             "the key \"%s\" exists already", k.name);
    if (e)
        return e;
    snprintf(detail, sizeof(detail), "roles %s", k.roles);
    e = orders_audit(s, o, "apikey.create", k.name, detail);
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_int(&w, "id", k.id);
    jsonw_text(&w, "name", k.name);
    jsonw_text(&w, "roles", k.roles);
    jsonw_text(&w, "key", secret);
    return orders_end(o, &w);
}

static enum err read_keys(struct store *s, int64_t after_id, void *rows,
                          size_t max, size_t *count)
{
    return store_accounts_keys(s, after_id, rows, max, count);
}

static void write_key(const void *row, struct jsonw *w)
{
    const struct store_key *k = row;

    jsonw_int(w, "id", k->id);
    jsonw_text(w, "name", k->name);
    jsonw_text(w, "roles", k->roles);
    jsonw_time(w, "created_at", k->created_ns);
    jsonw_time(w, "last_used_at", k->used_ns);
    jsonw_time(w, "revoked_at", k->revoked_ns);
}

enum err orders_accounts_key_list(struct store *s, struct orders *o)
{
    static const struct orders_list keys = {read_keys, write_key,
                                            sizeof(struct store_key),
                                            offsetof(struct store_key, id)};

    return orders_write_list(s, o, &keys);
}

enum err orders_accounts_key_revoke(struct store *s, struct orders *o)
{
    struct jsonw w;
    const char *name = orders_text(o, "name");
    enum err e = store_accounts_key_revoke(s, 0, name, env_wall_ns(o->env));

    if (e == WS_NOTFOUND)
        return orders_refuse(o, "worksight-server apikey list shows the keys",
                             "there is no key \"%.64s\" to revoke", name);
    if (e)
        return e;
    e = orders_audit(s, o, "apikey.revoke", name, "");
    if (e)
        return e;
    w = orders_begin(o);
    jsonw_text(&w, "name", name);
    return orders_end(o, &w);
}
