#include "server/control.h"

#include "core/clock.h"
#include "core/io.h"
#include "core/json.h"
#include "core/log.h"
#include "server/auth/logins.h"
#include "server/auth/orders.h"
#include "server/auth/tokens.h"
#include "server/commit/committer.h"
#include "server/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define ANSWER_MAX_BYTES (1 << 20)
#define ACCEPT_AGAIN_MS 100

struct control {
    struct server *server;
    int64_t begun_ns;
    int listener, stop;
    pthread_t thread;
};

/* The address of the socket below an open folder: a path of any length, while
 * sun_path holds 108 bytes. */
static struct sockaddr_un address(int dir)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    snprintf(a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/%s", dir,
             CONTROL_NAME);
    return a;
}

static void set_timeouts(int fd, int64_t ms)
{
    struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

/* Read up to a newline, which is not kept, within a time. */
static enum err read_line(int fd, size_t max_bytes, int64_t ms, struct buf *out)
{
    int64_t end_ns = clock_mono_ns() + ms * CLOCK_NS_PER_MS;
    char part[4096];

    for (;;) {
        ssize_t n = recv(fd, part, sizeof(part), 0);
        const char *end;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return WS_IO;
        end = memchr(part, '\n', (size_t)n);
        buf_append(out, part, end ? (size_t)(end - part) : (size_t)n);
        if (out->len > max_bytes)
            return WS_FULL;
        if (end)
            return buf_check(out);
        if (clock_mono_ns() > end_ns)
            return WS_IO;
    }
}

static enum err send_line(int fd, const struct buf *line)
{
    size_t sent = 0;
    char newline = '\n';

    while (sent < line->len) {
        ssize_t n = send(fd, line->data + sent, line->len - sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return WS_IO;
        sent += (size_t)n;
    }
    return send(fd, &newline, 1, MSG_NOSIGNAL) == 1 ? WS_OK : WS_IO;
}

static bool peer_may(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return false;
    return peer.uid == 0 || peer.uid == geteuid();
}

static void refuse(struct buf *answer, const char *error, const char *fix)
{
    buf_clear(answer);
    buf_printf(answer, "{\"ok\":false,\"error\":\"%s\",\"fix\":\"%s\"}", error,
               fix);
}

static void run_order(struct control *c, const struct buf *line,
                      struct buf *answer)
{
    struct server *server = c->server;
    OWN(json_free)
    struct json *request = NULL;
    struct orders_process process = {
        .pid = getpid(),
        .uptime_ms = (env_mono_ns(server->env) - c->begun_ns) / CLOCK_NS_PER_MS,
        .listen = server->settings->listen,
        .queue = committer_depth(server->committer),
    };
    struct orders o = {.env = server->env, .process = &process};
    enum err e = json_parse(line->data, line->len, &request, NULL);

    if (e) {
        refuse(answer, "the request is not JSON", "use worksight-server");
        return;
    }
    o.request = request;
    e = committer_call_wait(server->committer, orders_run, &o);
    logins_forget(server->logins);
    tokens_forget(server->tokens);
    if (e && e != WS_INVALID)
        refuse(answer, "the store is busy or away; nothing is known to be done",
               "look at the result, then try again");
    else
        buf_append(answer, o.answer.data, o.answer.len);
    buf_fini(&o.answer);
}

static void serve_one(struct control *c, int fd)
{
    OWN_BUF struct buf line = BUF_EMPTY, answer = BUF_EMPTY;

    set_timeouts(fd, CONTROL_LINE_MS);
    if (!peer_may(fd)) {
        log_warn("control_denied", "a process of another user connected");
        return;
    }
    if (read_line(fd, ORDERS_MAX_BYTES, CONTROL_LINE_MS, &line))
        return;
    run_order(c, &line, &answer);
    if (buf_check(&answer) || send_line(fd, &answer))
        log_warn("control_unanswered", "the command left before its answer");
}

static void *run(void *arg)
{
    struct control *c = arg;
    struct pollfd fds[2] = {{.fd = c->listener, .events = POLLIN},
                            {.fd = c->stop, .events = POLLIN}};

    for (;;) {
        int fd;

        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        if (fds[1].revents)
            break;
        if (!fds[0].revents)
            continue;
        fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno != EAGAIN) /* no descriptor is free: ask now and then */
                (void)poll(&fds[1], 1, ACCEPT_AGAIN_MS);
            continue;
        }
        serve_one(c, fd);
        close(fd);
    }
    return NULL;
}

enum err control_listen(const char *data, int *out)
{
    OWN_FD int dir = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);
    OWN_FD int fd = -1;
    struct sockaddr_un a;
    mode_t mask;
    int bad;

    if (dir < 0)
        return err_sys("control: open %s", data);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_sys("control: socket");
    a = address(dir);
    (void)unlinkat(dir, CONTROL_NAME, 0); /* of a server that was killed */
    mask = umask(0177);
    bad = bind(fd, (struct sockaddr *)&a, sizeof(a));
    umask(mask);
    if (bad)
        return err_sys("control: bind %s", CONTROL_NAME);
    if (listen(fd, 16))
        return err_sys("control: listen");
    *out = TAKE_FD(fd);
    return WS_OK;
}

void control_unlink(const char *data)
{
    OWN_FD int dir = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (dir >= 0)
        (void)unlinkat(dir, CONTROL_NAME, 0);
}

enum err control_open(struct control **out, struct server *server, int fd)
{
    struct control *c = calloc(1, sizeof(*c));
    enum err e = WS_OK;

    if (!c)
        return WS_NOMEM;
    c->server = server;
    c->begun_ns = env_mono_ns(server->env);
    c->listener = fd;
    c->stop = eventfd(0, EFD_CLOEXEC);
    if (c->stop < 0)
        e = err_sys("control: eventfd");
    else if (pthread_create(&c->thread, NULL, run, c))
        e = err_sys("control: thread");
    if (e) {
        own_fd(&c->stop);
        free(c);
        return e;
    }
    *out = c;
    return WS_OK;
}

void control_close(struct control *c)
{
    if (!c)
        return;
    (void)eventfd_write(c->stop, 1);
    pthread_join(c->thread, NULL);
    close(c->stop);
    free(c);
}

enum err control_connect(const char *data, int *fd)
{
    OWN_FD int dir = open(data, O_PATH | O_DIRECTORY | O_CLOEXEC);
    OWN_FD int s = -1;
    struct sockaddr_un a;

    if (dir < 0)
        return WS_NOTFOUND;
    s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return err_sys("control: socket");
    a = address(dir);
    set_timeouts(s, CONTROL_TIMEOUT_MS);
    if (connect(s, (struct sockaddr *)&a, sizeof(a)) < 0) {
        if (errno == EACCES || errno == EPERM)
            return WS_DENIED;
        return WS_NOTFOUND;
    }
    *fd = TAKE_FD(s);
    return WS_OK;
}

enum err control_ask(int fd, const struct buf *request, struct buf *answer)
{
    enum err e = send_line(fd, request);

    if (e)
        return e;
    return read_line(fd, ANSWER_MAX_BYTES, CONTROL_TIMEOUT_MS, answer);
}
