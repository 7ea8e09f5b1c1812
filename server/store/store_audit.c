/* The chain: hash(n) = SHA-256(hash(n-1), then every field with its length in
 * front). A row that was changed, taken out or put between shows at the next
 * hash; rows cut off the end show at the head, which is a row of its own. Who
 * can rewrite the whole table can make a new chain: copy the head elsewhere to
 * notice that too. Old rows go by retention: the last one's hash is kept, and
 * the chain begins there. */
#include "server/store/store_audit.h"

#include "core/log.h"
#include "core/own.h"
#include "core/sha256.h"
#include "server/store/store_accounts_backend.h"

#include <stdio.h>
#include <string.h>

static void add(struct buf *b, const char *text)
{
    buf_printf(b, "%zu:%s,", strlen(text), text);
}

static enum err chain(const uint8_t before[SHA256_BYTES],
                      const struct store_audit *row, uint8_t out[SHA256_BYTES])
{
    OWN_BUF struct buf b = BUF_EMPTY;
    enum err e;

    buf_append(&b, before, SHA256_BYTES);
    buf_printf(&b, "%lld,%lld,%lld,", (long long)row->id, (long long)row->at_ns,
               (long long)row->account_id);
    add(&b, row->actor);
    add(&b, row->action);
    add(&b, row->object);
    add(&b, row->detail);
    add(&b, row->address);
    add(&b, row->request);
    e = buf_check(&b);
    if (e)
        return e;
    sha256_hash(b.data, b.len, out);
    return WS_OK;
}

enum err store_audit_append(struct store *s, struct store_audit *row)
{
    const struct store_audit_ops *ops = s->ops->accounts->audit;
    uint8_t before[SHA256_BYTES], hash[SHA256_BYTES];
    enum err e = ops->head(s, &row->id, before);

    if (e)
        return e;
    row->id++;
    e = chain(before, row, hash);
    if (e)
        return e;
    return ops->put(s, row, hash);
}

struct walk {
    int (*each)(void *ctx, const struct store_audit *row);
    void *ctx;
};

static int walk_each(void *ctx, const struct store_audit *row,
                     const uint8_t hash[SHA256_BYTES])
{
    struct walk *w = ctx;

    (void)hash;
    return w->each(w->ctx, row);
}

enum err store_audit_walk(struct store *s, int64_t before_id,
                          int (*each)(void *ctx, const struct store_audit *row),
                          void *ctx)
{
    struct walk w = {.each = each, .ctx = ctx};

    return s->ops->accounts->audit->walk(s, 0, before_id, true, walk_each, &w);
}

/* --- the oldest rows --- */

struct oldest {
    int64_t before_ns, limit, count, last_id;
    uint8_t hash[SHA256_BYTES];
};

static int oldest_each(void *ctx, const struct store_audit *row,
                       const uint8_t hash[SHA256_BYTES])
{
    struct oldest *o = ctx;

    if (row->at_ns >= o->before_ns || o->count == o->limit)
        return 0;
    o->count++;
    o->last_id = row->id;
    memcpy(o->hash, hash, SHA256_BYTES);
    return 1;
}

enum err store_audit_older(struct store *s, int64_t before_ns, int64_t *count)
{
    struct oldest o = {.before_ns = before_ns, .limit = INT64_MAX};
    enum err e =
        s->ops->accounts->audit->walk(s, 0, INT64_MAX, false, oldest_each, &o);

    *count = o.count;
    return e;
}

enum err store_audit_expire(struct store *s, int64_t before_ns, int64_t limit,
                            int64_t *dropped)
{
    const struct store_audit_ops *ops = s->ops->accounts->audit;
    struct oldest o = {.before_ns = before_ns, .limit = limit};
    uint8_t newest[SHA256_BYTES];
    int64_t newest_id;
    enum err e = ops->head(s, &newest_id, newest); /* writers take turns */

    if (!e)
        e = ops->walk(s, 0, INT64_MAX, false, oldest_each, &o);
    if (!e && o.count)
        e = ops->drop(s, o.last_id, o.hash);
    *dropped = o.count;
    return e;
}

/* --- the chain --- */

struct verify {
    uint8_t hash[SHA256_BYTES];
    int64_t last_id, bad_id;
    enum err e;
};

static int verify_each(void *ctx, const struct store_audit *row,
                       const uint8_t hash[SHA256_BYTES])
{
    struct verify *v = ctx;
    uint8_t good[SHA256_BYTES];

    v->e = chain(v->hash, row, good);
    if (v->e)
        return 0;
    if (row->id != v->last_id + 1 || memcmp(good, hash, SHA256_BYTES) != 0) {
        v->bad_id = v->last_id + 1;
        v->e = WS_CORRUPT;
        return 0;
    }
    memcpy(v->hash, good, SHA256_BYTES);
    v->last_id = row->id;
    return 1;
}

static enum err verify_from(struct store *s, struct verify *v)
{
    const struct store_audit_ops *ops = s->ops->accounts->audit;
    uint8_t head[SHA256_BYTES];
    int64_t last = 0;
    enum err e = ops->walk(s, v->last_id, INT64_MAX, false, verify_each, v);

    if (!e)
        e = v->e;
    if (!e)
        e = ops->head(s, &last, head);
    if (e)
        return e;
    if (last == v->last_id && memcmp(head, v->hash, SHA256_BYTES) == 0)
        return WS_OK;
    v->bad_id = v->last_id + 1;
    return WS_CORRUPT;
}

enum err store_audit_verify(struct store *s, int64_t *rows, int64_t *bad_id)
{
    const struct store_audit_ops *ops = s->ops->accounts->audit;
    int64_t first = -1, dropped = 0;
    struct verify v;
    enum err e;

    do { /* again when old rows went under the walk */
        first = dropped;
        v = (struct verify){.last_id = 0};
        e = ops->dropped(s, &v.last_id, v.hash);
        if (e)
            return e;
        dropped = v.last_id;
        e = verify_from(s, &v);
    } while (e == WS_CORRUPT && first != dropped);
    *rows = v.last_id - dropped;
    *bad_id = v.bad_id;
    return e;
}
