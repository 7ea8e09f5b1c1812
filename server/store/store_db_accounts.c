/* Accounts and their logins. Statements are literals; every value is bound. */
#include "server/store/store_accounts_backend.h"

#include "server/store/store_db.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ACCOUNT                                                                \
    "a.id, a.name, a.roles, a.team, a.password, a.created_ns, a.closed_ns, "   \
    "a.password_ns, a.login_ns "
#define LOGIN                                                                  \
    "l.id, l.account_id, l.created_ns, l.expires_ns, l.seen_ns, l.address, "   \
    "l.seen_address, l.user_agent "

#define COPY(to, from) snprintf((to), sizeof(to), "%s", (from) ? (from) : "")

static void lower(const char *name, char out[STORE_NAME_BYTES])
{
    size_t i;

    for (i = 0; name[i] && i + 1 < STORE_NAME_BYTES; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    out[i] = '\0';
}

static void read_account(struct db_stmt *q, int from, struct store_account *out)
{
    *out = (struct store_account){.id = db_int(q, from)};
    COPY(out->name, db_text(q, from + 1));
    COPY(out->roles, db_text(q, from + 2));
    COPY(out->team, db_text(q, from + 3));
    COPY(out->password, db_text(q, from + 4));
    out->created_ns = db_int(q, from + 5);
    out->closed_ns = db_int(q, from + 6);
    out->password_ns = db_int(q, from + 7);
    out->login_ns = db_int(q, from + 8);
}

static void read_login(struct db_stmt *q, struct store_login *out)
{
    *out = (struct store_login){
        .id = db_int(q, 0),
        .account_id = db_int(q, 1),
        .created_ns = db_int(q, 2),
        .expires_ns = db_int(q, 3),
        .seen_ns = db_int(q, 4),
    };
    COPY(out->address, db_text(q, 5));
    COPY(out->seen_address, db_text(q, 6));
    COPY(out->user_agent, db_text(q, 7));
}

static enum err by_name(struct store *s, const char *name,
                        struct store_account *out)
{
    char key[STORE_NAME_BYTES];
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s),
                "SELECT " ACCOUNT "FROM account a WHERE a.name_key=?", &q);

    if (e)
        return e;
    if (strlen(name) >= sizeof(key))
        return WS_NOTFOUND;
    lower(name, key);
    db_bind_text(q, key);
    e = db_step(q);
    if (e)
        return e;
    read_account(q, 0, out);
    db_reset(q);
    return WS_OK;
}

static enum err by_id(struct store *s, int64_t id, struct store_account *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT " ACCOUNT "FROM account a WHERE a.id=?", &q);

    if (e)
        return e;
    db_bind_int(q, id);
    e = db_step(q);
    if (e)
        return e;
    read_account(q, 0, out);
    db_reset(q);
    return WS_OK;
}

static enum err count(struct store *s, int64_t *count, int64_t *first_admin)
{
    struct db_stmt *q;
    enum err e = db_stmt(
        store_db_conn(s),
        "SELECT count(*), coalesce(min(CASE WHEN closed_ns=0 AND "
        "','||roles||',' LIKE '%,admin,%' THEN id END), 0) FROM account",
        &q);

    if (e)
        return e;
    e = db_step(q);
    if (e)
        return e;
    *count = db_int(q, 0);
    *first_admin = db_int(q, 1);
    db_reset(q);
    return WS_OK;
}

static enum err list(struct store *s, int64_t after_id,
                     struct store_account *out, size_t max, size_t *count)
{
    struct db_stmt *q;
    size_t n = 0;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT " ACCOUNT "FROM account a WHERE a.id>? "
                         "ORDER BY a.id LIMIT ?",
                         &q);

    if (e)
        return e;
    db_bind_int(q, after_id);
    db_bind_int(q, (int64_t)max);
    while (n < max && (e = db_step(q)) == WS_OK)
        read_account(q, 0, &out[n++]);
    if (e && e != WS_NOTFOUND)
        return e;
    *count = n;
    db_reset(q);
    return WS_OK;
}

static enum err add(struct store *s, struct store_account *a)
{
    char key[STORE_NAME_BYTES];
    struct db_stmt *q;
    enum err e = store_take_ids(s, "account", 1, &a->id);

    if (e)
        return e;
    e = db_stmt(store_db_conn(s),
                "INSERT INTO account (id, name, name_key, roles, team, "
                "password, created_ns, password_ns) VALUES (?,?,?,?,?,?,?,?)",
                &q);
    if (e)
        return e;
    lower(a->name, key);
    db_bind_int(q, a->id);
    db_bind_text(q, a->name);
    db_bind_text(q, key);
    db_bind_text(q, a->roles);
    db_bind_text(q, a->team);
    db_bind_text(q, a->password);
    db_bind_int(q, a->created_ns);
    db_bind_int(q, a->created_ns);
    return db_run(q);
}

static enum err logins_end(struct store *s, int64_t account_id,
                           int64_t keep_login, int64_t now_ns)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "UPDATE login SET ended_ns=? WHERE account_id=? AND "
                         "id<>? AND ended_ns=0",
                         &q);

    if (e)
        return e;
    db_bind_int(q, now_ns);
    db_bind_int(q, account_id);
    db_bind_int(q, keep_login);
    return db_run(q);
}

static enum err set_password(struct store *s, int64_t account_id,
                             const char *hash, int64_t now_ns,
                             int64_t keep_login)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "UPDATE account SET password=?, password_ns=? "
                         "WHERE id=?",
                         &q);

    if (e)
        return e;
    db_bind_text(q, hash);
    db_bind_int(q, now_ns);
    db_bind_int(q, account_id);
    e = db_run(q);
    if (e)
        return e;
    if (db_changes(store_db_conn(s)) == 0)
        return WS_NOTFOUND;
    return logins_end(s, account_id, keep_login, now_ns);
}

static enum err login(struct store *s, const uint8_t sha256[32], int64_t now_ns,
                      struct store_login *login, struct store_account *account)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT " LOGIN ", " ACCOUNT
                         "FROM login l JOIN account a ON a.id=l.account_id "
                         "WHERE l.sha256=? AND l.ended_ns=0 AND "
                         "l.expires_ns>? AND a.closed_ns=0",
                         &q);

    if (e)
        return e;
    db_bind_blob(q, sha256, 32);
    db_bind_int(q, now_ns);
    e = db_step(q);
    if (e)
        return e;
    read_login(q, login);
    memcpy(login->sha256, sha256, 32);
    read_account(q, 8, account);
    db_reset(q);
    return WS_OK;
}

static enum err logins(struct store *s, int64_t account_id, int64_t now_ns,
                       int64_t before_id, struct store_login *out, size_t max,
                       size_t *count)
{
    struct db_stmt *q;
    size_t n = 0;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT " LOGIN "FROM login l WHERE l.account_id=? "
                         "AND l.id<? AND l.ended_ns=0 AND l.expires_ns>? "
                         "ORDER BY l.id DESC LIMIT ?",
                         &q);

    if (e)
        return e;
    db_bind_int(q, account_id);
    db_bind_int(q, before_id);
    db_bind_int(q, now_ns);
    db_bind_int(q, (int64_t)max);
    while (n < max && (e = db_step(q)) == WS_OK)
        read_login(q, &out[n++]);
    if (e && e != WS_NOTFOUND)
        return e;
    *count = n;
    db_reset(q);
    return WS_OK;
}

static enum err login_add(struct store *s, struct store_login *l)
{
    struct db_stmt *q;
    enum err e = store_take_ids(s, "login", 1, &l->id);

    if (e)
        return e;
    e = db_stmt(store_db_conn(s),
                "INSERT INTO login (id, account_id, sha256, created_ns, "
                "expires_ns, seen_ns, address, seen_address, user_agent) "
                "VALUES (?,?,?,?,?,?,?,?,?)",
                &q);
    if (e)
        return e;
    db_bind_int(q, l->id);
    db_bind_int(q, l->account_id);
    db_bind_blob(q, l->sha256, 32);
    db_bind_int(q, l->created_ns);
    db_bind_int(q, l->expires_ns);
    db_bind_int(q, l->created_ns);
    db_bind_text(q, l->address);
    db_bind_text(q, l->address);
    db_bind_text(q, l->user_agent);
    e = db_run(q);
    if (e)
        return e;
    e = db_stmt(store_db_conn(s), "UPDATE account SET login_ns=? WHERE id=?",
                &q);
    if (e)
        return e;
    db_bind_int(q, l->created_ns);
    db_bind_int(q, l->account_id);
    return db_run(q);
}

static enum err login_end(struct store *s, int64_t id, int64_t account_id,
                          int64_t now_ns)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "UPDATE login SET ended_ns=? WHERE id=? AND "
                         "account_id=? AND ended_ns=0",
                         &q);

    if (e)
        return e;
    db_bind_int(q, now_ns);
    db_bind_int(q, id);
    db_bind_int(q, account_id);
    e = db_run(q);
    if (e)
        return e;
    return db_changes(store_db_conn(s)) ? WS_OK : WS_NOTFOUND;
}

static enum err login_seen(struct store *s, int64_t id, int64_t now_ns,
                           const char *address)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "UPDATE login SET seen_ns=?, seen_address=? "
                         "WHERE id=?",
                         &q);

    if (e)
        return e;
    db_bind_int(q, now_ns);
    db_bind_text(q, address);
    db_bind_int(q, id);
    return db_run(q);
}

static enum err sweep(struct store *s, int64_t before_ns)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s), "DELETE FROM login WHERE expires_ns<?", &q);

    if (e)
        return e;
    db_bind_int(q, before_ns);
    e = db_run(q);
    if (e)
        return e;
    e = db_stmt(store_db_conn(s), "DELETE FROM setup_link WHERE expires_ns<?",
                &q);
    if (e)
        return e;
    db_bind_int(q, before_ns);
    return db_run(q);
}

const struct store_accounts_ops store_db_accounts = {
    .by_name = by_name,
    .by_id = by_id,
    .count = count,
    .list = list,
    .add = add,
    .set_password = set_password,
    .login = login,
    .logins = logins,
    .login_add = login_add,
    .login_end = login_end,
    .logins_end = logins_end,
    .login_seen = login_seen,
    .sweep = sweep,
    .codes = &store_db_codes,
    .audit = &store_db_audit,
};
