#include "server/store/store_accounts_backend.h"
#include "server/store/store_db.h"

#include <string.h>

#define ROW                                                                    \
    "SELECT id, at_ns, actor, account_id, action, object, detail, address, "   \
    "request, hash FROM audit WHERE id>? AND id<? "

static enum err head(struct store *s, int64_t *id, uint8_t hash[32])
{
    /* Writers of several processes take turns; readers only look. */
    const struct store_db *own = (const struct store_db *)s;
    bool turns = own->dialect == STORE_MYSQL && !own->read_only;
    struct db_stmt *q;
    const void *bytes;
    size_t len;
    enum err e =
        turns ? db_stmt(own->db,
                        "SELECT id, hash FROM audit_head WHERE one=1 FOR "
                        "UPDATE",
                        &q)
              : db_stmt(own->db, "SELECT id, hash FROM audit_head WHERE one=1",
                        &q);

    if (e)
        return e;
    e = db_step(q);
    if (e)
        return e == WS_NOTFOUND ? WS_CORRUPT : e;
    *id = db_int(q, 0);
    bytes = db_blob(q, 1, &len);
    if (len == 32)
        memcpy(hash, bytes, 32);
    db_reset(q);
    return len == 32 ? WS_OK : WS_CORRUPT;
}

static enum err put(struct store *s, const struct store_audit *row,
                    const uint8_t hash[32])
{
    struct db_stmt *q;
    enum err e = db_stmt(store_db_conn(s),
                         "INSERT INTO audit (id, at_ns, actor, account_id, "
                         "action, object, detail, address, request, hash) "
                         "VALUES (?,?,?,?,?,?,?,?,?,?)",
                         &q);

    if (e)
        return e;
    db_bind_int(q, row->id);
    db_bind_int(q, row->at_ns);
    db_bind_text(q, row->actor);
    db_bind_int(q, row->account_id);
    db_bind_text(q, row->action);
    db_bind_text(q, row->object);
    db_bind_text(q, row->detail);
    db_bind_text(q, row->address);
    db_bind_text(q, row->request);
    db_bind_blob(q, hash, 32);
    e = db_run(q);
    if (e)
        return e;
    e = db_stmt(store_db_conn(s),
                "UPDATE audit_head SET id=?, hash=? WHERE one=1", &q);
    if (e)
        return e;
    db_bind_int(q, row->id);
    db_bind_blob(q, hash, 32);
    return db_run(q);
}

struct page {
    int64_t after_id, before_id;
    bool newest_first;
    bool stopped;
    size_t rows;
};

/* One page of a walk; the bounds move past what was read. */
static enum err walk_page(struct store *s, struct page *p,
                          int (*each)(void *ctx, const struct store_audit *row,
                                      const uint8_t hash[32]),
                          void *ctx)
{
    struct db_stmt *q;
    enum err e =
        p->newest_first
            ? db_stmt(store_db_conn(s), ROW "ORDER BY id DESC" STORE_DB_LIMIT,
                      &q)
            : db_stmt(store_db_conn(s), ROW "ORDER BY id" STORE_DB_LIMIT, &q);

    if (e)
        return e;
    db_bind_int(q, p->after_id);
    db_bind_int(q, p->before_id);
    for (p->rows = 0; (e = db_step(q)) == WS_OK; p->rows++) {
        struct store_audit row = {
            .id = db_int(q, 0),
            .at_ns = db_int(q, 1),
            .actor = db_text(q, 2),
            .account_id = db_int(q, 3),
            .action = db_text(q, 4),
            .object = db_text(q, 5),
            .detail = db_text(q, 6),
            .address = db_text(q, 7),
            .request = db_text(q, 8),
        };
        size_t len;
        const void *hash = db_blob(q, 9, &len);

        *(p->newest_first ? &p->before_id : &p->after_id) = row.id;
        if (len != 32)
            e = WS_CORRUPT;
        p->stopped = e || !each(ctx, &row, hash);
        if (p->stopped)
            break;
    }
    db_reset(q);
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err walk(struct store *s, int64_t after_id, int64_t before_id,
                     bool newest_first,
                     int (*each)(void *ctx, const struct store_audit *row,
                                 const uint8_t hash[32]),
                     void *ctx)
{
    struct page p = {after_id, before_id, newest_first, .stopped = false};
    enum err e;

    do
        e = walk_page(s, &p, each, ctx);
    while (!e && !p.stopped && p.rows == STORE_DB_PAGE);
    return e;
}

/* --- the beginning of the chain: audit_head's row 2 --- */

static enum err dropped(struct store *s, int64_t *id, uint8_t hash[32])
{
    struct db_stmt *q;
    const void *bytes;
    size_t len = 0;
    enum err e = db_stmt(store_db_conn(s),
                         "SELECT id, hash FROM audit_head WHERE one=2", &q);

    if (e)
        return e;
    *id = 0;
    memset(hash, 0, 32);
    e = db_step(q);
    if (e)
        return e == WS_NOTFOUND ? WS_OK : e;
    *id = db_int(q, 0);
    bytes = db_blob(q, 1, &len);
    if (len == 32)
        memcpy(hash, bytes, 32);
    db_reset(q);
    return len == 32 ? WS_OK : WS_CORRUPT;
}

static enum err keep_dropped(struct db *db, const char *sql, int64_t id,
                             const uint8_t hash[32])
{
    struct db_stmt *q;
    enum err e = db_stmt(db, sql, &q);

    if (e)
        return e;
    db_bind_int(q, id);
    db_bind_blob(q, hash, 32);
    return db_run(q);
}

static enum err drop(struct store *s, int64_t upto_id, const uint8_t hash[32])
{
    struct db *db = store_db_conn(s);
    struct db_stmt *q;
    enum err e = keep_dropped(
        db, "UPDATE audit_head SET id=?, hash=? WHERE one=2", upto_id, hash);

    if (!e && db_changes(db) == 0)
        e = keep_dropped(
            db, "INSERT INTO audit_head (one, id, hash) VALUES (2, ?, ?)",
            upto_id, hash);
    if (!e)
        e = db_stmt(db, "DELETE FROM audit WHERE id<=?", &q);
    if (e)
        return e;
    db_bind_int(q, upto_id);
    return db_run(q);
}

const struct store_audit_ops store_db_audit = {
    .head = head,
    .put = put,
    .walk = walk,
    .dropped = dropped,
    .drop = drop,
};
