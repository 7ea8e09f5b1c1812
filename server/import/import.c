/* import.c - the tables in their order, and what all of them need. */
#include "server/import/import_private.h"

#include "core/env.h"
#include "core/sha256.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#define TRIES 20
#define WAIT_MOST_NS (INT64_C(100) * 1000000)

void import_refuse(struct import *im, enum import_table table, int64_t id,
                   const char *reason)
{
    im->counts[table].refused++;
    im->o->refused(im->o->ctx, import_table_names[table], id, reason);
}

uint64_t import_hash(const struct buf *row)
{
    uint8_t hash[SHA256_BYTES];
    uint64_t n;

    sha256_hash(row->data, row->len, hash);
    memcpy(&n, hash, sizeof n);
    return n;
}

enum err import_write(struct import *im,
                      enum err (*fn)(struct import *im, void *arg), void *arg)
{
    struct store *s = im->o->store;
    enum err e = WS_AGAIN;

    for (int try = 0; try < TRIES && e == WS_AGAIN; try++) {
        struct timespec nap = {
            .tv_nsec = (long)env_random_below(&env_system, WAIT_MOST_NS)};

        if (try)
            (void)nanosleep(&nap, NULL);
        e = store_begin(s);
        if (e)
            continue;
        e = fn(im, arg);
        if (!e)
            e = store_commit(s);
        if (e)
            store_rollback(s);
    }
    return e;
}

/* --- ids --- */

struct ids {
    const char *counter; /* that everybody takes from */
    const char *mark;    /* how much of it is Django's */
    int64_t most;        /* Django's highest */
    int64_t end;         /* out */
};

/* Ids from 1 on are Django's as long as nobody else took one: the counter and
 * the mark stand at the same number then, and go on together. The mark stays,
 * so that a later run knows which ids are its own. */
static enum err reserve(struct import *im, void *arg)
{
    struct ids *ids = arg;
    struct store *s = im->o->store;
    int64_t next, more;
    enum err e = store_take_ids(s, ids->counter, 0, &next);

    if (!e)
        e = store_take_ids(s, ids->mark, 0, &ids->end);
    more = ids->most + 1 - ids->end;
    if (e || next != ids->end || more <= 0)
        return e;
    e = store_take_ids(s, ids->counter, more, &next);
    if (!e)
        e = store_take_ids(s, ids->mark, more, &next);
    ids->end += more;
    return e;
}

static enum err reserve_all(struct import *im)
{
    static const enum import_table facts[] = {
        IMPORT_METRICS, IMPORT_SCREENSHOTS, IMPORT_RECORDINGS};
    struct ids sessions = {.counter = "session", .mark = "import_session"};
    struct ids items = {.counter = "fact", .mark = "import_fact"};
    int64_t last;
    enum err e = import_source_last(im, IMPORT_SESSIONS, &sessions.most);

    for (size_t i = 0; !e && i < sizeof facts / sizeof facts[0]; i++) {
        e = import_source_last(im, facts[i], &last);
        if (!e && items.most < last)
            items.most = last;
    }
    /* whole blocks: retention counts on where they begin */
    items.most +=
        (STORE_ID_BLOCK - items.most % STORE_ID_BLOCK) % STORE_ID_BLOCK;
    if (!e)
        e = import_write(im, reserve, &sessions);
    if (!e)
        e = import_write(im, reserve, &items);
    im->own_sessions = sessions.end;
    im->own_facts = items.end;
    return e;
}

/* --- all of it --- */

static enum err run_tables(struct import *im)
{
    enum err e = im->o->store ? reserve_all(im) : WS_OK;

    if (!e)
        e = import_sessions(im);
    if (!e)
        e = import_heartbeats(im);
    for (size_t i = 0; !e && i < import_kinds_count; i++)
        e = import_facts(im, &import_kinds[i]);
    return e;
}

enum err import_run(const struct import_options *options,
                    struct import_count counts[IMPORT_TABLES])
{
    OWN_FD int media = open(options->media, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OWN_FREE struct import *im = calloc(1, sizeof *im);
    enum err e;

    if (media < 0)
        return err_sys("import: open %s", options->media);
    if (!im)
        return WS_NOMEM;
    memset(counts, 0, IMPORT_TABLES * sizeof *counts);
    im->o = options;
    im->counts = counts;
    im->media_fd = media;
    e = import_source_open(im);
    if (!e)
        e = run_tables(im);
    db_close(im->source);
    return e;
}
