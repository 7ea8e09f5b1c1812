/* worker.c - the process that answers.
 *
 * Opened in the order of need and closed in the reverse: the store and who
 * writes to it, what remembers (tokens, logins), who reads, who listens.
 * On SIGTERM the listener drains, then the readers and the committer finish
 * what they hold, and the loop runs once more for the answers that came late.
 */
#include "server/worker.h"

#include "core/io.h"
#include "core/log.h"
#include "core/sandbox.h"
#include "core/supervise.h"
#include "server/auth/logins.h"
#include "server/auth/tokens.h"
#include "server/blob/blob.h"
#include "server/blobs.h"
#include "server/commit/committer.h"
#include "server/control.h"
#include "server/counters.h"
#include "server/database.h"
#include "server/http/listener.h"
#include "server/http/static.h"
#include "server/http/tls.h"
#include "server/ingest/beats.h"
#include "server/ingest/orphans.h"
#include "server/retention/retention.h"
#include "server/serve.h"
#include "server/setup_link.h"
#include "server/shared.h"
#include "server/store/store.h"
#include "server/store/store_accounts.h"
#include "server/views/cursor.h"
#include "server/views/live.h"
#include "server/worker_wall.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define WORKER_ALIVE_MS 1000
#define WORKER_DRAIN_MS 3500 /* of CREW_STOP_MS */
#define WORKER_OTHER_DESCRIPTORS 256
#define WORKER_READER_QUEUE 1024 /* jobs that may wait for a reader */
#define WORKER_BLOB_QUEUE 256    /* pictures that may wait for a blob thread */
#define WORKER_WRITERS 2         /* connections that commit, in MySQL */
#define WORKER_SHARDS 32         /* of the fleet's figures, in MySQL */
#define WORKER_COMMIT_QUEUE_BYTES (64 << 20)

struct worker {
    struct server server; /* first: what handlers see */
    const struct settings *settings;
    char *address; /* of the store; may hold a password */
    struct database_needs db_needs;
    char *spool;                           /* DATA/tmp */
    struct store *writers[WORKER_WRITERS]; /* SQLite: one */
    struct shared *shared;
    struct listener_counts told; /* what /metrics was told of the listener */
    struct networks *proxies;
    struct tls *tls;
    struct listener *listener;
    struct retention *retention;
    struct control *control; /* DATA/control.sock */
    uint8_t cursor_key[CURSOR_KEY_BYTES];
    struct orphans *orphans; /* pictures without a row */
    struct loop_timer *alive;
    struct loop_watch *stop;
};

static const struct access_ops access_ops = {
    .agent = tokens_access_agent,
    .enroll = tokens_access_enroll,
    .user = logins_access_user,
};

/* --- store, writer, readers --- */

static enum err open_store(struct worker *w)
{
    struct store_migrations now;
    size_t applied = 0;
    enum err e = store_open(&w->writers[0], w->address, 0);

    if (e)
        return e;
    if (!w->settings->auto_migrate) {
        e = store_migrations(w->writers[0], &now);
        return e ? e : store_migrations_admit(&now);
    }
    e = store_migrate(w->writers[0], &applied);
    if (!e && applied)
        log_info("migrated", "%zu migrations applied to the %s store", applied,
                 store_name(w->writers[0]));
    return e;
}

static enum err open_blob(struct worker *w)
{
    const struct settings *s = w->settings;
    struct readers_options threads = {.threads = (size_t)s->blob_threads,
                                      .queue_max = WORKER_BLOB_QUEUE};
    enum err e = blobs_open(s, &w->server.blob);

    if (!e && blob_is_remote(w->server.blob))
        e = readers_open(&w->server.blob_threads, &threads);
    threads.threads = 1;
    return e ? e : readers_open(&w->server.blob_drops, &threads);
}

static enum err open_committer(struct worker *w)
{
    struct committer_options options = {
        .stores = w->writers,
        .writers = 1,
        .env = w->server.env,
        .counters = w->server.counters,
        .queue_items = (size_t)w->settings->commit_queue_items,
        .queue_bytes = WORKER_COMMIT_QUEUE_BYTES,
        .accepted = live_accepted,
        .ctx = &w->server};
    enum err e = WS_OK;

    if (!database_is_embedded(w->settings)) {
        options.shards = WORKER_SHARDS;
        for (; !e && options.writers < WORKER_WRITERS; options.writers++)
            e = store_open(&w->writers[options.writers], w->address, 0);
    }
    if (!e)
        e = committer_open(&w->server.committer, &options);
    if (!e)
        e = beats_open(&w->server.beats, w->server.committer);
    if (!e)
        beats_on_written(w->server.beats, live_beat, &w->server);
    return e;
}

static enum err open_reader(void **context, void *arg)
{
    struct worker *w = arg;
    struct store *reader = NULL;
    enum err e = store_open(&reader, w->address, STORE_READ);

    *context = reader;
    return e;
}

static void close_reader(void *context)
{
    store_close(context);
}

static enum err open_readers(struct worker *w)
{
    struct readers_options options = {.threads = (size_t)w->settings->readers,
                                      .queue_max = WORKER_READER_QUEUE,
                                      .open = open_reader,
                                      .close = close_reader,
                                      .arg = w};

    return readers_open(&w->server.readers, &options);
}

/* --- what remembers --- */

static enum err open_memory(struct worker *w)
{
    enum err e;

    w->server.counters = &w->shared->counters;
    w->server.live_ring = &w->shared->live;
    w->server.keeper = &w->shared->keeper;
    e = tokens_open(&w->server.tokens, w->server.env, TOKENS_MAX_CACHED,
                    &w->shared->token_generation);
    if (!e)
        e = logins_open(&w->server.logins, w->server.env, &w->shared->lockout,
                        &w->shared->login_generation);
    return e;
}

/* --- who listens --- */

/* Every connection needs a descriptor; shells give 1024 unless asked. */
static void raise_descriptors(int64_t connections)
{
    rlim_t wanted = (rlim_t)connections + WORKER_OTHER_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < wanted)
        log_warn("few_descriptors",
                 "max_connections is %lld, but this process may open only "
                 "%llu files: raise its limit (LimitNOFILE, ulimit -n)",
                 (long long)connections, (unsigned long long)limit.rlim_cur);
}

static enum err open_listener(struct worker *w)
{
    const struct settings *s = w->settings;
    struct listener_options options = {.loop = w->server.loop,
                                       .readers = w->server.readers,
                                       .server = &w->server,
                                       .env = w->server.env,
                                       .routes = routes,
                                       .route_count = routes_count,
                                       .access = &access_ops,
                                       .limits = listener_limits_default};
    enum err e = networks_open(&w->proxies, s->behind_proxy);

    if (!e)
        e = networks_open(&w->server.enrollment_from, s->enrollment_from);
    if (e)
        return e;
    w->spool = io_path(s->data, "tmp");
    if (!w->spool)
        return WS_NOMEM;
    options.spool_dir = w->spool;
    options.proxies = w->proxies;
    options.tls = w->tls;
    options.warn_plain = s->plain_http && !w->tls;
    options.peers = &w->shared->peers;
    options.rate = &w->shared->rate;
    options.seat = w->server.seat;
    options.limits.header_deadline_ms = s->header_deadline_ms;
    options.limits.rate_grace_ms = s->header_deadline_ms;
    options.limits.idle_ms = s->idle_deadline_ms;
    options.limits.least_rate_bytes = s->least_rate_bytes;
    options.limits.max_connections = (size_t)s->max_connections;
    options.limits.max_per_peer = (size_t)s->max_connections_per_peer;
    options.limits.max_requests_per_peer = s->max_requests_per_peer;
    options.limits.max_held_bytes = (size_t)s->max_request_memory_bytes;
    raise_descriptors(s->max_connections);
    static_use_folder(s->web_dir);
    return listener_open(&w->listener, SUPERVISE_FIRST_FD + SERVE_FD_LISTEN,
                         &options);
}

/* --- what people need: cursors, hints, the commands' socket --- */

static enum err make_cursor_key(struct store *writer, void *arg)
{
    struct worker *w = arg;
    uint8_t fresh[CURSOR_KEY_BYTES];

    env_random(w->server.env, fresh, sizeof(fresh));
    return store_accounts_secret_make(writer, "cursor", fresh, w->cursor_key);
}

static enum err open_people(struct worker *w)
{
    enum err e = committer_call_wait(w->server.committer, make_cursor_key, w);

    w->server.cursor_key = w->cursor_key;
    return e ? e : live_open(&w->server.live, &w->server);
}

static enum err open_control(struct worker *w)
{
    return control_open(&w->control, &w->server,
                        SUPERVISE_FIRST_FD + SERVE_FD_CONTROL);
}

static enum err open_offer(struct worker *w)
{
    return w->settings->log_all && !w->server.seat
               ? setup_link_offer(&w->server)
               : WS_OK;
}

static enum err open_retention(struct worker *w)
{
    return retention_open(&w->retention, &w->server, w->address,
                          !database_is_embedded(w->settings));
}

static enum err open_orphans(struct worker *w)
{
    if (blob_is_remote(w->server.blob)) /* blob verify lists those */
        return WS_OK;
    return orphans_open(&w->orphans, &w->server);
}

/* --- alive, and the end --- */

/* The counters belong to all workers: add what is new since the last time. */
static void publish(struct worker *w, const struct listener_counts *now)
{
    const struct listener_counts *told = &w->told;
    struct counters *to = w->server.counters;

#define ADD(member, what) COUNTERS_ADD(to, member, now->what - told->what)
    ADD(http_accepted, accepted);
    ADD(http_refused, refused);
    ADD(http_timed_out, timed_out);
    ADD(http_2xx, answered_by_class[2]);
    ADD(http_3xx, answered_by_class[3]);
    ADD(http_4xx, answered_by_class[4]);
    ADD(http_5xx, answered_by_class[5]);
#undef ADD
}

static void on_alive(void *arg)
{
    struct worker *w = arg;
    struct listener_counts counts;

    listener_count(w->listener, &counts);
    publish(w, &counts);
    supervise_child_alive();
    if (counts.answered != w->told.answered)
        supervise_child_progress();
    w->told = counts;
}

static void on_drained(void *arg)
{
    struct worker *w = arg;

    loop_stop(w->server.loop);
}

static void on_stop(void *arg)
{
    struct worker *w = arg;
    int64_t linger_ms =
        atomic_load(&w->shared->seats[w->server.seat].linger_ms);

    log_info("stopping", "no more connections; requests finish");
    loop_watch_close(TAKE(w->stop));
    listener_drain(w->listener, linger_ms, linger_ms + WORKER_DRAIN_MS,
                   on_drained, w);
}

static enum err open_signs(struct worker *w)
{
    enum err e = loop_timer_open(&w->alive, w->server.loop, WORKER_ALIVE_MS,
                                 on_alive, w);

    if (e)
        return e;
    return loop_watch_open(&w->stop, w->server.loop, supervise_child_stop_fd(),
                           on_stop, w);
}

static void close_all(struct worker *w)
{
    loop_watch_close(w->stop);
    loop_timer_close(w->alive);
    control_close(w->control);
    retention_close(w->retention);
    readers_close(w->server.readers);
    orphans_close(w->orphans);
    readers_close(w->server.blob_threads);
    committer_close(w->server.committer);
    readers_close(w->server.blob_drops);
    beats_close(w->server.beats);
    listener_close(w->listener);
    if (w->server.loop && loop_step(w->server.loop, false))
        log_warn("late_answers", "answers that came late were not dropped");
    live_close(w->server.live);
    tls_close(w->tls);
    networks_close(w->proxies);
    networks_close(w->server.enrollment_from);
    logins_close(w->server.logins);
    tokens_close(w->server.tokens);
    blob_close(w->server.blob);
    for (size_t i = 0; i < WORKER_WRITERS; i++)
        store_close(w->writers[i]);
    loop_close(w->server.loop);
    shared_close(w->shared);
    free(w->address);
    free(w->db_needs.folder);
    free(w->spool);
}

/* In the order of need. */
static const struct {
    const char *what;
    enum err (*open)(struct worker *w);
} parts[] = {
    {"tokens and logins", open_memory},  {"the database", open_store},
    {"the pictures' folder", open_blob}, {"the committer", open_committer},
    {"the readers", open_readers},       {"pages and hints", open_people},
    {"the listener", open_listener},     {"the commands' socket", open_control},
    {"signals and timers", open_signs},  {"the hourly sweep", open_orphans},
    {"retention", open_retention},       {"the set-up link", open_offer},
};

static enum err open_all(struct worker *w)
{
    enum err e = loop_open(&w->server.loop);
    size_t i;

    for (i = 0; !e && i < sizeof(parts) / sizeof(parts[0]); i++) {
        e = parts[i].open(w);
        if (e)
            log_error("not_opened", "worker: %s can't be opened (%s)",
                      parts[i].what, err_name(e));
    }
    return e;
}

/* --- what is read before the wall: shared memory, password, certificate --- */

static enum err open_first(struct worker *w)
{
    const struct settings *s = w->settings;
    char why[TLS_WHY_BYTES];
    enum err e = shared_map(&w->shared, SUPERVISE_FIRST_FD + SERVE_FD_SHARED);

    if (!e)
        e = database_address(s, &w->address); /* with a password from a file */
    if (!e)
        e = database_needs(s, &w->db_needs);
    if (e || !*s->tls_cert)
        return e;
    e = tls_open(&w->tls, s->tls_cert, s->tls_key, w->shared->ticket_key, why);
    if (e)
        log_error("tls", "%s", why);
    return e;
}

int worker_run(const struct settings *s, size_t seat)
{
    struct worker w = {.settings = s, .server.seat = seat};
    enum err e;

    supervise_child_begin("worker");
    log_init("worker", (enum log_level)s->log_level);
    w.server.settings = s;
    w.server.env = &env_system;
    e = open_first(&w);
    if (!e)
        e = worker_wall(s, &w.db_needs,
                        sandbox_folders); /* before there are threads */
    if (!e)
        e = open_all(&w);
    if (!e)
        e = worker_wall(s, &w.db_needs, sandbox_enter);
    if (!e) {
        supervise_child_ready();
        e = loop_run(w.server.loop);
    }
    close_all(&w);
    return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
