#include "agent/outbox/control_server.h"

#include "agent/cli/control.h"
#include "core/clock.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONTROL_SERVER_DEADLINE_NS (10 * CLOCK_NS_PER_S)

static const char retraction[] =
    "{\"ok\":false,\"error\":\"io\",\"detail\":\"the disk refused it; "
    "nothing was changed\"}\n";

void control_server_init(struct control_server *s, int listener)
{
    size_t i;

    memset(s, 0, sizeof(*s));
    s->listener = listener;
    /* Every turn tries to accept: it must never wait there. */
    if (listener >= 0 && fcntl(listener, F_SETFL, O_NONBLOCK) < 0)
        (void)!err_sys("control: listener");
    for (i = 0; i < CONTROL_SERVER_MAX; i++)
        s->peers[i].fd = -1;
}

static void hang_up(struct control_server_peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    buf_fini(&p->in);
    buf_fini(&p->out);
    p->in = p->out = BUF_EMPTY;
    p->sent = 0;
}

void control_server_fini(struct control_server *s)
{
    size_t i;

    for (i = 0; i < CONTROL_SERVER_MAX; i++)
        hang_up(&s->peers[i]);
}

size_t control_server_poll(const struct control_server *s, struct pollfd *out)
{
    size_t n = 0, i;
    bool room = false;

    for (i = 0; i < CONTROL_SERVER_MAX; i++) {
        const struct control_server_peer *p = &s->peers[i];

        if (p->fd < 0)
            room = true;
        else
            out[n++] = (struct pollfd){
                .fd = p->fd, .events = p->out.len > 0 ? POLLOUT : POLLIN};
    }
    if (room && s->listener >= 0)
        out[n++] = (struct pollfd){.fd = s->listener, .events = POLLIN};
    return n;
}

static void take_new(struct control_server *s, int64_t now_ns)
{
    size_t i;

    for (i = 0; i < CONTROL_SERVER_MAX && s->listener >= 0; i++) {
        struct control_server_peer *p = &s->peers[i];

        if (p->fd >= 0)
            continue;
        p->fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (p->fd < 0)
            return;
        p->deadline_ns = now_ns + CONTROL_SERVER_DEADLINE_NS;
    }
}

static bool is_whole(const struct control_server_peer *p)
{
    return p->fd >= 0 && p->out.len == 0 && p->in.len > 0 &&
           memchr(p->in.data, '\n', p->in.len);
}

static void read_more(struct control_server_peer *p)
{
    char data[1024];
    ssize_t n;

    while ((n = recv(p->fd, data, sizeof(data), 0)) > 0) {
        buf_append(&p->in, data, (size_t)n);
        if (p->in.failed || p->in.len > CONTROL_REQUEST_BYTES) {
            hang_up(p);
            return;
        }
    }
    if (n == 0 && !is_whole(p))
        hang_up(p); /* the end came before the line did */
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        hang_up(p);
}

bool control_server_read(struct control_server *s, int64_t now_ns)
{
    bool whole = false;
    size_t i;

    take_new(s, now_ns);
    for (i = 0; i < CONTROL_SERVER_MAX; i++) {
        struct control_server_peer *p = &s->peers[i];

        if (p->fd >= 0 && p->out.len == 0)
            read_more(p);
        whole = whole || is_whole(p);
    }
    return whole;
}

enum err control_server_answer(struct control_server *s,
                               const struct control_scope *scope)
{
    for (size_t i = 0; i < CONTROL_SERVER_MAX; i++) {
        struct control_server_peer *p = &s->peers[i];
        const char *end;

        if (!is_whole(p))
            continue;
        end = memchr(p->in.data, '\n', p->in.len);
        s->answered = p;
        return control_answer(scope, p->in.data, (size_t)(end - p->in.data),
                              &p->out);
    }
    return WS_NOTFOUND;
}

void control_server_retract(struct control_server *s)
{
    buf_clear(&s->answered->out);
    buf_append(&s->answered->out, retraction, sizeof(retraction) - 1);
}

void control_server_write(struct control_server *s, int64_t now_ns)
{
    size_t i;

    for (i = 0; i < CONTROL_SERVER_MAX; i++) {
        struct control_server_peer *p = &s->peers[i];

        if (p->fd >= 0 && p->out.len > 0) {
            ssize_t n = send(p->fd, p->out.data + p->sent, p->out.len - p->sent,
                             MSG_NOSIGNAL);

            if (n > 0)
                p->sent += (size_t)n;
            else if (n < 0 && errno != EAGAIN && errno != EINTR)
                hang_up(p);
        }
        if (p->fd >= 0 && p->out.len > 0 && p->sent == p->out.len)
            hang_up(p);
        if (p->fd >= 0 && now_ns > p->deadline_ns)
            hang_up(p);
    }
}
