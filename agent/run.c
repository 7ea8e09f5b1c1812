#include "agent/run.h"

#include "agent/ask.h"
#include "agent/beside.h"
#include "agent/hours.h"
#include "agent/instance.h"
#include "agent/log_file.h"
#include "agent/notice.h"
#include "agent/outbox/pausing.h"
#include "agent/plumbing.h"
#include "agent/policy.h"
#include "agent/role_start.h"
#include "agent/roles.h"
#include "agent/usage.h"
#include "core/clock.h"
#include "core/io.h"
#include "core/log.h"
#include "core/supervise.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STOP_MS 3500              /* of the 5 s that a stop may take */
#define LEAST_OCR_SILENCE_MS 5000 /* it says that it lives once a second */
#define KEEP_AGAIN_NS (10 * CLOCK_NS_PER_S)
#define LOGS "logs"
#define RUNNING_FILE "running.conf" /* in STATE, for `status` */

struct agent {
    struct settings *settings;
    struct conf *conf;
    struct instance instance;
    struct plumbing plumbing;
    struct log_file *log;
    struct supervise *supervise;
    struct usage usage;
    char **args; /* every setting, for the roles */
    char *ocr_program;
    struct hours hours;
    int64_t kept_revision; /* of the policy in STATE */
    int64_t keep_at_ns;    /* when to try again, after the disk said no */
    bool hung_up;
};

/* --- settings --- */

static enum err use_full_path(struct settings *s, struct conf *conf)
{
    char full[PATH_MAX];

    if (!realpath(s->state, full)) {
        fprintf(stderr,
                "state is \"%s\": the folder cannot be made: %s; choose "
                "another with --state DIR\n",
                s->state, strerror(errno));
        return WS_INVALID;
    }
    return conf_set(conf, "state", full, conf_origin(conf, "state"), "state");
}

enum err run_prepare(struct settings *s, struct conf *conf)
{
    OWN_FREE char *file = io_path(s->state, RUN_SERVER_FILE);
    enum err e;

    if (!file)
        return WS_NOMEM;
    if (access(s->state, X_OK) < 0 && errno == EACCES) {
        fprintf(stderr,
                "state is \"%s\": this user may not look into it; run as the "
                "user whose agent it is, or choose another with --state DIR\n",
                s->state);
        return WS_DENIED;
    }
    if (conf_origin(conf, "server") == CONF_DEFAULT) {
        e = conf_load_file(conf, file);
        if (e && e != WS_NOTFOUND)
            return conf_check(conf, stderr);
    }
    return settings_settle(s);
}

/* What `status` needs to know of the agent that runs: an INI file. */
static enum err note_settings(const struct agent *a)
{
    OWN_FREE char *path = io_path(a->settings->state, RUNNING_FILE);
    OWN_BUF struct buf text = BUF_EMPTY;
    enum err e;

    for (char **at = a->args; at[0]; at += 2)
        if (*at[1])
            buf_printf(&text, "%s = %s\n", at[0] + strlen("--"), at[1]);
    e = buf_check(&text);
    if (e)
        return e;
    return path ? io_write_file(path, text.data, text.len, 0600) : WS_NOMEM;
}

enum err run_running_settings(struct settings *s, struct conf *conf)
{
    OWN_FREE char *path = io_path(s->state, RUNNING_FILE);

    return path ? conf_load_file(conf, path) : WS_NOMEM;
}

/* --- the notice --- */

static int settle_notice(struct agent *a)
{
    struct settings *s = a->settings;
    char hash[SHA256_HEX_BYTES];
    enum ask_answer answer;

    if (!settings_needs_notice(s) || notice_hash(s, hash))
        return RUN_OK;
    answer = notice_is_acknowledged(s) ? ASK_YES : ask_notice(s);
    if (answer == ASK_NO) {
        puts("Nothing is captured.");
        return RUN_DECLINED;
    }
    if (answer == ASK_NOBODY) {
        fprintf(stderr,
                "worksight-agent: the notice was not acknowledged, and there "
                "is no terminal to ask in: nothing is captured\n"
                "→ read it: worksight-agent notice; then start with "
                "--acknowledge HASH, HASH being its last line\n");
        return RUN_USAGE;
    }
    if (notice_remember(s) ||
        conf_set(a->conf, "acknowledge", hash, CONF_FLAG, "notice"))
        return RUN_FAILED;
    return RUN_OK;
}

/* --- while it runs --- */

static void on_event(void *ctx, const char *name, enum supervise_event event,
                     pid_t pid)
{
    struct agent *a = (struct agent *)ctx;
    const struct roles_row *row = roles_find(name);
    struct board_row *cell = &a->plumbing.board->role[row->board];

    if (event == SUPERVISE_STARTED) {
        atomic_store(&cell->pid, pid);
    } else if (event == SUPERVISE_DIED) {
        atomic_store(&cell->pid, 0);
        if (row->board == BOARD_CAPTURE)
            ring_reclaim(a->plumbing.ring, RING_WRITER);
        else if (row->board == BOARD_AI)
            ring_reclaim(a->plumbing.ring, RING_READER);
    }
}

static void on_log(void *ctx, const char *line, size_t len)
{
    log_file_line(((struct agent *)ctx)->log, line, len);
}

static void on_hangup(void *ctx)
{
    ((struct agent *)ctx)->hung_up = true; /* the terminal is gone */
}

static void note_children(struct agent *a)
{
    struct supervise_state states[SUPERVISE_MAX_CHILDREN];
    size_t n = supervise_states(a->supervise, states, SUPERVISE_MAX_CHILDREN);

    for (size_t i = 0; i < n; i++) {
        const struct roles_row *row = roles_find(states[i].name);

        atomic_store(&a->plumbing.board->role[row->board].restarts,
                     states[i].restarts);
    }
    usage_note(&a->usage, states, n, a->plumbing.board);
}

/* A policy that heartbeat heard of holds in the next run too, from its first
 * moment on. heartbeat writes the revision last, so it is read first. */
static void keep_policy(struct agent *a)
{
    struct board *b = a->plumbing.board;
    struct policy p = {.revision = atomic_load(&b->policy_revision)};
    enum err e;

    if (p.revision == a->kept_revision || clock_mono_ns() < a->keep_at_ns)
        return;
    p.tier_max = atomic_load(&b->tier_max);
    e = policy_save(a->settings->state, &p);
    if (!e) {
        a->kept_revision = p.revision;
        return;
    }
    log_warn("policy_unwritten", "it holds; writing it is tried again");
    a->keep_at_ns = clock_mono_ns() + KEEP_AGAIN_NS;
}

/* The tier in force: what the person acknowledged, to its last day, no more
 * than the server allows, and none outside of the hours. */
static void set_tier(struct agent *a)
{
    struct board *b = a->plumbing.board;
    int64_t now_ns = clock_wall_ns();
    bool off_hours = !hours_hold(&a->hours, now_ns);
    int64_t tier = settings_tier_at(a->settings, now_ns);
    int64_t most = atomic_load(&b->tier_max);
    const char *why = tier < a->settings->tier
                          ? "the day of `until` is over"
                          : "it is what the person acknowledged";

    if (most < tier) {
        tier = most;
        why = "the server's policy allows no more";
    }
    if (off_hours) {
        tier = 0;
        why = "it is outside of the hours";
    }
    atomic_store(&b->off_hours, off_hours);
    if (atomic_exchange(&b->tier, tier) != tier)
        log_warn("tier", "tier L%lld is in force: %s", (long long)tier, why);
}

static bool on_tick(void *ctx)
{
    struct agent *a = (struct agent *)ctx;

    board_alive(a->plumbing.board, BOARD_SUPERVISOR, 0);
    note_children(a);
    log_file_rotate(a->log);
    keep_policy(a);
    set_tier(a);
    return !a->hung_up;
}

/* --- start --- */

static enum err add_role(struct agent *a, const struct roles_row *row)
{
    struct supervise_child c = {.name = row->name,
                                .program = row->program ? a->ocr_program : NULL,
                                .optional = row->program != NULL,
                                .liveness_ms = row->liveness_ms};

    if (row->board == BOARD_OCR && a->settings->ocr == OCR_OFF)
        return WS_OK;
    if (row->liveness_ms == ROLES_OCR_DEADLINE) {
        c.liveness_ms = a->settings->ocr_deadline_ms;
        if (c.liveness_ms < LEAST_OCR_SILENCE_MS)
            c.liveness_ms = LEAST_OCR_SILENCE_MS;
    }
    for (size_t i = 0; i < row->fd_count; i++)
        c.fds[c.fd_count++] =
            plumbing_fd(&a->plumbing, row->board, row->fds[i]);
    if (!row->program) /* a role that outlives us keeps the folder */
        c.fds[c.fd_count++] = a->instance.lock_fd;
    return supervise_add(a->supervise, &c);
}

static enum err open_supervise(struct agent *a)
{
    struct supervise_options options = {
        .base_argv = (const char *const *)a->args,
        .on_event = on_event,
        .on_log = on_log,
        .on_hangup = on_hangup,
        .on_tick = on_tick,
        .ctx = a,
        .stop_ms = STOP_MS,
    };
    enum err e = supervise_open(&a->supervise, &options);

    for (size_t i = 0; i < roles_count && !e; i++)
        e = add_role(a, &roles_table[i]);
    return e;
}

/* A pause of an earlier run holds before any role runs; where nobody can tell
 * whether there is one, none does. */
static enum err set_pause(struct agent *a)
{
    int64_t until_ns = 0;
    enum err e = pausing_load(a->settings->state, clock_wall_ns(), &until_ns);

    if (e)
        fprintf(stderr,
                "worksight-agent: %s/pause cannot be read, so nobody knows "
                "whether it is paused: nothing is captured\n"
                "→ make it readable, or remove it to end any pause\n",
                a->settings->state);
    atomic_store(&a->plumbing.board->paused_until_wall_ns, until_ns);
    return e;
}

static enum err set_board(struct agent *a)
{
    struct board *b = a->plumbing.board;
    struct policy p;

    atomic_store(&b->role[BOARD_SUPERVISOR].pid, getpid());
    if (policy_load(a->settings->state, &p))
        p = (struct policy){.tier_max = POLICY_TIER_ANY};
    atomic_store(&b->tier_max, p.tier_max);
    atomic_store(&b->policy_revision, p.revision);
    a->kept_revision = p.revision;
    atomic_store(&b->tier, a->settings->tier);
    set_tier(a);
    /* Nothing of a person is captured: there is nobody to tell. */
    if (!settings_needs_notice(a->settings))
        atomic_store(&b->notice_acknowledged, 1);
    return set_pause(a);
}

static enum err prepare(struct agent *a)
{
    OWN_FREE char *logs = io_path(a->settings->state, LOGS);
    int control_fd = -1;
    enum err e = WS_OK;

    a->ocr_program = beside_path("worksight-ocr");
    if (!logs || !a->ocr_program)
        return WS_NOMEM;
    e = instance_listen(a->settings->state, &control_fd);
    if (!e)
        e = plumbing_open(&a->plumbing, control_fd);
    if (!e)
        e = role_start_args(a->conf, &a->args);
    if (!e)
        e = note_settings(a);
    if (!e)
        e = open_supervise(a);
    if (!e)
        e = set_board(a);
    if (e)
        return e;
    usage_init(&a->usage);
    /* Read by libgomp as it loads: worksight-ocr must find it set. */
    setenv("OMP_THREAD_LIMIT", "1", 1);
    return log_file_open(&a->log, logs, a->settings->log_max_bytes);
}

static void greet(const struct agent *a)
{
    const struct settings *s = a->settings;

    printf("worksight-agent %s: source %s every %lld.%03lld s, tier L%lld, to "
           "%s; state and logs in %s; Ctrl-C ends it\n",
           WS_VERSION, s->source, (long long)(s->every_ms / 1000),
           (long long)(s->every_ms % 1000), (long long)s->tier, s->server,
           s->state);
    fflush(stdout);
}

static void finish(struct agent *a)
{
    supervise_close(a->supervise);
    usage_fini(&a->usage);
    log_file_close(a->log);
    plumbing_close(&a->plumbing);
    role_start_free_args(a->args);
    free(a->ocr_program);
}

static int serve(struct agent *a)
{
    enum err e = prepare(a);

    if (e) {
        fprintf(stderr, "worksight-agent: cannot start (%s)\n", err_name(e));
    } else {
        log_init("supervisor", (enum log_level)a->settings->log_level);
        log_info("agent_started", "version %s, pid %d", WS_VERSION,
                 (int)getpid());
        greet(a);
        e = supervise_run(a->supervise);
        log_info("agent_stopped", "%lld items wait",
                 (long long)atomic_load(&a->plumbing.board->queue_pending));
        printf("worksight-agent: stopped; %lld items wait in %s\n",
               (long long)atomic_load(&a->plumbing.board->queue_pending),
               a->settings->state);
    }
    finish(a);
    return e ? RUN_FAILED : RUN_OK;
}

int run_agent(struct settings *s, struct conf *conf)
{
    struct agent a = {.settings = s, .conf = conf, .usage = {.fd = -1}};
    enum err e = io_make_dirs(s->state);
    int status;

    if (use_full_path(s, conf) || run_prepare(s, conf) ||
        settings_check(s, stderr) || hours_parse(s->hours, &a.hours))
        return RUN_USAGE;
    if (!e)
        e = instance_take(s->state, &a.instance);
    if (e == WS_EXISTS) {
        fprintf(stderr,
                "worksight-agent: another agent (pid %d) runs with state "
                "\"%s\"\n→ stop it, or start this one with another --state "
                "DIR\n",
                (int)a.instance.other, s->state);
        return RUN_BUSY;
    }
    if (e)
        return RUN_FAILED;
    status = settle_notice(&a);
    if (status == RUN_OK)
        status = serve(&a);
    instance_leave(s->state, &a.instance);
    return status;
}
