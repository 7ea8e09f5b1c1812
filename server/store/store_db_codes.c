/* API keys, enrollment codes, one-time links and shared secrets. */
#include "server/store/store_accounts_backend.h"

#include "server/store/store_db.h"

#include <stdio.h>
#include <string.h>

#define KEY "id, name, roles, created_ns, revoked_ns, used_ns "
#define CODE                                                                   \
    "c.id, c.account_id, coalesce(a.name, ''), c.created_ns, c.expires_ns, "   \
    "c.used_ns, c.revoked_ns, c.session_id FROM enrollment_code c "            \
    "LEFT JOIN account a ON a.id=c.account_id "
#define GOOD "AND used_ns=0 AND expires_ns>? "

static void read_key(struct db_stmt *q, struct store_key *out)
{
    *out = (struct store_key){
        .id = db_int(q, 0),
        .created_ns = db_int(q, 3),
        .revoked_ns = db_int(q, 4),
        .used_ns = db_int(q, 5),
    };
    snprintf(out->name, sizeof(out->name), "%s", db_text(q, 1));
    snprintf(out->roles, sizeof(out->roles), "%s", db_text(q, 2));
}

static void read_code(struct db_stmt *q, struct store_code *out)
{
    *out = (struct store_code){
        .id = db_int(q, 0),
        .account_id = db_int(q, 1),
        .created_ns = db_int(q, 3),
        .expires_ns = db_int(q, 4),
        .used_ns = db_int(q, 5),
        .revoked_ns = db_int(q, 6),
        .session_id = db_int(q, 7),
    };
    snprintf(out->account, sizeof(out->account), "%s", db_text(q, 2));
}

/* Run an UPDATE that must hit a row. */
static enum err hit(struct store *s, struct db_stmt *q)
{
    enum err e = db_run(q);

    if (e)
        return e;
    return db_changes(store_db_conn(s)) ? WS_OK : WS_NOTFOUND;
}

static enum err key(struct store *s, const uint8_t sha256[32],
                    struct store_key *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT " KEY "FROM api_key WHERE sha256=? AND "
                         "revoked_ns=0",
                         &q);

    if (e)
        return e;
    db_bind_blob(q, sha256, 32);
    e = db_step(q);
    if (e)
        return e;
    read_key(q, out);
    memcpy(out->sha256, sha256, 32);
    db_reset(q);
    return WS_OK;
}

static enum err keys(struct store *s, int64_t after_id, struct store_key *out,
                     size_t max, size_t *count)
{
    struct db_stmt *q;
    size_t n = 0;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT " KEY "FROM api_key WHERE id>? ORDER BY id "
                         "LIMIT ?",
                         &q);

    if (e)
        return e;
    db_bind_int(q, after_id);
    db_bind_int(q, (int64_t)max);
    while (n < max && (e = db_step(q)) == WS_OK)
        read_key(q, &out[n++]);
    if (e && e != WS_NOTFOUND)
        return e;
    *count = n;
    db_reset(q);
    return WS_OK;
}

static enum err key_add(struct store *s, struct store_key *k)
{
    struct db_stmt *q;
    enum err e = store_take_ids(s, "api_key", 1, &k->id);

    if (e)
        return e;
    e = db_stmt(store_db_conn(s),
                "INSERT INTO api_key (id, name, roles, sha256, created_ns) "
                "VALUES (?,?,?,?,?)",
                &q);
    if (e)
        return e;
    db_bind_int(q, k->id);
    db_bind_text(q, k->name);
    db_bind_text(q, k->roles);
    db_bind_blob(q, k->sha256, 32);
    db_bind_int(q, k->created_ns);
    return db_run(q);
}

static enum err key_used(struct store *s, int64_t id, int64_t now_ns)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "UPDATE api_key SET used_ns=? WHERE id=?", &q);

    if (e)
        return e;
    db_bind_int(q, now_ns);
    db_bind_int(q, id);
    return db_run(q);
}

static enum err key_revoke(struct store *s, int64_t id, const char *name,
                           int64_t now_ns)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "UPDATE api_key SET revoked_ns=? WHERE (id=? OR "
                         "(?=0 AND name=?)) AND revoked_ns=0",
                         &q);

    if (e)
        return e;
    db_bind_int(q, now_ns);
    db_bind_int(q, id);
    db_bind_int(q, id);
    db_bind_text(q, name);
    return hit(s, q);
}

static enum err codes(struct store *s, int64_t after_id, struct store_code *out,
                      size_t max, size_t *count)
{
    struct db_stmt *q;
    size_t n = 0;
    enum err e =
        db_stmt(store_db_conn(s),
                "SELECT " CODE "WHERE c.id>? ORDER BY c.id LIMIT ?", &q);

    if (e)
        return e;
    db_bind_int(q, after_id);
    db_bind_int(q, (int64_t)max);
    while (n < max && (e = db_step(q)) == WS_OK)
        read_code(q, &out[n++]);
    if (e && e != WS_NOTFOUND)
        return e;
    *count = n;
    db_reset(q);
    return WS_OK;
}

static enum err code_add(struct store *s, struct store_code *c)
{
    struct db_stmt *q;
    enum err e = store_take_ids(s, "enrollment_code", 1, &c->id);

    if (e)
        return e;
    e = db_stmt(store_db_conn(s),
                "INSERT INTO enrollment_code (id, sha256, account_id, "
                "created_ns, expires_ns) VALUES (?,?,?,?,?)",
                &q);
    if (e)
        return e;
    db_bind_int(q, c->id);
    db_bind_blob(q, c->sha256, 32);
    db_bind_int(q, c->account_id);
    db_bind_int(q, c->created_ns);
    db_bind_int(q, c->expires_ns);
    return db_run(q);
}

static enum err code_revoke(struct store *s, int64_t id, int64_t now_ns)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "UPDATE enrollment_code SET revoked_ns=? WHERE id=? "
                         "AND revoked_ns=0 AND used_ns=0",
                         &q);

    if (e)
        return e;
    db_bind_int(q, now_ns);
    db_bind_int(q, id);
    return hit(s, q);
}

static enum err code_good(struct store *s, const uint8_t sha256[32],
                          int64_t now_ns, struct store_code *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT " CODE "WHERE c.sha256=? AND c.used_ns=0 AND "
                         "c.expires_ns>? AND c.revoked_ns=0",
                         &q);

    if (e)
        return e;
    db_bind_blob(q, sha256, 32);
    db_bind_int(q, now_ns);
    e = db_step(q);
    if (e)
        return e;
    read_code(q, out);
    memcpy(out->sha256, sha256, 32);
    db_reset(q);
    return WS_OK;
}

static enum err code_use(struct store *s, const uint8_t sha256[32],
                         int64_t session_id, int64_t now_ns,
                         struct store_code *out)
{
    struct db_stmt *q;
    enum err e = code_good(s, sha256, now_ns, out);

    if (e)
        return e;
    e = db_stmt(store_db_conn(s),
                "UPDATE enrollment_code SET used_ns=?, session_id=? "
                "WHERE id=? AND used_ns=0 AND revoked_ns=0",
                &q);
    if (e)
        return e;
    db_bind_int(q, now_ns);
    db_bind_int(q, session_id);
    db_bind_int(q, out->id);
    return hit(s, q);
}

static enum err link_good(struct store *s, const uint8_t sha256[32],
                          int64_t now_ns, struct store_link *out)
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT id, account_id, created_ns, expires_ns FROM "
                         "setup_link WHERE sha256=? " GOOD,
                         &q);

    if (e)
        return e;
    db_bind_blob(q, sha256, 32);
    db_bind_int(q, now_ns);
    e = db_step(q);
    if (e)
        return e;
    *out = (struct store_link){
        .id = db_int(q, 0),
        .account_id = db_int(q, 1),
        .created_ns = db_int(q, 2),
        .expires_ns = db_int(q, 3),
    };
    memcpy(out->sha256, sha256, 32);
    db_reset(q);
    return WS_OK;
}

static enum err link_add(struct store *s, struct store_link *l)
{
    struct db_stmt *q;
    enum err e = store_take_ids(s, "setup_link", 1, &l->id);

    if (e)
        return e;
    e = db_stmt(store_db_conn(s),
                "INSERT INTO setup_link (id, sha256, account_id, created_ns, "
                "expires_ns) VALUES (?,?,?,?,?)",
                &q);
    if (e)
        return e;
    db_bind_int(q, l->id);
    db_bind_blob(q, l->sha256, 32);
    db_bind_int(q, l->account_id);
    db_bind_int(q, l->created_ns);
    db_bind_int(q, l->expires_ns);
    return db_run(q);
}

static enum err link_use(struct store *s, int64_t id, int64_t now_ns)
{
    struct db_stmt *q;
    enum err e =
        db_stmt(store_db_conn(s),
                "UPDATE setup_link SET used_ns=? WHERE id=? " GOOD, &q);

    if (e)
        return e;
    db_bind_int(q, now_ns);
    db_bind_int(q, id);
    db_bind_int(q, now_ns);
    return hit(s, q);
}

static enum err secret(struct store *s, const char *name, uint8_t out[32])
{
    struct db_stmt *q;
    const void *value;
    size_t len;
    enum err e =
        db_stmt(store_db_conn(s), "SELECT value FROM secret WHERE name=?", &q);

    if (e)
        return e;
    db_bind_text(q, name);
    e = db_step(q);
    if (e)
        return e;
    value = db_blob(q, 0, &len);
    if (len == 32)
        memcpy(out, value, 32);
    db_reset(q);
    return len == 32 ? WS_OK : WS_CORRUPT;
}

static enum err secret_make(struct store *s, const char *name,
                            const uint8_t fresh[32], uint8_t out[32])
{
    struct db_stmt *q;
    enum err e = secret(s, name, out);

    if (e != WS_NOTFOUND)
        return e;
    e = db_stmt(store_db_conn(s),
                "INSERT INTO secret (name, value) VALUES (?,?)", &q);
    if (e)
        return e;
    db_bind_text(q, name);
    db_bind_blob(q, fresh, 32);
    e = db_run(q);
    if (e == WS_EXISTS) /* another process was first */
        return secret(s, name, out);
    if (e)
        return e;
    memcpy(out, fresh, 32);
    return WS_OK;
}

const struct store_codes_ops store_db_codes = {
    .key = key,
    .keys = keys,
    .key_add = key_add,
    .key_used = key_used,
    .key_revoke = key_revoke,
    .codes = codes,
    .code_add = code_add,
    .code_revoke = code_revoke,
    .code_use = code_use,
    .code_good = code_good,
    .link = link_good,
    .link_add = link_add,
    .link_use = link_use,
    .secret = secret,
    .secret_make = secret_make,
};
