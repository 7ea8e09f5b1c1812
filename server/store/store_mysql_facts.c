/* store_mysql_facts.c - facts in, many rows a statement.
 *
 * A plain INSERT of many rows either stores all, or (1062) none: then the keys
 * that are there are read and the rest is tried again, until nobody races.
 * Never INSERT IGNORE, which swallows what it would cut.
 */
#include "server/store/store_db_kinds.h"
#include "server/store/store_mysql.h"

#include <stdlib.h>
#include <string.h>

#define TRIES 4      /* with many rows; then one by one */
#define ASK_ABOUT 64 /* keys, at once */

/* Facts of one kind that are still to be stored: indexes into the call's. */
struct batch {
    struct db *db;
    const struct store_db_kind *kind;
    const struct fact *const *facts;
    enum err *results;
    size_t *left;
    size_t count;
};

static bool same_key(const struct fact *a, const struct fact *b)
{
    return a->session_id == b->session_id && strcmp(a->key, b->key) == 0;
}

/* At most. Every text of the columns stands in the payload too, but for those
 * that the server makes. */
static size_t row_bytes(const struct fact *f)
{
    return 2 * f->payload_len + strlen(f->key) + 1024;
}

/* As many of the first rows as fit one statement and a prepared size. */
static size_t fitting(const struct batch *b, size_t from)
{
    size_t room = store_mysql_db_packet(b->db) / 2, bytes = 0, n = 0;

    while (from + n < b->count) {
        bytes += row_bytes(b->facts[b->left[from + n]]);
        if (n && bytes > room)
            break;
        n++;
    }
    return store_mysql_db_take(b->db, n);
}

static enum err insert(struct batch *b, size_t from, size_t n)
{
    struct db_stmt *q;
    enum err e = store_mysql_db_rows(b->db, &b->kind->insert, n, &q);

    if (e)
        return e;
    for (size_t i = 0; i < n; i++)
        store_db_kinds_bind(q, b->facts[b->left[from + i]]);
    return db_run(q);
}

/* Mark which of some rows are in the table by now. */
static enum err mark_few_taken(struct batch *b, size_t from, size_t n)
{
    struct db_stmt *q;
    enum err e = store_mysql_db_rows(b->db, &b->kind->taken, n, &q);

    if (e)
        return e;
    for (size_t i = 0; i < n; i++) {
        db_bind_int(q, b->facts[b->left[from + i]]->session_id);
        db_bind_text(q, b->facts[b->left[from + i]]->key);
    }
    while (!(e = db_step(q))) {
        const struct fact there = {.session_id = db_int(q, 0),
                                   .key = db_text(q, 1)};

        for (size_t i = from; i < from + n; i++)
            if (same_key(b->facts[b->left[i]], &there))
                b->results[b->left[i]] = WS_EXISTS;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err mark_taken(struct batch *b, size_t from, size_t n)
{
    enum err e = WS_OK;

    for (size_t i = 0; !e && i < n; i += ASK_ABOUT)
        e = mark_few_taken(b, from + i, n - i < ASK_ABOUT ? n - i : ASK_ABOUT);
    return e;
}

/* Keep only those that are not known to be there. */
static void drop_taken(struct batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->count; i++)
        if (b->results[b->left[i]] != WS_EXISTS)
            b->left[n++] = b->left[i];
    b->count = n;
}

/* Insert all that is left, `most` rows a statement; what must be tried again
 * stays in the batch. */
static enum err insert_left(struct batch *b, size_t most)
{
    size_t again = 0, n;

    for (size_t from = 0; from < b->count; from += n) {
        enum err e;

        n = fitting(b, from);
        if (n > most)
            n = most;
        e = insert(b, from, n);
        if (e == WS_EXISTS && n == 1)
            b->results[b->left[from]] = WS_EXISTS;
        else if (e == WS_EXISTS)
            e = mark_taken(b, from, n);
        else if (!e)
            continue; /* stored */
        if (e && e != WS_EXISTS)
            return e;
        memmove(b->left + again, b->left + from, n * sizeof *b->left);
        again += n;
    }
    b->count = again;
    drop_taken(b);
    return WS_OK;
}

static enum err store_batch(struct batch *b)
{
    enum err e = WS_OK;

    for (int try = 0; !e && b->count && try <= TRIES; try++)
        e = insert_left(b, try < TRIES ? SIZE_MAX : 1);
    return e;
}

/* The facts of one kind; of equal keys in the call the first counts. */
static void choose(struct batch *b, size_t count, enum wire_item_kind kind)
{
    const struct fact *last = NULL;

    b->kind = &store_db_kinds[kind];
    b->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (b->facts[i]->kind != kind)
            continue;
        if (last && same_key(last, b->facts[i])) {
            b->results[i] = WS_EXISTS;
            continue;
        }
        last = b->facts[i];
        b->left[b->count++] = i;
    }
}

static enum err put(struct store *s, const struct fact *const *facts,
                    size_t count, enum err *results)
{
    OWN_FREE size_t *left = calloc(count + 1, sizeof *left);
    struct batch b = {.db = store_db_conn(s),
                      .facts = facts,
                      .results = results,
                      .left = left};
    enum err e = WS_OK;

    if (!left)
        return WS_NOMEM;
    memset(results, 0, count * sizeof *results);
    for (enum wire_item_kind k = 0; !e && k < WIRE_ITEM_KINDS; k++) {
        choose(&b, count, k);
        if (b.count && !b.kind->insert.head)
            return WS_INVALID;
        e = store_batch(&b);
    }
    for (size_t i = 0; !e && i < count; i++)
        if (results[i] == WS_OK)
            e = store_db_kinds_follow(s, facts[i]);
    return e;
}

const struct store_facts_ops store_mysql_facts = {
    .put = put,
    .find = store_db_kinds_find,
    .add_rollups = store_mysql_rollups_add,
    .add_fleet = store_mysql_rollups_add_fleet,
    .add_stats = store_mysql_rollups_add_stats,
};
