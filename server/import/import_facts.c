/* import_facts.c - items, a page at a time: read and judged, written in one
 * transaction with their roll-ups, then looked up.
 *
 * What was written is read back by its key, and only a row that is found there
 * with its payload counts. So a key that was there before is told from an id
 * that was: the store answers WS_EXISTS to both, and the second is written
 * again under an id from the counter.
 */
#include "server/import/import_private.h"

#include "core/clock.h"
#include "server/commit/commit_match.h"
#include "server/commit/commit_tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARD 1000 /* of the fleet's figures: no worker's */
#define ITEM_BYTES (1 << 20)

struct page {
    const struct import_facts_kind *kind;
    struct import_item list[IMPORT_PAGE];
    size_t count;
    const struct fact *facts[IMPORT_PAGE]; /* of the items in a transaction */
    struct import_item *items[IMPORT_PAGE];
    enum err results[IMPORT_PAGE];
    size_t put;
    struct commit_tally tally;
    struct fact_found found;
};

static void item_clear(struct import_item *it)
{
    json_free(it->doc);
    facts_fini(&it->room);
    it->doc = NULL;
    buf_clear(&it->payload);
    it->fact = (struct fact){.id = 0};
    it->key[0] = it->blob[0] = '\0';
    it->open = it->new_id = false;
}

static void page_close(struct page *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < IMPORT_PAGE; i++) {
        item_clear(&p->list[i]);
        buf_fini(&p->list[i].payload);
    }
    commit_tally_close(&p->tally);
    buf_fini(&p->found.payload);
    free(p);
}
OWN_DEFINE(page_close, struct page *)

/* --- reading --- */

static enum err read_key(struct page *p, struct db_stmt *q,
                         struct import_item *it,
                         char reason[IMPORT_REASON_BYTES])
{
    const char *key = db_text(q, 2);

    if (!key || !*key) {
        snprintf(it->key, sizeof it->key, "import-django/%s/%" PRId64,
                 p->kind->name, it->id);
        return WS_OK;
    }
    if (wire_check_key(key)) {
        snprintf(reason, IMPORT_REASON_BYTES,
                 "idempotency_key must be 1 to 255 visible ASCII characters");
        return WS_INVALID;
    }
    snprintf(it->key, sizeof it->key, "%s", key);
    return WS_OK;
}

static uint64_t hash_item(const struct import_item *it, const char *payload,
                          size_t len)
{
    OWN_BUF struct buf b = BUF_EMPTY;

    buf_printf(&b, "%" PRId64 "|%s|", it->session_id, it->key);
    buf_append(&b, payload, len);
    return import_hash(&b);
}

/* The row under the cursor as a fact; WS_INVALID with the reason. */
static enum err read_item(struct import *im, struct page *p, struct db_stmt *q,
                          struct import_item *it,
                          char reason[IMPORT_REASON_BYTES])
{
    const char *received = db_text(q, 3);
    struct fact *f = &it->fact;
    enum err e = read_key(p, q, it, reason);

    if (e)
        return e;
    if (db_int(q, 4) > ITEM_BYTES) {
        snprintf(reason, IMPORT_REASON_BYTES,
                 "its long columns have %" PRId64 " bytes, at most %d",
                 db_int(q, 4), ITEM_BYTES);
        return WS_INVALID;
    }
    if (!received ||
        clock_parse_iso(received, strlen(received), &f->received_ns)) {
        snprintf(reason, IMPORT_REASON_BYTES, "created_at is no time");
        return WS_INVALID;
    }
    if (import_sessions_find(im, it->session_id, &f->session_id)) {
        snprintf(reason, IMPORT_REASON_BYTES,
                 "session %" PRId64 " was refused or is not there",
                 it->session_id);
        return WS_INVALID;
    }
    e = import_source_json(q, 5, p->kind->fields, p->kind->field_count,
                           &it->payload, &it->doc, reason);
    f->kind = p->kind->kind;
    f->key = it->key;
    f->id = it->id;
    it->new_id = it->id >= im->own_facts;
    return e ? e : p->kind->fill(im, it, reason);
}

static enum err read_page(struct import *im, int64_t *after, struct page *p,
                          size_t *rows)
{
    struct import_count *c = &im->counts[p->kind->table];
    char reason[IMPORT_REASON_BYTES];
    struct db_stmt *q;
    enum err e = db_stmt(im->source, p->kind->sql, &q);

    *rows = p->count = 0;
    if (e)
        return e;
    db_bind_int(q, *after);
    while (!(e = db_step(q))) {
        struct import_item *it = &p->list[p->count];

        ++*rows;
        c->read++;
        item_clear(it);
        reason[0] = '\0';
        *after = it->id = db_int(q, 0);
        it->session_id = db_int(q, 1);
        e = read_item(im, p, q, it, reason);
        if (reason[0]) {
            c->missing += e == WS_NOTFOUND;
            import_refuse(im, p->kind->table, it->id, reason);
            continue;
        }
        if (e) {
            db_reset(q);
            return e == WS_NOTFOUND || e == WS_INVALID ? WS_IO : e;
        }
        it->hash = hash_item(it, it->fact.payload, it->fact.payload_len);
        c->source += it->hash;
        it->open = true;
        p->count++;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* --- writing --- */

static int by_key(const void *a, const void *b)
{
    const struct fact *x = &(*(struct import_item *const *)a)->fact;
    const struct fact *y = &(*(struct import_item *const *)b)->fact;

    if (x->session_id != y->session_id)
        return x->session_id < y->session_id ? -1 : 1;
    return strcmp(x->key, y->key);
}

/* Ids from the counter for those that cannot keep theirs. */
static enum err give_ids(struct store *s, struct page *p)
{
    int64_t wanted = 0, next = 0;
    enum err e = WS_OK;

    for (size_t i = 0; i < p->put; i++)
        wanted += p->items[i]->new_id;
    if (wanted)
        e = store_take_ids(s, "fact", wanted, &next);
    for (size_t i = 0; !e && i < p->put; i++)
        if (p->items[i]->new_id)
            p->items[i]->fact.id = next++;
    return e;
}

static enum err write_items(struct import *im, void *arg)
{
    struct page *p = arg;
    struct store *s = im->o->store;
    struct commit_tally *t = &p->tally;
    enum err e = give_ids(s, p);

    for (size_t i = 0; i < p->put; i++)
        p->facts[i] = &p->items[i]->fact;
    if (!e)
        e = store_facts_put(s, p->facts, p->put, p->results);
    if (e)
        return e;
    commit_tally_clear(t);
    for (size_t i = 0; i < p->put; i++)
        if (p->results[i] == WS_OK)
            commit_tally_add(t, p->facts[i]);
    if (t->stat_count == 0)
        return WS_OK;
    commit_tally_finish(t);
    for (size_t i = 0; i < t->stat_count; i++)
        t->stats[i].on_time = 0; /* received there, long ago */
    e = store_facts_add_rollups(s, t->rollups, t->rollup_count);
    if (!e)
        e = store_facts_add_fleet(s, SHARD, t->fleet, t->fleet_count);
    return e ? e : store_facts_add_stats(s, t->stats, t->stat_count);
}

/* --- what is there now --- */

static void count_found(struct import *im, struct page *p,
                        struct import_item *it, enum err put)
{
    struct import_count *c = &im->counts[p->kind->table];
    const struct buf *there = &p->found.payload;

    it->open = false;
    if (!commit_match_payload(&it->fact, p->found.payload_sha256,
                              buf_text(there), there->len)) {
        import_refuse(im, p->kind->table, it->id,
                      "another payload has its key here");
        return;
    }
    *(put == WS_OK ? &c->written : &c->there) += 1;
    c->target += there->len == it->fact.payload_len
                     ? hash_item(it, there->data, there->len)
                     : it->hash; /* the same value in another spelling */
}

/* After a write: the row is there, or its id was taken and not its key. */
static enum err settle(struct import *im, struct page *p,
                       struct import_item *it, enum err put)
{
    enum err e = store_facts_find(im->o->store, it->fact.kind,
                                  it->fact.session_id, it->key, &p->found);

    if (!e)
        count_found(im, p, it, put);
    if (e != WS_NOTFOUND)
        return e;
    if (put != WS_EXISTS || it->new_id)
        return WS_CORRUPT;
    it->new_id = true;
    return WS_OK;
}

/* Before a write: no id is taken for what is there. */
static enum err leave_there(struct import *im, struct page *p)
{
    enum err e = WS_OK;

    for (size_t i = 0; !e && i < p->count; i++) {
        struct import_item *it = &p->list[i];

        if (!it->open || !it->new_id)
            continue;
        e = store_facts_find(im->o->store, it->fact.kind, it->fact.session_id,
                             it->key, &p->found);
        if (!e)
            count_found(im, p, it, WS_EXISTS);
        else if (e == WS_NOTFOUND)
            e = WS_OK;
    }
    return e;
}

static enum err settle_all(struct import *im, struct page *p)
{
    enum err e = WS_OK;

    for (size_t i = 0; !e && i < p->put; i++)
        e = settle(im, p, p->items[i], p->results[i]);
    return e;
}

/* A row that the store can't hold is found by writing each alone. */
static enum err write_singly(struct import *im, struct page *p)
{
    for (size_t i = 0; i < p->count; i++) {
        enum err e;

        if (!p->list[i].open)
            continue;
        p->items[0] = &p->list[i];
        p->put = 1;
        e = import_write(im, write_items, p);
        if (e == WS_INVALID) {
            p->list[i].open = false;
            import_refuse(im, p->kind->table, p->list[i].id,
                          "the store can't hold it");
            continue;
        }
        if (!e)
            e = settle_all(im, p);
        if (e)
            return e;
    }
    return WS_OK;
}

static enum err write_page(struct import *im, struct page *p)
{
    enum err e;

    do {
        e = leave_there(im, p);
        if (e)
            return e;
        p->put = 0;
        for (size_t i = 0; i < p->count; i++)
            if (p->list[i].open)
                p->items[p->put++] = &p->list[i];
        if (p->put == 0)
            return WS_OK;
        qsort(p->items, p->put, sizeof(struct import_item *), by_key);
        e = import_write(im, write_items, p);
        if (e == WS_INVALID)
            e = write_singly(im, p);
        else if (!e)
            e = settle_all(im, p);
    } while (!e);
    return e;
}

enum err import_facts(struct import *im, const struct import_facts_kind *kind)
{
    OWN(page_close)
    struct page *p = calloc(1, sizeof *p);
    int64_t after = 0, last;
    size_t rows = 0;
    enum err e = p ? commit_tally_open(&p->tally, IMPORT_PAGE) : WS_NOMEM;

    if (!e)
        e = import_source_last(im, kind->table, &last);
    if (e)
        return e;
    p->kind = kind;
    do {
        e = read_page(im, &after, p, &rows);
        if (!e && im->o->store)
            e = write_page(im, p);
        else if (!e)
            im->counts[kind->table].written += (int64_t)p->count;
        if (rows)
            im->o->progress(im->o->ctx, import_table_names[kind->table], after,
                            last);
    } while (!e && rows == IMPORT_PAGE);
    return e;
}
