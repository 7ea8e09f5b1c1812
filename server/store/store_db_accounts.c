/* Accounts and their logins. Statements are literals; every value is bound. */
#include "server/store/store_accounts_backend.h"

#include "server/store/store_db_run.h"

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

static void read_row(struct db_stmt *q, void *row)
{
    read_account(q, 0, row);
}

static void read_login(struct db_stmt *q, void *row)
{
    struct store_login *out = row;

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

/* The one account of a query. */
static enum err end_account(struct db_stmt *q, enum err e,
                            struct store_account *out)
{
    if (e)
        return e;
    read_account(q, 0, out);
    db_reset(q);
    return WS_OK;
}

static enum err by_name(struct store *s, const char *name,
                        struct store_account *out)
{
    char key[STORE_NAME_BYTES];
    struct db_stmt *q;
    enum err e;

    if (strlen(name) >= sizeof(key))
        return WS_NOTFOUND;
    lower(name, key);
    e = store_db_run_first(
        s, "SELECT " ACCOUNT "FROM account a WHERE a.name_key=?",
        STORE_DB_VALUES(TEXT(key)), &q);
    return end_account(q, e, out);
}

static enum err by_id(struct store *s, int64_t id, struct store_account *out)
{
    struct db_stmt *q;
    enum err e =
        store_db_run_first(s, "SELECT " ACCOUNT "FROM account a WHERE a.id=?",
                           STORE_DB_VALUES(INT(id)), &q);

    return end_account(q, e, out);
}

static enum err count(struct store *s, int64_t *count, int64_t *first_admin)
{
    struct db_stmt *q;
    enum err e = store_db_run_first(
        s,
        "SELECT count(*), coalesce(min(CASE WHEN closed_ns=0 AND "
        "','||roles||',' LIKE '%,admin,%' THEN id END), 0) FROM account",
        NULL, 0, &q);

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
    return store_db_run_list(
        s,
        "SELECT " ACCOUNT "FROM account a WHERE a.id>? ORDER BY a.id LIMIT ?",
        STORE_DB_VALUES(INT(after_id), INT((int64_t)max)),
        &(struct store_db_rows){read_row, out, sizeof(*out), max, count});
}

static enum err add(struct store *s, struct store_account *a)
{
    char key[STORE_NAME_BYTES];
    enum err e = store_take_ids(s, "account", 1, &a->id);

    if (e)
        return e;
    lower(a->name, key);
    return store_db_run(
        s,
        "INSERT INTO account (id, name, name_key, roles, team, password, "
        "created_ns, password_ns) VALUES (?,?,?,?,?,?,?,?)",
        STORE_DB_VALUES(INT(a->id), TEXT(a->name), TEXT(key), TEXT(a->roles),
                        TEXT(a->team), TEXT(a->password), INT(a->created_ns),
                        INT(a->created_ns)));
}

static enum err logins_end(struct store *s, int64_t account_id,
                           int64_t keep_login, int64_t now_ns)
{
    return store_db_run(
        s,
        "UPDATE login SET ended_ns=? WHERE account_id=? AND id<>? AND "
        "ended_ns=0",
        STORE_DB_VALUES(INT(now_ns), INT(account_id), INT(keep_login)));
}

static enum err set_password(struct store *s, int64_t account_id,
                             const char *hash, int64_t now_ns,
                             int64_t keep_login)
{
    enum err e = store_db_run_hit(
        s, "UPDATE account SET password=?, password_ns=? WHERE id=?",
        STORE_DB_VALUES(TEXT(hash), INT(now_ns), INT(account_id)));

    return e ? e : logins_end(s, account_id, keep_login, now_ns);
}

static enum err login(struct store *s, const uint8_t sha256[32], int64_t now_ns,
                      struct store_login *login, struct store_account *account)
{
    struct db_stmt *q;
    enum err e = store_db_run_first(
        s,
        "SELECT " LOGIN ", " ACCOUNT
        "FROM login l JOIN account a ON a.id=l.account_id WHERE l.sha256=? "
        "AND l.ended_ns=0 AND l.expires_ns>? AND a.closed_ns=0",
        STORE_DB_VALUES(HASH(sha256), INT(now_ns)), &q);

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
    return store_db_run_list(
        s,
        "SELECT " LOGIN "FROM login l WHERE l.account_id=? AND l.id<? AND "
        "l.ended_ns=0 AND l.expires_ns>? ORDER BY l.id DESC LIMIT ?",
        STORE_DB_VALUES(INT(account_id), INT(before_id), INT(now_ns),
                        INT((int64_t)max)),
        &(struct store_db_rows){read_login, out, sizeof(*out), max, count});
}

static enum err login_add(struct store *s, struct store_login *l)
{
    enum err e = store_take_ids(s, "login", 1, &l->id);

    if (e)
        return e;
    e = store_db_run(
        s,
        "INSERT INTO login (id, account_id, sha256, created_ns, expires_ns, "
        "seen_ns, address, seen_address, user_agent) VALUES "
        "(?,?,?,?,?,?,?,?,?)",
        STORE_DB_VALUES(INT(l->id), INT(l->account_id), HASH(l->sha256),
                        INT(l->created_ns), INT(l->expires_ns),
                        INT(l->created_ns), TEXT(l->address), TEXT(l->address),
                        TEXT(l->user_agent)));
    if (e)
        return e;
    return store_db_run(
        s, "UPDATE account SET login_ns=? WHERE id=?",
        STORE_DB_VALUES(INT(l->created_ns), INT(l->account_id)));
}

static enum err login_end(struct store *s, int64_t id, int64_t account_id,
                          int64_t now_ns)
{
    return store_db_run_hit(
        s,
        "UPDATE login SET ended_ns=? WHERE id=? AND account_id=? AND "
        "ended_ns=0",
        STORE_DB_VALUES(INT(now_ns), INT(id), INT(account_id)));
}

static enum err login_seen(struct store *s, int64_t id, int64_t now_ns,
                           const char *address)
{
    return store_db_run(s,
                        "UPDATE login SET seen_ns=?, seen_address=? WHERE id=?",
                        STORE_DB_VALUES(INT(now_ns), TEXT(address), INT(id)));
}

static enum err sweep(struct store *s, int64_t before_ns)
{
    enum err e = store_db_run(s, "DELETE FROM login WHERE expires_ns<?",
                              STORE_DB_VALUES(INT(before_ns)));

    if (e)
        return e;
    return store_db_run(s, "DELETE FROM setup_link WHERE expires_ns<?",
                        STORE_DB_VALUES(INT(before_ns)));
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
