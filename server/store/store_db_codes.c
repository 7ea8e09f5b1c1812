/* API keys, enrollment codes, one-time links and shared secrets. */
#include "server/store/store_accounts_backend.h"

#include "server/store/store_db_run.h"

#include <stdio.h>
#include <string.h>

#define KEY "id, name, roles, created_ns, revoked_ns, used_ns "
#define CODE                                                                   \
    "c.id, c.account_id, coalesce(a.name, ''), c.created_ns, c.expires_ns, "   \
    "c.used_ns, c.revoked_ns, c.session_id FROM enrollment_code c "            \
    "LEFT JOIN account a ON a.id=c.account_id "
#define GOOD "AND used_ns=0 AND expires_ns>? "

static void read_key(struct db_stmt *q, void *row)
{
    struct store_key *out = row;

    *out = (struct store_key){
        .id = db_int(q, 0),
        .created_ns = db_int(q, 3),
        .revoked_ns = db_int(q, 4),
        .used_ns = db_int(q, 5),
    };
    snprintf(out->name, sizeof(out->name), "%s", db_text(q, 1));
    snprintf(out->roles, sizeof(out->roles), "%s", db_text(q, 2));
}

static void read_code(struct db_stmt *q, void *row)
{
    struct store_code *out = row;

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

static enum err key(struct store *s, const uint8_t sha256[32],
                    struct store_key *out)
{
    struct db_stmt *q;
    enum err e = store_db_run_first(
        s, "SELECT " KEY "FROM api_key WHERE sha256=? AND revoked_ns=0",
        STORE_DB_VALUES(HASH(sha256)), &q);

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
    return store_db_run_list(
        s, "SELECT " KEY "FROM api_key WHERE id>? ORDER BY id LIMIT ?",
        STORE_DB_VALUES(INT(after_id), INT((int64_t)max)),
        &(struct store_db_rows){read_key, out, sizeof(*out), max, count});
}

static enum err key_add(struct store *s, struct store_key *k)
{
    enum err e = store_take_ids(s, "api_key", 1, &k->id);

    if (e)
        return e;
    return store_db_run(
        s,
        "INSERT INTO api_key (id, name, roles, sha256, created_ns) VALUES "
        "(?,?,?,?,?)",
        STORE_DB_VALUES(INT(k->id), TEXT(k->name), TEXT(k->roles),
                        HASH(k->sha256), INT(k->created_ns)));
}

static enum err key_used(struct store *s, int64_t id, int64_t now_ns)
{
    return store_db_run(s, "UPDATE api_key SET used_ns=? WHERE id=?",
                        STORE_DB_VALUES(INT(now_ns), INT(id)));
}

static enum err key_revoke(struct store *s, int64_t id, const char *name,
                           int64_t now_ns)
{
    return store_db_run_hit(
        s,
        "UPDATE api_key SET revoked_ns=? WHERE (id=? OR (?=0 AND name=?)) AND "
        "revoked_ns=0",
        STORE_DB_VALUES(INT(now_ns), INT(id), INT(id), TEXT(name)));
}

static enum err codes(struct store *s, int64_t after_id, struct store_code *out,
                      size_t max, size_t *count)
{
    return store_db_run_list(
        s, "SELECT " CODE "WHERE c.id>? ORDER BY c.id LIMIT ?",
        STORE_DB_VALUES(INT(after_id), INT((int64_t)max)),
        &(struct store_db_rows){read_code, out, sizeof(*out), max, count});
}

static enum err code_add(struct store *s, struct store_code *c)
{
    enum err e = store_take_ids(s, "enrollment_code", 1, &c->id);

    if (e)
        return e;
    return store_db_run(
        s,
        "INSERT INTO enrollment_code (id, sha256, account_id, created_ns, "
        "expires_ns) VALUES (?,?,?,?,?)",
        STORE_DB_VALUES(INT(c->id), HASH(c->sha256), INT(c->account_id),
                        INT(c->created_ns), INT(c->expires_ns)));
}

static enum err code_revoke(struct store *s, int64_t id, int64_t now_ns)
{
    return store_db_run_hit(
        s,
        "UPDATE enrollment_code SET revoked_ns=? WHERE id=? AND revoked_ns=0 "
        "AND used_ns=0",
        STORE_DB_VALUES(INT(now_ns), INT(id)));
}

static enum err code_good(struct store *s, const uint8_t sha256[32],
                          int64_t now_ns, struct store_code *out)
{
    struct db_stmt *q;
    enum err e = store_db_run_first(
        s,
        "SELECT " CODE "WHERE c.sha256=? AND c.used_ns=0 AND c.expires_ns>? "
        "AND c.revoked_ns=0",
        STORE_DB_VALUES(HASH(sha256), INT(now_ns)), &q);

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
    enum err e = code_good(s, sha256, now_ns, out);

    if (e)
        return e;
    return store_db_run_hit(
        s,
        "UPDATE enrollment_code SET used_ns=?, session_id=? WHERE id=? AND "
        "used_ns=0 AND revoked_ns=0",
        STORE_DB_VALUES(INT(now_ns), INT(session_id), INT(out->id)));
}

static enum err link_good(struct store *s, const uint8_t sha256[32],
                          int64_t now_ns, struct store_link *out)
{
    struct db_stmt *q;
    enum err e = store_db_run_first(
        s,
        "SELECT id, account_id, created_ns, expires_ns FROM setup_link WHERE "
        "sha256=? " GOOD,
        STORE_DB_VALUES(HASH(sha256), INT(now_ns)), &q);

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
    enum err e = store_take_ids(s, "setup_link", 1, &l->id);

    if (e)
        return e;
    return store_db_run(
        s,
        "INSERT INTO setup_link (id, sha256, account_id, created_ns, "
        "expires_ns) VALUES (?,?,?,?,?)",
        STORE_DB_VALUES(INT(l->id), HASH(l->sha256), INT(l->account_id),
                        INT(l->created_ns), INT(l->expires_ns)));
}

static enum err link_use(struct store *s, int64_t id, int64_t now_ns)
{
    return store_db_run_hit(s,
                            "UPDATE setup_link SET used_ns=? WHERE id=? " GOOD,
                            STORE_DB_VALUES(INT(now_ns), INT(id), INT(now_ns)));
}

static enum err secret(struct store *s, const char *name, uint8_t out[32])
{
    struct db_stmt *q;
    const void *value;
    size_t len;
    enum err e = store_db_run_first(s, "SELECT value FROM secret WHERE name=?",
                                    STORE_DB_VALUES(TEXT(name)), &q);

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
    enum err e = secret(s, name, out);

    if (e != WS_NOTFOUND)
        return e;
    e = store_db_run(s, "INSERT INTO secret (name, value) VALUES (?,?)",
                     STORE_DB_VALUES(TEXT(name), HASH(fresh)));
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
    .secret_make = secret_make,
};
