/* commit_plan.c - see commit_plan.h for the promise; here is the machine:
 *
 *   BEGIN -> READ_TOKENS -> READ_LEDGER -> PUT_FACTS -> FIND* -> PUT_LEDGER
 *         -> PUT_ROLLUPS -> COMMIT -> the next slice, or DONE
 *
 * and from every step that fails, ROLLBACK and then
 *
 *   WS_AGAIN    WAIT, the same slice again, COMMIT_PLAN_TRIES times in all
 *   WS_INVALID  before the commit: both halves of the slice, each alone;
 *               a single item is COMMIT_REJECTED
 *   WS_FULL     the slice is COMMIT_NO_ROOM
 *   else        the slice is COMMIT_RETRY: nobody knows what the store did
 *
 * A key that comes twice in a slice is inserted once, by its first item (the
 * leader); the others (twins) are judged against it. A seq that the ledger
 * knows is never inserted: its row is looked up, and when the row is gone by
 * retention the answer is a duplicate without an id.
 */
#include "server/commit/commit_plan.h"

#include "server/commit/commit_match.h"
#include "server/commit/commit_tally.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SLICES 64
#define FIRST_WAIT_MS 5

struct slice {
    size_t from, to; /* of items */
};

struct commit_plan {
    struct commit_item **items; /* sorted by session, key, order */
    size_t count;
    int64_t first_id;
    struct slice todo[MAX_SLICES];
    size_t todo_count;
    struct slice now;
    int tries;
    enum err failure; /* why the slice is rolled back */
    bool at_commit;   /* it failed at COMMIT or later */
    size_t find_at;
    struct fact_found found;
    struct store_token *tokens;
    struct store_seqs *runs; /* asked for, then delivered */
    const struct fact **facts;
    struct commit_item **put; /* items of facts[] */
    enum err *results;
    struct commit_tally tally;
    struct commit_step step;
};

/* --- opening --- */

static int by_key(const void *a, const void *b)
{
    const struct commit_item *x = *(struct commit_item *const *)a;
    const struct commit_item *y = *(struct commit_item *const *)b;
    int c;

    if (x->fact.session_id != y->fact.session_id)
        return x->fact.session_id < y->fact.session_id ? -1 : 1;
    c = strcmp(x->fact.key, y->fact.key);
    if (c)
        return c;
    return (x->order > y->order) - (x->order < y->order);
}

enum err commit_plan_open(struct commit_plan **out, struct commit_item **items,
                          size_t count, int64_t first_id)
{
    OWN(commit_plan_close)
    struct commit_plan *p = calloc(1, sizeof *p);
    enum err e;

    if (!p)
        return WS_NOMEM;
    p->items = calloc(count, sizeof(struct commit_item *));
    p->put = calloc(count, sizeof(struct commit_item *));
    p->tokens = calloc(count, sizeof *p->tokens);
    p->runs = calloc(count, sizeof *p->runs);
    p->facts = calloc(count, sizeof(struct fact *));
    p->results = calloc(count, sizeof *p->results);
    e = commit_tally_open(&p->tally, count);
    if (e || !p->items || !p->put || !p->tokens || !p->runs || !p->facts ||
        !p->results)
        return WS_NOMEM;
    for (size_t i = 0; i < count; i++) {
        p->items[i] = items[i];
        items[i]->order = i;
        items[i]->fact.id = first_id + (int64_t)i;
    }
    qsort(p->items, count, sizeof(struct commit_item *), by_key);
    p->count = count;
    p->first_id = first_id;
    p->todo[p->todo_count++] = (struct slice){0, count};
    p->step.action = COMMIT_DONE; /* until the first call */
    *out = TAKE(p);
    return WS_OK;
}

void commit_plan_close(struct commit_plan *p)
{
    if (!p)
        return;
    buf_fini(&p->found.payload);
    commit_tally_close(&p->tally);
    free(p->items);
    free(p->put);
    free(p->tokens);
    free(p->runs);
    free(p->facts);
    free(p->results);
    free(p);
}

/* --- the steps, in order; each says what comes after it --- */

static const struct commit_step *step(struct commit_plan *p,
                                      enum commit_action action)
{
    p->step.action = action;
    return &p->step;
}

static const struct commit_step *begin(struct commit_plan *p)
{
    for (size_t i = p->now.from; i < p->now.to; i++) {
        struct commit_item *it = p->items[i];

        it->verdict = COMMIT_OPEN;
        it->id = 0;
        it->blob[0] = '\0';
        it->twin = NULL;
        it->put = WS_OK;
        it->known = false;
    }
    p->at_commit = false;
    return step(p, COMMIT_BEGIN);
}

static const struct commit_step *next_slice(struct commit_plan *p)
{
    if (p->todo_count == 0)
        return step(p, COMMIT_DONE);
    p->now = p->todo[--p->todo_count];
    p->tries = 0;
    return begin(p);
}

static const struct commit_step *read_tokens(struct commit_plan *p)
{
    size_t n = 0;

    for (size_t i = p->now.from; i < p->now.to; i++) {
        int64_t id = p->items[i]->fact.session_id;

        if (n == 0 || p->tokens[n - 1].session_id != id)
            p->tokens[n++] = (struct store_token){.session_id = id};
    }
    p->step.tokens = p->tokens;
    p->step.token_count = n;
    return step(p, COMMIT_READ_TOKENS);
}

static void deny(struct commit_plan *p)
{
    const struct store_token *t = p->tokens;

    for (size_t i = p->now.from; i < p->now.to; i++) {
        struct commit_item *it = p->items[i];

        while (t->session_id != it->fact.session_id)
            t++;
        if (!t->live ||
            memcmp(t->token_sha256, it->token_sha256, STORE_SHA256_BYTES) != 0)
            it->verdict = COMMIT_DENIED;
    }
}

static void add_run(struct commit_plan *p, size_t *n, const struct fact *f)
{
    p->runs[(*n)++] = (struct store_seqs){f->session_id, {f->seq, f->seq}};
}

static const struct commit_step *put_facts(struct commit_plan *p);

static const struct commit_step *read_ledger(struct commit_plan *p)
{
    size_t n = 0, stones = 0;

    deny(p);
    commit_match_twins(p->items + p->now.from, p->now.to - p->now.from);
    for (size_t i = p->now.from; i < p->now.to; i++) {
        const struct commit_item *it = p->items[i];

        if (it->verdict != COMMIT_OPEN || it->twin || !it->fact.seq)
            continue;
        add_run(p, &n, &it->fact);
        if (it->fact.kind == WIRE_ITEM_TOMBSTONE &&
            it->fact.tombstone.run_count)
            p->facts[stones++] = &it->fact;
    }
    if (n == 0)
        return put_facts(p);
    p->step.asked = p->runs;
    p->step.asked_count = commit_match_join(p->runs, n);
    p->step.tombstones = p->facts;
    p->step.tombstone_count = stones;
    return step(p, COMMIT_READ_LEDGER);
}

/* Where the items of a session begin; they are sorted by it. */
static size_t items_of(const struct commit_plan *p, int64_t session_id)
{
    size_t from = p->now.from, to = p->now.to;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (p->items[middle]->fact.session_id < session_id)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

void commit_plan_known(struct commit_plan *p, int64_t session_id,
                       struct store_run run)
{
    for (size_t i = items_of(p, session_id); i < p->now.to; i++) {
        struct commit_item *it = p->items[i];

        if (it->fact.session_id != session_id)
            break;
        if (it->fact.seq >= run.first && it->fact.seq <= run.last &&
            it->fact.seq)
            it->known = true;
    }
}

void commit_plan_refuse(struct commit_plan *p, const struct fact *tombstone)
{
    for (size_t i = p->now.from; i < p->now.to; i++) {
        struct commit_item *it = p->items[i];

        if (&it->fact == tombstone && !it->known)
            it->verdict = COMMIT_REJECTED;
    }
}

static const struct commit_step *find_next(struct commit_plan *p);

static const struct commit_step *put_facts(struct commit_plan *p)
{
    size_t n = 0;

    for (size_t i = p->now.from; i < p->now.to; i++) {
        struct commit_item *it = p->items[i];

        if (it->verdict != COMMIT_OPEN || it->twin || it->known)
            continue;
        p->put[n] = it;
        p->results[n] = WS_OK;
        p->facts[n++] = &it->fact;
    }
    p->find_at = p->now.from;
    p->step.facts = p->facts;
    p->step.results = p->results;
    p->step.fact_count = n;
    return n ? step(p, COMMIT_PUT_FACTS) : find_next(p);
}

static void take_results(struct commit_plan *p)
{
    for (size_t i = 0; i < p->step.fact_count; i++) {
        struct commit_item *it = p->put[i];

        it->put = p->results[i];
        if (it->put)
            continue;
        it->verdict = COMMIT_ACCEPTED;
        it->id = it->fact.id;
        if (it->fact.kind == WIRE_ITEM_SCREENSHOT)
            memccpy(it->blob, it->fact.screenshot.blob, 0, sizeof it->blob);
    }
}

/* Same key as a row (or a first item) with this id and blob. */
static void judge(struct commit_item *it, bool same, int64_t id,
                  const char *blob)
{
    if (same)
        it->verdict = COMMIT_DUPLICATE;
    else
        it->verdict =
            it->strict || it->fact.seq ? COMMIT_REUSED : COMMIT_CONFLICT;
    it->id = id;
    if (it->blob != blob)
        memccpy(it->blob, blob, 0, sizeof it->blob);
}

/* A twin of an item that was just accepted needs no look-up. */
static bool judge_twin(struct commit_item *it)
{
    const struct commit_item *first = it->twin;

    if (!first || first->verdict != COMMIT_ACCEPTED)
        return false;
    judge(it,
          first->fact.kind == it->fact.kind &&
              commit_match_payload(&it->fact, first->fact.payload_sha256,
                                   first->fact.payload,
                                   first->fact.payload_len),
          first->id, first->blob);
    return true;
}

static const struct commit_step *put_ledger(struct commit_plan *p);

static const struct commit_step *find_next(struct commit_plan *p)
{
    for (; p->find_at < p->now.to; p->find_at++) {
        struct commit_item *it = p->items[p->find_at];

        if (it->verdict != COMMIT_OPEN || judge_twin(it))
            continue;
        p->step.find = &it->fact;
        p->step.any_kind = it->fact.seq != 0;
        p->step.found = &p->found;
        return step(p, COMMIT_FIND);
    }
    return put_ledger(p);
}

static void take_found(struct commit_plan *p, enum err outcome)
{
    struct commit_item *it = p->items[p->find_at++];
    const struct fact_found *f = &p->found;

    if (outcome == WS_OK) {
        judge(it,
              f->kind == it->fact.kind &&
                  commit_match_payload(&it->fact, f->payload_sha256,
                                       buf_text(&f->payload), f->payload.len),
              f->id, f->blob);
        return;
    }
    /* Delivered once, and the row is gone by retention; else it vanished
     * between two statements: let the client ask again. */
    it->verdict = it->known ? COMMIT_DUPLICATE : COMMIT_RETRY;
}

/* A row of layer 1 that comes again with its seq is delivered now, too. */
static bool delivers(const struct commit_item *it)
{
    return it->fact.seq && !it->known && !it->twin &&
           (it->verdict == COMMIT_ACCEPTED || it->verdict == COMMIT_DUPLICATE);
}

static const struct commit_step *put_rollups(struct commit_plan *p);

static const struct commit_step *put_ledger(struct commit_plan *p)
{
    size_t runs = 0, stones = 0;

    for (size_t i = p->now.from; i < p->now.to; i++) {
        const struct commit_item *it = p->items[i];

        if (delivers(it))
            add_run(p, &runs, &it->fact);
        if (it->verdict == COMMIT_ACCEPTED &&
            it->fact.kind == WIRE_ITEM_TOMBSTONE)
            p->facts[stones++] = &it->fact;
    }
    p->step.runs = p->runs;
    p->step.run_count = commit_match_join(p->runs, runs);
    p->step.tombstones = p->facts;
    p->step.tombstone_count = stones;
    return runs || stones ? step(p, COMMIT_PUT_LEDGER) : put_rollups(p);
}

static const struct commit_step *commit(struct commit_plan *p)
{
    p->at_commit = true;
    return step(p, COMMIT_COMMIT);
}

static const struct commit_step *put_rollups(struct commit_plan *p)
{
    commit_tally_clear(&p->tally);
    for (size_t i = p->now.from; i < p->now.to; i++)
        if (p->items[i]->verdict == COMMIT_ACCEPTED)
            commit_tally_add(&p->tally, &p->items[i]->fact);
    if (p->tally.stat_count == 0)
        return commit(p);
    commit_tally_finish(&p->tally);
    p->step.rollups = p->tally.rollups;
    p->step.rollup_count = p->tally.rollup_count;
    p->step.fleet = p->tally.fleet;
    p->step.fleet_count = p->tally.fleet_count;
    p->step.stats = p->tally.stats;
    p->step.stat_count = p->tally.stat_count;
    return step(p, COMMIT_PUT_ROLLUPS);
}

/* --- failures --- */

static void settle(struct commit_plan *p, enum commit_verdict verdict)
{
    for (size_t i = p->now.from; i < p->now.to; i++) {
        struct commit_item *it = p->items[i];

        if (it->verdict != COMMIT_DENIED)
            it->verdict = verdict;
        it->id = 0;
    }
}

static const struct commit_step *after_rollback(struct commit_plan *p)
{
    struct slice now = p->now;
    size_t middle = now.from + (now.to - now.from) / 2;

    if (p->failure == WS_AGAIN && ++p->tries < COMMIT_PLAN_TRIES) {
        p->step.wait_ms = FIRST_WAIT_MS << (2 * p->tries);
        return step(p, COMMIT_WAIT);
    }
    if (p->failure == WS_INVALID && !p->at_commit && middle > now.from) {
        p->todo[p->todo_count++] = (struct slice){middle, now.to};
        p->todo[p->todo_count++] = (struct slice){now.from, middle};
        return next_slice(p);
    }
    if (p->failure == WS_INVALID && !p->at_commit)
        settle(p, COMMIT_REJECTED);
    else
        settle(p, p->failure == WS_FULL ? COMMIT_NO_ROOM : COMMIT_RETRY);
    return next_slice(p);
}

static bool failed(const struct commit_plan *p, enum err outcome)
{
    if (p->step.action == COMMIT_FIND && outcome == WS_NOTFOUND)
        return false;
    return outcome != WS_OK && p->step.action != COMMIT_ROLLBACK &&
           p->step.action != COMMIT_WAIT;
}

const struct commit_step *commit_plan_next(struct commit_plan *p,
                                           enum err outcome)
{
    enum commit_action done = p->step.action;

    if (failed(p, outcome)) {
        p->failure = outcome;
        return done == COMMIT_BEGIN ? after_rollback(p)
                                    : step(p, COMMIT_ROLLBACK);
    }
    switch (done) {
    case COMMIT_BEGIN:
        return read_tokens(p);
    case COMMIT_READ_TOKENS:
        return read_ledger(p);
    case COMMIT_READ_LEDGER:
        return put_facts(p);
    case COMMIT_PUT_FACTS:
        take_results(p);
        return find_next(p);
    case COMMIT_FIND:
        take_found(p, outcome);
        return find_next(p);
    case COMMIT_PUT_LEDGER:
        return put_rollups(p);
    case COMMIT_PUT_ROLLUPS:
        return commit(p);
    case COMMIT_ROLLBACK:
        return after_rollback(p);
    case COMMIT_WAIT:
        return begin(p);
    case COMMIT_COMMIT:
    case COMMIT_DONE:
        return next_slice(p);
    }
    return step(p, COMMIT_DONE);
}
