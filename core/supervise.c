#include "core/supervise.h"

#include "core/buf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/supervise_log.h"
#include "core/supervise_signals.h"
#include "core/supervise_spawn.h"
#include "core/supervise_state.h"
#include "core/supervise_usage.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define TICK_NS (100 * CLOCK_NS_PER_MS)
#define START_NS (30 * CLOCK_NS_PER_S) /* least time to become ready */
#define REAP_NS CLOCK_NS_PER_S         /* from SIGKILL to giving up on it */
/* A longer gap in our own loop means that we were not running ourselves. */
#define ASLEEP_NS (2 * CLOCK_NS_PER_S)

struct kid {
    struct supervise_child child;
    struct supervise_state_child state;
    struct supervise_spawn process; /* pid 0: none */
    struct supervise_log log;
    int64_t last_alive_ns;
    struct supervise_usage usage; /* of the present process */
    int64_t past_cpu_ns;          /* of those before it */
    int64_t retire_by_ns;         /* 0: nobody asked it alone to end */
};

struct supervise {
    struct supervise_options options;
    struct kid kids[SUPERVISE_MAX_CHILDREN];
    size_t kid_count;
    int signal_fd;
    sigset_t old_mask;
    bool stopping;
    int64_t stop_began_ns;
    int64_t next_tick_ns, last_loop_ns;
};

static void to_stderr(void *ctx, const char *line, size_t len)
{
    struct buf out = BUF_EMPTY;

    (void)ctx;
    buf_append(&out, line, len);
    buf_append_byte(&out, '\n');
    if (!buf_check(&out) && write(STDERR_FILENO, out.data, out.len) < 0) {
        /* nobody is left to tell */
    }
    buf_fini(&out);
}

enum err supervise_open(struct supervise **out,
                        const struct supervise_options *options)
{
    OWN(supervise_close)
    struct supervise *s = NULL;
    enum err e;

    *out = NULL;
    s = (struct supervise *)calloc(1, sizeof *s);
    if (!s)
        return WS_NOMEM;
    s->options = *options;
    if (!s->options.on_log)
        s->options.on_log = to_stderr;
    s->signal_fd = -1;
    sigemptyset(&s->old_mask);
    e = supervise_signals_take(&s->signal_fd, &s->old_mask);
    if (e)
        return e;
    *out = TAKE(s);
    return WS_OK;
}

static void shut(int *fd)
{
    own_fd(fd);
    *fd = -1;
}

static void forget_process(struct kid *k)
{
    supervise_log_end(&k->log);
    shut(&k->process.control_fd);
    shut(&k->process.log_fd);
    k->process.pid = 0;
    k->past_cpu_ns += k->usage.cpu_ns;
    k->usage = (struct supervise_usage){.cpu_ns = 0};
}

void supervise_close(struct supervise *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->kid_count; i++) {
        struct kid *k = &s->kids[i];

        if (k->process.pid > 0) {
            kill(k->process.pid, SIGKILL);
            waitpid(k->process.pid, NULL, 0);
        }
        forget_process(k);
    }
    if (s->signal_fd >= 0) {
        close(s->signal_fd);
        sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
    }
    free(s);
}

/* A row of a child that ended for good, or a new one; NULL: none is left. */
static struct kid *free_row(struct supervise *s)
{
    for (size_t i = 0; i < s->kid_count; i++)
        if (s->kids[i].retire_by_ns &&
            s->kids[i].state.is == SUPERVISE_STATE_GONE)
            return &s->kids[i];
    return s->kid_count < SUPERVISE_MAX_CHILDREN ? &s->kids[s->kid_count++]
                                                 : NULL;
}

enum err supervise_add(struct supervise *s, const struct supervise_child *child)
{
    struct kid *k = child->fd_count > SUPERVISE_MAX_FDS ? NULL : free_row(s);

    if (!k)
        return WS_FULL;
    *k = (struct kid){.child = *child};
    k->process =
        (struct supervise_spawn){.pid = 0, .control_fd = -1, .log_fd = -1};
    k->log = (struct supervise_log){.name = child->name,
                                    .on_line = s->options.on_log,
                                    .ctx = s->options.ctx};
    supervise_state_init(&k->state, child->optional, clock_mono_ns());
    return WS_OK;
}

static void tell(const struct supervise *s, const struct kid *k,
                 enum supervise_event event, pid_t pid)
{
    if (s->options.on_event)
        s->options.on_event(s->options.ctx, k->child.name, event, pid);
}

static void happen(struct supervise *s, struct kid *k,
                   enum supervise_state_event event, int64_t now_ns);

static void spawn(struct supervise *s, struct kid *k, int64_t now_ns)
{
    enum err e = supervise_spawn(&k->child, s->options.base_argv, &k->process);

    if (e) {
        if (e == WS_NOTFOUND)
            log_warn("role_absent", "%s: there is no program %s", k->child.name,
                     k->child.program ? k->child.program : "/proc/self/exe");
        happen(s, k, SUPERVISE_STATE_UNABLE, now_ns);
        return;
    }
    k->last_alive_ns = now_ns;
    k->log.pid = k->process.pid;
    happen(s, k, SUPERVISE_STATE_SPAWNED, now_ns);
    tell(s, k, SUPERVISE_STARTED, k->process.pid);
}

static void act(struct supervise *s, struct kid *k,
                enum supervise_state_action action, int64_t now_ns)
{
    switch (action) {
    case SUPERVISE_STATE_NOTHING:
        break;
    case SUPERVISE_STATE_DO_SPAWN:
        spawn(s, k, now_ns);
        break;
    case SUPERVISE_STATE_DO_READY:
        tell(s, k, SUPERVISE_READY, k->process.pid);
        break;
    case SUPERVISE_STATE_DO_KILL:
        if (k->process.pid > 0)
            kill(k->process.pid, SIGKILL);
        break;
    case SUPERVISE_STATE_DO_TERM:
        kill(k->process.pid, SIGTERM);
        break;
    case SUPERVISE_STATE_DO_DIED:
    case SUPERVISE_STATE_DO_ENDED:
        if (k->process.pid > 0) {
            pid_t pid = k->process.pid;

            forget_process(k);
            tell(s, k, SUPERVISE_DIED, pid);
        }
        break;
    }
}

static void happen(struct supervise *s, struct kid *k,
                   enum supervise_state_event event, int64_t now_ns)
{
    act(s, k, supervise_state_step(&k->state, event, now_ns), now_ns);
}

enum err supervise_retire(struct supervise *s, const char *name,
                          int64_t grace_ms)
{
    int64_t now_ns = clock_mono_ns();

    for (size_t i = 0; i < s->kid_count; i++) {
        struct kid *k = &s->kids[i];

        if (k->retire_by_ns || strcmp(k->child.name, name) != 0)
            continue;
        k->retire_by_ns = now_ns + grace_ms * CLOCK_NS_PER_MS;
        happen(s, k, SUPERVISE_STATE_STOP, now_ns);
        if (k->state.is == SUPERVISE_STATE_GONE) /* it had no process */
            tell(s, k, SUPERVISE_DIED, 0);
        return WS_OK;
    }
    return WS_NOTFOUND;
}

/* --- what children say --- */

static void read_words(struct supervise *s, struct kid *k, int64_t now_ns)
{
    char words[256];
    ssize_t n;

    while ((n = recv(k->process.control_fd, words, sizeof words,
                     MSG_DONTWAIT)) > 0) {
        k->last_alive_ns = now_ns;
        if (supervise_usage_heard(words, (size_t)n, &k->usage))
            continue;
        for (ssize_t i = 0; i < n; i++) {
            if (words[i] == 'R')
                happen(s, k, SUPERVISE_STATE_SAID_READY, now_ns);
            else if (words[i] == 'P')
                happen(s, k, SUPERVISE_STATE_PROGRESS, now_ns);
        }
    }
    if (n == 0) /* it closed its end: it will be reaped */
        shut(&k->process.control_fd);
}

static void read_log(struct kid *k)
{
    if (!supervise_log_read(&k->log, k->process.log_fd))
        shut(&k->process.log_fd);
}

static void log_death(const struct supervise *s, const struct kid *k,
                      int status)
{
    if (WIFSIGNALED(status))
        log_warn("role_died", "%s (pid %d) was ended by signal %d (%s)",
                 k->child.name, (int)k->process.pid, WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else if (!s->stopping && k->state.is != SUPERVISE_STATE_STOPPING)
        log_warn("role_died", "%s (pid %d) exited with status %d",
                 k->child.name, (int)k->process.pid, WEXITSTATUS(status));
}

static void reap(struct supervise *s, int64_t now_ns)
{
    for (size_t i = 0; i < s->kid_count; i++) {
        struct kid *k = &s->kids[i];
        int status = 0;

        if (k->process.pid <= 0 ||
            waitpid(k->process.pid, &status, WNOHANG | WUNTRACED) <= 0)
            continue;
        if (WIFSTOPPED(status)) {
            log_warn("role_frozen",
                     "%s (pid %d) was stopped by signal %d: it "
                     "is killed and started again",
                     k->child.name, (int)k->process.pid, WSTOPSIG(status));
            happen(s, k, SUPERVISE_STATE_FROZEN, now_ns);
            continue;
        }
        if (k->process.control_fd >= 0)
            read_words(s, k, now_ns); /* its last words count */
        if (k->process.log_fd >= 0)
            read_log(k);
        log_death(s, k, status);
        happen(s, k, SUPERVISE_STATE_EXITED, now_ns);
    }
}

static void begin_stop(struct supervise *s, int64_t now_ns)
{
    if (s->stopping)
        return;
    s->stopping = true;
    s->stop_began_ns = now_ns;
}

static void read_signals(struct supervise *s, int64_t now_ns)
{
    struct signalfd_siginfo info;
    bool child = false;

    while (read(s->signal_fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD)
            child = true;
        else if (info.ssi_signo != SIGHUP)
            begin_stop(s, now_ns);
        else if (s->options.on_hangup)
            s->options.on_hangup(s->options.ctx);
    }
    if (child)
        reap(s, now_ns);
}

/* --- time --- */

static void check_silence(struct supervise *s, struct kid *k, int64_t now_ns)
{
    int64_t limit_ns = k->child.liveness_ms * CLOCK_NS_PER_MS;

    if (k->child.liveness_ms == 0 || k->process.pid <= 0 ||
        (k->state.is != SUPERVISE_STATE_READY &&
         k->state.is != SUPERVISE_STATE_STARTING))
        return;
    if (k->state.is == SUPERVISE_STATE_STARTING && limit_ns < START_NS)
        limit_ns = START_NS;
    if (now_ns - k->last_alive_ns <= limit_ns)
        return;
    log_warn("role_silent",
             "%s (pid %d) said nothing for %lld ms: it is "
             "killed and started again",
             k->child.name, (int)k->process.pid,
             (long long)((now_ns - k->last_alive_ns) / CLOCK_NS_PER_MS));
    happen(s, k, SUPERVISE_STATE_SILENT, now_ns);
}

static void mind_children(struct supervise *s, int64_t now_ns)
{
    bool slept = s->last_loop_ns && now_ns - s->last_loop_ns > ASLEEP_NS;

    for (size_t i = 0; i < s->kid_count; i++) {
        struct kid *k = &s->kids[i];

        if (slept)
            k->last_alive_ns = now_ns;
        if (k->state.is == SUPERVISE_STATE_WAITING)
            happen(s, k, SUPERVISE_STATE_DUE, now_ns);
        else if (k->state.is == SUPERVISE_STATE_STOPPING &&
                 now_ns > k->retire_by_ns)
            happen(s, k, SUPERVISE_STATE_TOO_LATE, now_ns);
        else
            check_silence(s, k, now_ns);
    }
    s->last_loop_ns = now_ns;
}

/* Ask one child after the other to end, the last row first: a child is asked
 * when those below it are gone, or when their share of the time is over. */
static bool stop_children(struct supervise *s, int64_t now_ns)
{
    int64_t grace_ns = s->options.stop_ms * CLOCK_NS_PER_MS;
    int64_t share_ns = grace_ns / (int64_t)(s->kid_count + 1);
    int64_t past_ns = now_ns - s->stop_began_ns;
    bool late = past_ns > grace_ns, left = false;
    size_t asked = 0;

    for (size_t i = s->kid_count; i-- > 0; asked++) {
        struct kid *k = &s->kids[i];

        if (k->state.is == SUPERVISE_STATE_GONE)
            continue;
        if (!left || past_ns > share_ns * (int64_t)asked)
            happen(s, k, late ? SUPERVISE_STATE_TOO_LATE : SUPERVISE_STATE_STOP,
                   now_ns);
        left = left || k->state.is != SUPERVISE_STATE_GONE;
    }
    return left && past_ns < grace_ns + REAP_NS;
}

/* --- the loop --- */

static size_t list_fds(const struct supervise *s, struct pollfd *fds)
{
    size_t n = 0;

    fds[n++] = (struct pollfd){.fd = s->signal_fd, .events = POLLIN};
    for (size_t i = 0; i < s->kid_count; i++) { /* poll skips fds below 0 */
        fds[n++] = (struct pollfd){.fd = s->kids[i].process.control_fd,
                                   .events = POLLIN};
        fds[n++] =
            (struct pollfd){.fd = s->kids[i].process.log_fd, .events = POLLIN};
    }
    return n;
}

static void serve_fds(struct supervise *s, const struct pollfd *fds,
                      int64_t now_ns)
{
    size_t kids = s->kid_count, n = 1;

    for (size_t i = 0; i < kids; i++, n += 2) {
        if (fds[n].revents && s->kids[i].process.control_fd == fds[n].fd)
            read_words(s, &s->kids[i], now_ns);
        if (fds[n + 1].revents && s->kids[i].process.log_fd == fds[n + 1].fd)
            read_log(&s->kids[i]);
    }
    if (fds[0].revents) /* last: what the dead said was read above */
        read_signals(s, now_ns);
}

static void tick(struct supervise *s, int64_t now_ns)
{
    if (now_ns < s->next_tick_ns)
        return;
    s->next_tick_ns = now_ns + TICK_NS;
    if (s->options.on_tick && !s->options.on_tick(s->options.ctx))
        begin_stop(s, now_ns);
    reap(s, now_ns);
}

enum err supervise_run(struct supervise *s)
{
    struct pollfd fds[1 + 2 * SUPERVISE_MAX_CHILDREN];

    for (;;) {
        int64_t now_ns = clock_mono_ns();
        size_t n;

        tick(s, now_ns);
        if (!s->stopping)
            mind_children(s, now_ns);
        else if (!stop_children(s, now_ns))
            return WS_OK;
        n = list_fds(s, fds);
        if (poll(fds, n, (int)(TICK_NS / CLOCK_NS_PER_MS)) < 0) {
            if (errno != EINTR)
                return err_sys("supervise: poll");
            continue;
        }
        serve_fds(s, fds, clock_mono_ns());
    }
}

size_t supervise_states(const struct supervise *s, struct supervise_state *out,
                        size_t max)
{
    size_t n = s->kid_count < max ? s->kid_count : max;

    for (size_t i = 0; i < n; i++) {
        const struct kid *k = &s->kids[i];

        out[i] = (struct supervise_state){
            .name = k->child.name,
            .pid = k->process.pid,
            .ready = k->state.is == SUPERVISE_STATE_READY,
            .restarts = k->state.restarts,
            .started_mono_ns = k->state.started_ns,
            .last_alive_mono_ns = k->last_alive_ns,
            .cpu_ns = k->past_cpu_ns + k->usage.cpu_ns,
            .pss_bytes = k->usage.pss_bytes,
        };
    }
    return n;
}
