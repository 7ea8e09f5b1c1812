/* pages_fill.c - months of many agents in a store, fast and by its own rules:
 * the server's migrations, its inserts, its tally of roll-ups, its days.
 * bench-pages and the tests of the pages' queries read them.
 *
 *   pages_fill ADDRESS NAME=NUMBER...
 *
 * always=N agents observe day and night in one session since the first day,
 * daily=N on working days for eight hours in a session a day; quiet=N sessions
 * a day deliver nothing; one daily agent is the account person=ID. Every 10 s
 * one metric, with every picture_every-th a picture, in the order of time, as
 * they would arrive: rows of one session lie far apart. days=N of facts before
 * end (a quarter's number), roll_days=N of roll-ups: what retention leaves. One
 * quarter of an hour is one transaction, which also takes the quarter's number
 * from the store: a fill that was ended (by seconds=N, or killed) goes on where
 * it was. Exit status: 0 complete, 3 ended early, 1 failed.
 */
#include "bench/pages_facts.h"
#include "bench/pages_put.h"
#include "core/clock.h"
#include "core/sha256.h"
#include "server/commit/commit_tally.h"
#include "server/retention/days.h"
#include "server/store/store_facts.h"
#include "server/store/store_ledger.h"
#include "server/store/store_sessions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_QUARTERS 96
#define WORK_QUARTERS 32

static int64_t always = 1, daily = 2, quiet = 0, days = 2, roll_days = 2;
static int64_t picture_every = 20, person, end, seconds = 86400;

static const char health[] =
    "{\"agent_version\":\"0.1.0\",\"uptime_s\":7200,\"state\":\"capturing\","
    "\"clock_offset_ms\":3,\"queue\":{\"pending\":0,\"oldest_s\":0,\"dead\":0,"
    "\"bytes\":0},\"workers\":[{\"name\":\"capture\",\"alive\":true,"
    "\"restarts\":0,\"busy_ms\":3}]}";

static const struct {
    const char *name;
    int64_t *to;
} options[] = {
    {"always", &always},       {"daily", &daily},
    {"quiet", &quiet},         {"days", &days},
    {"roll_days", &roll_days}, {"picture_every", &picture_every},
    {"person", &person},       {"end", &end},
    {"seconds", &seconds},
};

struct fill {
    struct store *store;
    struct commit_tally tally;
    struct pages_put *put;
    struct pages_chunk *chunk; /* being filled */
    int64_t next_id, metrics, pictures;
};

/* Days end with the last quarter; the last five of a week are worked on. */
static bool is_workday(int64_t day)
{
    return (roll_days - 1 - day) % 7 < 5;
}

static int64_t first_quarter(void)
{
    return end - roll_days * DAY_QUARTERS + 1;
}

/* --- sessions --- */

/* Each day takes one block of the server's own ids for sessions. */
static int64_t day_sessions(int64_t day)
{
    return (is_workday(day) ? daily : 0) + quiet;
}

static int64_t day_first_session(int64_t day)
{
    static int64_t known_day, known_id; /* days are asked for in order */

    if (known_id == 0 || day < known_day) {
        known_day = 0;
        known_id = 1 + always;
    }
    for (; known_day < day; known_day++)
        known_id += day_sessions(known_day);
    return known_id;
}

static void put_session(struct fill *f, int64_t id, int64_t agent, int64_t at)
{
    char uid[STORE_UID_BYTES], agent_id[STORE_UID_BYTES], host[32], user[32];
    char token[SHA256_HEX_BYTES], text[40], payload[500];
    uint8_t token_sha256[32];
    struct store_session row = {
        .id = id,
        .session_uid = uid,
        .agent_id = agent_id,
        .agent_name = "worksight-agent",
        .agent_version = "0.1.0",
        .hostname = host,
        .username = user,
        .ip_address = "10.1.2.3",
        .features = "[\"batch\",\"ledger\",\"policy\"]",
        .peer = "10.1.2.3",
        .started_ns = at,
        .created_ns = at + CLOCK_NS_PER_S,
        .user_id = agent == always ? person : 0,
        .tier = 4,
        .payload = payload,
    };

    snprintf(uid, sizeof uid, "%032" PRIx64, id);
    snprintf(agent_id, sizeof agent_id, "%032" PRIx64, agent + 1);
    snprintf(host, sizeof host, "desk-%" PRId64, agent);
    snprintf(user, sizeof user, "person%" PRId64, agent);
    row.payload_len = (size_t)snprintf(payload, sizeof payload,
                                       "{\"session_uid\":\"%s\"}", uid);
    /* A test can speak for a session: its token follows from its number. */
    snprintf(text, sizeof text, "pages_fill/%" PRId64, id);
    sha256_hash_hex(text, strlen(text), token);
    sha256_hash(token, strlen(token), token_sha256);
    pages_put_must(store_sessions_put(f->store, &row, token_sha256), "session");
}

/* Those of a day, before its first quarter. */
static void open_sessions(struct fill *f, int64_t day)
{
    int64_t at = (first_quarter() + day * DAY_QUARTERS) * STORE_QUARTER_NS;
    int64_t count = day_sessions(day), workers = count - quiet, first;

    if (day == 0) {
        pages_put_must(store_take_ids(f->store, "session", always, &first),
                       "ids");
        for (int64_t i = 0; i < always; i++)
            put_session(f, first + i, i, at);
    }
    if (count == 0)
        return;
    pages_put_must(store_take_ids(f->store, "session", count, &first), "ids");
    if (first != day_first_session(day)) {
        fprintf(stderr, "pages_fill: not a store of its own\n");
        exit(1);
    }
    for (int64_t i = 0; i < count; i++)
        put_session(f, first + i,
                    i < workers ? always + i : always + daily + i % 50,
                    at + i * CLOCK_NS_PER_S);
}

static int64_t items_a_quarter(void)
{
    return PAGES_TICKS + (PAGES_TICKS + picture_every - 1) / picture_every;
}

/* Does an agent observe in the nth quarter? Of those who work every other one
 * does until the end of the day, the others ended before. */
static bool is_active(int64_t agent, int64_t nth, struct pages_agent *out)
{
    int64_t i = agent - always, of_day = nth % DAY_QUARTERS, ago = nth;

    *out = (struct pages_agent){.agent = agent, .session_id = 1 + agent};
    if (i >= 0) {
        ago = of_day - DAY_QUARTERS + WORK_QUARTERS + i % 2 * (i % 16);
        if (!is_workday(nth / DAY_QUARTERS) || ago < 0 || ago >= WORK_QUARTERS)
            return false;
        out->session_id = day_first_session(nth / DAY_QUARTERS) + i;
    }
    out->seq = 2 + ago * items_a_quarter();
    snprintf(out->uid, sizeof out->uid, "%032" PRIx64, out->session_id);
    return true;
}

/* --- facts --- */

static int64_t picture_of(int64_t tick)
{
    return PAGES_TICKS + tick / picture_every;
}

/* Every agent looks at moments of its own. */
static int64_t time_of(const struct pages_agent *a, int64_t nth, int64_t tick)
{
    return (first_quarter() + nth) * STORE_QUARTER_NS +
           tick * 10 * CLOCK_NS_PER_S +
           (int64_t)(pages_facts_dice(a->session_id, 0) % 9999) *
               CLOCK_NS_PER_MS;
}

/* What the store keeps beside what the tally reads. */
static void finish_fact(struct fill *f, struct fact *fact,
                        struct pages_facts_room *r, const struct pages_agent *a)
{
    pages_facts_finish(fact, a, r);
    fact->id = f->next_id++;
    f->metrics += fact->kind == WIRE_ITEM_METRIC;
    f->pictures += fact->kind == WIRE_ITEM_SCREENSHOT;
}

static void keep_fact(struct fill *f, const struct fact *fact,
                      const struct pages_agent *a)
{
    size_t i = f->chunk->count++;

    f->chunk->facts[i] = *fact;
    finish_fact(f, &f->chunk->facts[i], &f->chunk->rooms[i], a);
    if (f->chunk->count < PAGES_CHUNK)
        return;
    pages_put_chunk(f->put, f->chunk);
    f->chunk = pages_put_next(f->put);
}

/* In the order of time, as they arrive. */
static void put_tick(struct fill *f, int64_t nth, int64_t tick)
{
    for (int64_t agent = 0; agent < always + daily; agent++) {
        struct pages_agent a;
        struct fact fact;
        int64_t at_ns;

        if (!is_active(agent, nth, &a))
            continue;
        at_ns = time_of(&a, nth, tick);
        pages_facts_metric(&fact, &a, tick, at_ns);
        keep_fact(f, &fact, &a);
        if (tick % picture_every == 0) {
            pages_facts_picture(&fact, &a, picture_of(tick), at_ns);
            keep_fact(f, &fact, &a);
        }
    }
}

static void put_quarter(struct fill *f, int64_t nth)
{
    int64_t count = 0;
    struct pages_agent a;

    for (int64_t agent = 0; agent < always + daily; agent++)
        count += is_active(agent, nth, &a) ? items_a_quarter() : 0;
    pages_put_must(store_take_ids(f->store, "fact", count, &f->next_id), "ids");
    f->chunk = pages_put_next(f->put);
    for (int64_t tick = 0; tick < PAGES_TICKS; tick++)
        put_tick(f, nth, tick);
    if (f->chunk->count)
        pages_put_chunk(f->put, f->chunk);
    pages_put_end(f->put);
}

static void tally_quarter(struct fill *f, const struct pages_agent *a,
                          int64_t nth)
{
    for (int64_t tick = 0; tick < PAGES_TICKS; tick++) {
        int64_t at_ns = time_of(a, nth, tick);
        struct fact fact;

        pages_facts_metric(&fact, a, tick, at_ns);
        commit_tally_add(&f->tally, &fact);
        if (tick % picture_every == 0) {
            pages_facts_picture(&fact, a, picture_of(tick), at_ns);
            commit_tally_add(&f->tally, &fact);
        }
    }
}

static void put_ledger(struct fill *f, int64_t session_id, struct store_run run,
                       int64_t nth)
{
    struct store_heartbeat beat = {.session_id = session_id,
                                   .last_seen_ns = (first_quarter() + nth + 1) *
                                                   STORE_QUARTER_NS,
                                   .head_seq = run.last,
                                   .health = health};

    pages_put_must(store_ledger_deliver(f->store, session_id, &run, 1),
                   "ledger");
    pages_put_must(store_sessions_put_heartbeats(f->store, &beat, 1),
                   "heartbeat");
}

/* What the facts of some quarters add up to, whether they are kept or not. */
static void put_figures(struct fill *f, int64_t first, int64_t count)
{
    struct commit_tally *t = &f->tally;

    commit_tally_clear(t);
    for (int64_t agent = 0; agent < always + daily; agent++) {
        struct store_run run = {0, 0};
        int64_t last = 0, session_id = 0;
        struct pages_agent a;

        for (int64_t nth = first; nth < first + count; nth++) {
            if (!is_active(agent, nth, &a))
                continue;
            tally_quarter(f, &a, nth);
            run.first = run.first ? run.first : a.seq;
            run.last = a.seq + items_a_quarter() - 1;
            last = nth;
            session_id = a.session_id;
        }
        if (session_id)
            put_ledger(f, session_id, run, last);
    }
    commit_tally_finish(t);
    pages_put_must(
        store_facts_add_rollups(f->store, t->rollups, t->rollup_count),
        "roll-ups");
    pages_put_must(
        store_facts_add_fleet(f->store, first % 32, t->fleet, t->fleet_count),
        "the fleet's");
    pages_put_must(store_facts_add_stats(f->store, t->stats, t->stat_count),
                   "figures");
}

/* A day of which nothing but figures is left, or a quarter. False: all is
 * there. */
static bool fill_next(struct fill *f)
{
    int64_t old_days = roll_days - days, step, nth, count = 1;

    pages_put_must(store_begin(f->store), "begin");
    pages_put_must(store_take_ids(f->store, "pages_fill", 1, &step),
                   "the next step");
    nth = old_days * DAY_QUARTERS + step - 1 - old_days;
    if (step <= old_days) {
        nth = (step - 1) * DAY_QUARTERS;
        count = DAY_QUARTERS;
    }
    if (nth >= roll_days * DAY_QUARTERS) {
        store_rollback(f->store);
        return false;
    }
    if (nth % DAY_QUARTERS == 0)
        open_sessions(f, nth / DAY_QUARTERS);
    if (count == 1)
        put_quarter(f, nth);
    put_figures(f, nth, count);
    pages_put_must(store_commit(f->store), "commit");
    return true;
}

static enum err write_here(void *ctx, enum err (*fn)(struct store *s, void *),
                           void *arg)
{
    struct store *s = ctx;
    enum err e = store_begin(s);

    if (!e)
        e = fn(s, arg);
    return e ? e : store_commit(s);
}

/* As the server does it, at the end. */
static void sum_days(struct store *s)
{
    const struct sweep w = {.reader = s,
                            .now_ns = (end + 1) * STORE_QUARTER_NS,
                            .write = write_here,
                            .ctx = s};

    pages_put_must(days_run(&w), "days");
}

static void read_options(char **argv)
{
    for (; *argv; argv++) {
        const char *value = strchr(*argv, '=');
        size_t i = 0, n = sizeof options / sizeof *options;

        while (value && i < n &&
               strncmp(options[i].name, *argv, (size_t)(value - *argv)) != 0)
            i++;
        if (!value || i == n) {
            fprintf(stderr, "pages_fill: %s is not known\n", *argv);
            exit(2);
        }
        *options[i].to = strtoll(value + 1, NULL, 10);
    }
    if (!end)
        end = (int64_t)time(NULL) / 900;
}

int main(int argc, char **argv)
{
    static struct fill f;
    time_t begun = time(NULL);
    size_t applied;
    bool more = true;

    if (argc < 2) {
        fprintf(stderr, "usage: pages_fill ADDRESS NAME=NUMBER...\n");
        return 2;
    }
    read_options(argv + 2);
    pages_put_must(
        commit_tally_open(&f.tally, (size_t)((always + daily) * DAY_QUARTERS)),
        "memory");
    pages_put_must(store_open(&f.store, argv[1], 0), "open");
    pages_put_must(store_migrate(f.store, &applied), "migrate");
    f.put = pages_put_open(f.store, argv[1]);
    while (more && time(NULL) - begun < seconds)
        more = fill_next(&f);
    if (!more)
        sum_days(f.store);
    printf("%" PRId64 " metrics and %" PRId64 " pictures in %lld s%s\n",
           f.metrics, f.pictures, (long long)(time(NULL) - begun),
           more ? ", not complete yet" : "");
    pages_put_close(f.put);
    store_close(f.store);
    commit_tally_close(&f.tally);
    return more ? 3 : 0;
}
