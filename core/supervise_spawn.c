#include "core/supervise_spawn.h"

#include "core/io.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS 256
#define HIGH_FD 64 /* above every descriptor that a child is given */

/* What the forked half works with: made before the fork, because nothing may
 * be allocated after it. */
struct plan {
    const struct supervise_child *child;
    const char *path;
    char *argv[MAX_ARGS + 1];
    char **env; /* allocated */
    pid_t parent;
    int null_fd, control_fd, log_fd, failure_fd;
};

static bool push(struct plan *p, size_t *n, const char *arg)
{
    if (*n == MAX_ARGS)
        return false;
    p->argv[(*n)++] = (char *)(uintptr_t)arg; /* execve takes no const */
    return true;
}

static enum err make_argv(struct plan *p, const char *const *base_argv)
{
    const struct supervise_child *c = p->child;
    size_t n = 0;
    bool fits;

    p->path = c->program ? c->program : "/proc/self/exe";
    fits = push(p, &n, c->program ? c->program : program_invocation_name);
    if (!c->program)
        fits = fits && push(p, &n, "--role") &&
               push(p, &n, c->role ? c->role : c->name);
    for (size_t i = 0; !c->program && base_argv && base_argv[i]; i++)
        fits = fits && push(p, &n, base_argv[i]);
    for (size_t i = 0; c->argv && c->argv[i]; i++)
        fits = fits && push(p, &n, c->argv[i]);
    p->argv[n] = NULL;
    return fits ? WS_OK : WS_INVALID;
}

/* The first of a name is the one that counts (getenv(3)). */
static char **make_env(const struct supervise_child *c)
{
    char *const *of[] = {c->env, environ};
    char **env;
    size_t n = 0;

    for (int i = 0; i < 2; i++)
        for (size_t j = 0; of[i] && of[i][j]; j++)
            n++;
    env = calloc(n + 1, sizeof(*env));
    if (!env)
        return NULL;
    n = 0;
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; of[i] && of[i][j]; j++)
            env[n++] = of[i][j];
    return env;
}

static void fail(const struct plan *p)
{
    int number = errno;

    while (write(p->failure_fd, &number, sizeof number) < 0 && errno == EINTR)
        ;
    _exit(127);
}

static void reset_signals(void)
{
    /* The supervisor alone decides what a key of the terminal means. */
    static const int of_terminal[] = {SIGINT,  SIGQUIT, SIGHUP, SIGTSTP,
                                      SIGTTIN, SIGTTOU, SIGPIPE};
    sigset_t none;

    for (int s = 1; s < NSIG; s++)
        signal(s, SIG_DFL);
    for (size_t i = 0; i < sizeof of_terminal / sizeof *of_terminal; i++)
        signal(of_terminal[i], SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Move every descriptor out of the way first: a target may be another's
 * source. */
static void place_fds(struct plan *p)
{
    const struct supervise_child *c = p->child;
    int high[SUPERVISE_MAX_FDS + 3];
    int from[SUPERVISE_MAX_FDS + 3] = {p->null_fd, p->log_fd, p->control_fd};
    size_t count = 3 + c->fd_count;

    for (size_t i = 0; i < c->fd_count; i++)
        from[3 + i] = c->fds[i];
    p->failure_fd = fcntl(p->failure_fd, F_DUPFD_CLOEXEC, HIGH_FD);
    for (size_t i = 0; i < count; i++) {
        high[i] = from[i] < 0 ? -1 : fcntl(from[i], F_DUPFD_CLOEXEC, HIGH_FD);
        if (from[i] >= 0 && high[i] < 0)
            fail(p);
    }
    if (dup2(high[0], 0) < 0 || dup2(high[1], 1) < 0 || dup2(high[1], 2) < 0 ||
        dup2(high[2], SUPERVISE_CONTROL_FD) < 0)
        fail(p);
    for (size_t i = 0; i < c->fd_count; i++) {
        int target = SUPERVISE_FIRST_FD + (int)i;

        if (high[3 + i] < 0)
            close(target);
        else if (dup2(high[3 + i], target) < 0)
            fail(p);
    }
    close_range((unsigned)(SUPERVISE_FIRST_FD + (int)c->fd_count),
                (unsigned)p->failure_fd - 1, 0);
    close_range((unsigned)p->failure_fd + 1, ~0U, 0);
}

static void become(struct plan *p)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != p->parent) /* the supervisor died before the line above */
        _exit(127);
    reset_signals();
    place_fds(p);
    execve(p->path, p->argv, p->env);
    fail(p);
}

/* Wait for the exec: an end without words means that it worked. */
static enum err wait_for_exec(const struct plan *p, int fd, pid_t pid)
{
    int number = 0;
    enum err e = io_read_exact(fd, &number, sizeof number);

    if (e == WS_NOTFOUND)
        return WS_OK;
    waitpid(pid, NULL, 0);
    if (e)
        return e;
    errno = number;
    if (number == ENOENT)
        return WS_NOTFOUND;
    return err_sys("supervise: start %s", p->path);
}

enum err supervise_spawn(const struct supervise_child *child,
                         const char *const *base_argv,
                         struct supervise_spawn *out)
{
    OWN_FD int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    OWN_FREE char **env = make_env(child);
    struct plan plan = {.child = child, .parent = getpid(), .env = env};
    int control[2] = {-1, -1}, logs[2] = {-1, -1}, failure[2] = {-1, -1};
    enum err e = env ? make_argv(&plan, base_argv) : WS_NOMEM;
    pid_t pid = -1;

    if (e)
        return e;
    if (null_fd < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0 ||
        pipe2(logs, O_CLOEXEC) < 0 || pipe2(failure, O_CLOEXEC) < 0 ||
        fcntl(logs[0], F_SETFL, O_NONBLOCK) < 0) {
        e = err_sys("supervise: descriptors of %s", child->name);
    } else {
        plan.null_fd = null_fd;
        plan.control_fd = control[1];
        plan.log_fd = logs[1];
        plan.failure_fd = failure[1];
        pid = fork();
        if (pid == 0)
            become(&plan);
        if (pid < 0)
            e = err_sys("supervise: fork %s", child->name);
    }
    own_fd(&control[1]);
    own_fd(&logs[1]);
    own_fd(&failure[1]);
    if (!e)
        e = wait_for_exec(&plan, failure[0], pid);
    own_fd(&failure[0]);
    if (e) {
        own_fd(&control[0]);
        own_fd(&logs[0]);
        return e;
    }
    *out = (struct supervise_spawn){
        .pid = pid, .control_fd = control[0], .log_fd = logs[0]};
    return WS_OK;
}
