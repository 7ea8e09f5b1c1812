#include "server/commit/commit_run.h"

#include "core/log.h"
#include "core/utf8.h"
#include "server/store/store_sessions.h"

#include <string.h>
#include <time.h>

static void wait_up_to(const struct env *env, int64_t ms)
{
    int64_t ns = (int64_t)env_random_below(env, (uint64_t)ms * 1000000);
    struct timespec t = {ns / 1000000000, ns % 1000000000};

    (void)nanosleep(&t, NULL);
}

/* --- the steps of a plan --- */

static enum err read_known(struct commit_run *r, struct commit_plan *p,
                           const struct commit_step *st)
{
    const struct store_seqs *rows;
    size_t count;
    enum err e =
        store_arrivals_open(&r->arrivals, r->store, st->asked, st->asked_count);

    if (e)
        return e;
    rows = store_arrivals_rows(r->arrivals, &count);
    for (size_t i = 0; i < count; i++)
        commit_plan_known(p, rows[i].session_id, rows[i].run);
    return WS_OK;
}

/* A tombstone over too many gaps is refused here, alone: found later it would
 * take its whole group through halves. */
static enum err refuse_wide(struct store *s, struct commit_plan *p,
                            const struct commit_step *st)
{
    for (size_t i = 0; i < st->tombstone_count; i++) {
        const struct fact *f = st->tombstones[i];
        enum err e = store_ledger_span(s, f->session_id, f->tombstone.runs,
                                       f->tombstone.run_count);

        if (e == WS_FULL)
            commit_plan_refuse(p, f);
        else if (e)
            return e;
    }
    return WS_OK;
}

static enum err read_ledger(struct commit_run *r, struct commit_plan *p,
                            const struct commit_step *st)
{
    enum err e = read_known(r, p, st);

    return e ? e : refuse_wide(r->store, p, st);
}

static enum err find(struct store *s, const struct commit_step *st)
{
    const struct fact *f = st->find;
    enum err e = store_facts_find(s, f->kind, f->session_id, f->key, st->found);

    for (enum wire_item_kind k = 0;
         e == WS_NOTFOUND && st->any_kind && k < WIRE_ITEM_KINDS; k++)
        if (k != f->kind)
            e = store_facts_find(s, k, f->session_id, f->key, st->found);
    return e;
}

#define REASON_CLASS_BYTES 65 /* "dead_letter" of "dead_letter: bad time" */

/* Of whole characters: MySQL refuses the row of half a one. */
static void class_of(const char *reason, char out[REASON_CLASS_BYTES])
{
    size_t all = strcspn(reason, ":"), len = 0, n;

    while ((n = utf8_sequence(reason + len, all - len)) > 0 &&
           len + n < REASON_CLASS_BYTES)
        len += n;
    memcpy(out, reason, len);
    out[len] = '\0';
}

static enum err put_ledger(struct commit_run *r, const struct commit_step *st)
{
    enum err e = WS_OK;

    if (st->run_count)
        e = store_arrivals_put(r->arrivals, st->runs, st->run_count);
    for (size_t i = 0; !e && i < st->tombstone_count; i++) {
        const struct fact *f = st->tombstones[i];
        const struct fact_tombstone *t = &f->tombstone;
        char class[REASON_CLASS_BYTES];

        class_of(t->reason, class);
        e = store_ledger_bury(r->store, f->session_id, class, t->runs,
                              t->run_count, t->count);
    }
    return e;
}

static enum err put_rollups(struct commit_run *r, const struct commit_step *st)
{
    enum err e =
        store_facts_add_rollups(r->store, st->rollups, st->rollup_count);

    if (!e)
        e = store_facts_add_fleet(r->store, r->shard, st->fleet,
                                  st->fleet_count);
    if (!e)
        e = store_facts_add_stats(r->store, st->stats, st->stat_count);
    return e;
}

static enum err perform(struct commit_run *r, struct commit_plan *p,
                        const struct commit_step *st)
{
    switch (st->action) {
    case COMMIT_BEGIN:
        store_arrivals_close(TAKE(r->arrivals));
        return store_begin(r->store);
    case COMMIT_READ_TOKENS:
        return store_sessions_tokens(r->store, st->tokens, st->token_count);
    case COMMIT_READ_LEDGER:
        return read_ledger(r, p, st);
    case COMMIT_PUT_FACTS:
        return store_facts_put(r->store, st->facts, st->fact_count,
                               st->results);
    case COMMIT_FIND:
        return find(r->store, st);
    case COMMIT_PUT_LEDGER:
        return put_ledger(r, st);
    case COMMIT_PUT_ROLLUPS:
        return put_rollups(r, st);
    case COMMIT_COMMIT:
        return store_commit(r->store);
    case COMMIT_ROLLBACK:
        store_rollback(r->store);
        return WS_OK;
    case COMMIT_WAIT:
        COUNTERS_ADD(r->counters, replays, 1);
        wait_up_to(r->env, st->wait_ms);
        return WS_OK;
    case COMMIT_DONE:
        break;
    }
    return WS_OK;
}

/* --- ids ---
 *
 * Writers of several processes and machines that add to one row of the fleet's
 * figures wait for each other, and in a cluster abort each other. No two have
 * the same block of ids, and the blocks that are in use are close together: so
 * the block's number says which shard to add to.
 */

static enum err take_block(struct store *s, void *arg)
{
    struct commit_run *r = arg;
    int64_t first;
    enum err e = store_take_ids(s, "fact", STORE_ID_BLOCK, &first);

    if (e)
        return e;
    r->next_id = first;
    r->end_id = first + STORE_ID_BLOCK;
    r->shard = r->shards ? first / STORE_ID_BLOCK % r->shards : 0;
    return WS_OK;
}

static enum err take_ids(struct commit_run *r, size_t count, int64_t *first)
{
    if (r->end_id - r->next_id < (int64_t)count) {
        int64_t next = r->next_id, end = r->end_id;
        enum err e = commit_run_call(r, take_block, r);

        if (e) {
            r->next_id = next;
            r->end_id = end;
            return e;
        }
    }
    *first = r->next_id;
    r->next_id += (int64_t)count;
    return WS_OK;
}

/* --- groups and calls --- */

static void count_verdicts(struct counters *c, struct commit_item **items,
                           size_t count)
{
    uint64_t n[COMMIT_NO_ROOM + 1] = {0};

    for (size_t i = 0; i < count; i++)
        n[items[i]->verdict]++;
    COUNTERS_ADD(c, accepted, n[COMMIT_ACCEPTED]);
    COUNTERS_ADD(c, duplicates, n[COMMIT_DUPLICATE]);
    COUNTERS_ADD(c, conflicting_duplicates, n[COMMIT_CONFLICT]);
    COUNTERS_ADD(c, seq_reused, n[COMMIT_REUSED]);
    COUNTERS_ADD(c, rejected, n[COMMIT_REJECTED]);
    COUNTERS_ADD(c, denied, n[COMMIT_DENIED]);
    COUNTERS_ADD(c, retried, n[COMMIT_RETRY]);
    COUNTERS_ADD(c, no_room, n[COMMIT_NO_ROOM]);
    if (n[COMMIT_RETRY] || n[COMMIT_NO_ROOM])
        COUNTERS_ADD(c, commit_failures, 1);
}

static void give_all(struct commit_item **items, size_t count,
                     enum commit_verdict verdict)
{
    for (size_t i = 0; i < count; i++) {
        items[i]->verdict = verdict;
        items[i]->id = 0;
    }
}

/* A victim that is replayed is nobody's trouble; the counter tells how many. */
static void say_failed(enum commit_action action, size_t count, enum err e,
                       bool replayed)
{
    if (replayed)
        log_info("commit_replayed", "step %d of %zu facts: %s, once more",
                 (int)action, count, err_name(e));
    else
        log_warn("commit_step_failed", "step %d of %zu facts: %s", (int)action,
                 count, err_name(e));
}

static void run_plan(struct commit_run *r, struct commit_plan *p, size_t count)
{
    const struct commit_step *st = commit_plan_next(p, WS_OK);
    enum commit_action failed = COMMIT_BEGIN;
    enum err failure = WS_OK;

    while (st->action != COMMIT_DONE) {
        enum commit_action action = st->action;
        enum err e = perform(r, p, st);

        if (e && !(action == COMMIT_FIND && e == WS_NOTFOUND)) {
            failure = e;
            failed = action;
        }
        st = commit_plan_next(p, e);
        if (failure && st->action != COMMIT_ROLLBACK) {
            say_failed(failed, count, failure, st->action == COMMIT_WAIT);
            failure = WS_OK;
        }
    }
}

void commit_run_group(struct commit_run *r, struct commit_item **items,
                      size_t count)
{
    OWN(commit_plan_close)
    struct commit_plan *p = NULL;
    int64_t start_ns = env_mono_ns(r->env), first_id;
    enum err e = take_ids(r, count, &first_id);

    if (!e)
        e = commit_plan_open(&p, items, count, first_id);
    if (e) {
        give_all(items, count, e == WS_FULL ? COMMIT_NO_ROOM : COMMIT_RETRY);
        count_verdicts(r->counters, items, count);
        return;
    }
    run_plan(r, p, count);
    store_arrivals_close(TAKE(r->arrivals));
    count_verdicts(r->counters, items, count);
    counters_transaction(r->counters, count,
                         (uint64_t)(env_mono_ns(r->env) - start_ns) / 1000);
}

enum err commit_run_call(struct commit_run *r,
                         enum err (*fn)(struct store *s, void *arg), void *arg)
{
    enum err e = WS_AGAIN;

    COUNTERS_ADD(r->counters, calls, 1);
    for (int try = 0; try < COMMIT_PLAN_TRIES && e == WS_AGAIN; try++) {
        if (try) {
            COUNTERS_ADD(r->counters, replays, 1);
            wait_up_to(r->env, 20);
        }
        e = store_begin(r->store);
        if (e)
            continue;
        e = fn(r->store, arg);
        if (!e)
            e = store_commit(r->store);
        if (e)
            store_rollback(r->store);
    }
    if (e == WS_AGAIN)
        log_warn("commit_call_failed", "%d tries: %s", COMMIT_PLAN_TRIES,
                 err_name(e));
    return e;
}
