/* The child's half of supervise.h: words to the supervisor, one byte each, and
 * now and then what this process used. */
#include "core/clock.h"
#include "core/log.h"
#include "core/supervise.h"
#include "core/supervise_usage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* Saying so more often than this tells the supervisor nothing new. */
#define SAY_EVERY_NS (200 * CLOCK_NS_PER_MS)
#define USAGE_EVERY_NS (5 * CLOCK_NS_PER_S)

/* Of the process: a signal handler can be given no argument. */
static int control_fd = -1;
static int term_fd = -1; /* eventfd, readable after SIGTERM */
static int stop_fd = -1; /* epoll: term_fd, or the end of control_fd */
static int usage_fd = -1;
static int64_t alive_said_ns, progress_said_ns, usage_said_ns;

static void on_term(int signal_number)
{
    int number = errno;
    uint64_t one = 1;

    (void)signal_number;
    if (write(term_fd, &one, sizeof one) < 0) {
        /* full means that it is readable already */
    }
    errno = number;
}

static void watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};

    if (epoll_ctl(stop_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        log_error("stop_watch_failed", "fd %d: %s", fd, strerror(errno));
}

void supervise_child_begin(const char *role)
{
    struct sigaction action = {.sa_handler = on_term}; /* no SA_RESTART */
    struct stat st;
    char title[16];

    snprintf(title, sizeof title, "worksight-%s", role);
    prctl(PR_SET_NAME, title);
    log_init(role, LOG_LEVEL_INFO);
    signal(SIGPIPE, SIG_IGN);
    term_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    stop_fd = epoll_create1(EPOLL_CLOEXEC);
    watch(term_fd);
    sigaction(SIGTERM, &action, NULL);
    if (fstat(SUPERVISE_CONTROL_FD, &st) == 0 && S_ISSOCK(st.st_mode)) {
        control_fd = SUPERVISE_CONTROL_FD;
        fcntl(control_fd, F_SETFD, FD_CLOEXEC);
        watch(control_fd);
        usage_fd = supervise_usage_open();
    }
}

static void say(char word)
{
    if (control_fd >= 0 &&
        send(control_fd, &word, 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN && errno != EPIPE && errno != ECONNRESET)
        log_warn("supervisor_not_told", "word %c: %s", word, strerror(errno));
}

/* True, and noted, when it was not said for so long. */
static bool is_due(int64_t every_ns, int64_t *said_ns)
{
    int64_t now_ns = clock_mono_ns();

    if (*said_ns != 0 && now_ns - *said_ns < every_ns)
        return false;
    *said_ns = now_ns;
    return true;
}

static void say_usage(void)
{
    struct supervise_usage usage;

    supervise_usage_read(usage_fd, &usage);
    supervise_usage_say(control_fd, &usage);
}

void supervise_child_ready(void)
{
    say('R');
}

void supervise_child_alive(void)
{
    if (!is_due(SAY_EVERY_NS, &alive_said_ns))
        return;
    say('A');
    if (control_fd >= 0 && is_due(USAGE_EVERY_NS, &usage_said_ns))
        say_usage();
}

void supervise_child_progress(void)
{
    if (is_due(SAY_EVERY_NS, &progress_said_ns))
        say('P');
}

bool supervise_child_stopping(void)
{
    struct pollfd p = {.fd = stop_fd, .events = POLLIN};

    return stop_fd >= 0 && poll(&p, 1, 0) > 0;
}

int supervise_child_stop_fd(void)
{
    return stop_fd;
}
