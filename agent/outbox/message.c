#include "agent/outbox/message.h"

#include "core/io.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGE_MAGIC 0x57534d31u /* "WSM1" */
#define MESSAGE_INLINE_BYTES 32768

struct wire_head {
    uint32_t magic;
    uint32_t verb;
    uint32_t result;
    uint32_t body_in_fd; /* 0 or 1: the body is the first descriptor */
    uint64_t body_len;
    uint8_t id[MESSAGE_ID_BYTES];
};

union control { /* room for MESSAGE_MAX_FDS + the body, aligned */
    struct cmsghdr align;
    char room[CMSG_SPACE(sizeof(int) * (MESSAGE_MAX_FDS + 1))];
};

void message_init(struct message *m)
{
    memset(m, 0, sizeof(*m));
}

static void close_fds(struct message *m)
{
    size_t i;

    for (i = 0; i < m->fd_count; i++)
        if (m->fds[i] >= 0)
            close(m->fds[i]);
    m->fd_count = 0;
}

void message_fini(struct message *m)
{
    close_fds(m);
    buf_fini(&m->body);
}

int message_take_fd(struct message *m, size_t index)
{
    return index < m->fd_count ? TAKE_FD(m->fds[index]) : -1;
}

enum err message_memfd(const void *data, size_t len, int *out)
{
    OWN_FD int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    enum err e;

    if (fd < 0)
        return err_sys("message: memfd_create");
    e = io_write_all(fd, data, len);
    if (e)
        return e;
    if (fcntl(fd, F_ADD_SEALS,
              F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
        return err_sys("message: seal");
    *out = TAKE_FD(fd);
    return WS_OK;
}

static enum err send_all(int fd, struct msghdr *h)
{
    ssize_t n;

    do
        n = sendmsg(fd, h, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return WS_OK;
    if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS)
        return WS_AGAIN;
    if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
        return WS_NOTFOUND;
    return err_sys("message: send");
}

enum err message_send(int fd, const struct message *m)
{
    struct wire_head head = {.magic = MESSAGE_MAGIC,
                             .verb = m->verb,
                             .result = m->result,
                             .body_len = m->body.len};
    struct iovec parts[2] = {{&head, sizeof(head)}};
    union control control = {0};
    struct msghdr h = {.msg_iov = parts, .msg_iovlen = 1};
    int fds[MESSAGE_MAX_FDS + 1];
    OWN_FD int body_fd = -1;
    size_t count = 0;
    enum err e;

    memcpy(head.id, m->id, sizeof(head.id));
    e = buf_check(&m->body);
    if (e)
        return e;
    if (m->body.len > MESSAGE_INLINE_BYTES) {
        e = message_memfd(m->body.data, m->body.len, &body_fd);
        if (e)
            return e;
        head.body_in_fd = 1;
        fds[count++] = body_fd;
    } else if (m->body.len > 0) {
        parts[1] = (struct iovec){m->body.data, m->body.len};
        h.msg_iovlen = 2;
    }
    memcpy(fds + count, m->fds, m->fd_count * sizeof(int));
    count += m->fd_count;
    if (count > 0) {
        h.msg_control = control.room;
        h.msg_controllen = CMSG_SPACE(count * sizeof(int));
        CMSG_FIRSTHDR(&h)->cmsg_level = SOL_SOCKET;
        CMSG_FIRSTHDR(&h)->cmsg_type = SCM_RIGHTS;
        CMSG_FIRSTHDR(&h)->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&h)), fds, count * sizeof(int));
    }
    return send_all(fd, &h);
}

/* A peer could pass a pipe that never gives a byte, or a file that shrinks
 * while we read: only regular files, only pread, only up to the limit. */
static enum err read_body_fd(int fd, uint64_t len, struct buf *body)
{
    struct stat st;
    size_t have = 0;
    enum err e;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        len > MESSAGE_MAX_BODY_BYTES || (uint64_t)st.st_size != len)
        return WS_INVALID;
    e = buf_reserve(body, (size_t)len);
    if (e)
        return e;
    while (have < len) {
        ssize_t n =
            pread(fd, body->data + have, (size_t)len - have, (off_t)have);

        if (n <= 0)
            return WS_INVALID;
        have += (size_t)n;
    }
    body->len = (size_t)len;
    body->data[len] = '\0';
    return WS_OK;
}

static void take_fds(struct message *m, struct msghdr *h)
{
    struct cmsghdr *c;

    for (c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (i = 0; i < count; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (m->fd_count < MESSAGE_MAX_FDS)
                m->fds[m->fd_count++] = fd;
            else
                close(fd);
        }
    }
}

static enum err take_body(struct message *m, const struct wire_head *head,
                          const char *data, size_t len)
{
    enum err e;
    int fd;

    if (head->magic != MESSAGE_MAGIC)
        return WS_INVALID;
    if (!head->body_in_fd) {
        if (len != head->body_len)
            return WS_INVALID;
        buf_append(&m->body, data, len);
        return buf_check(&m->body);
    }
    if (m->fd_count == 0 || len != 0)
        return WS_INVALID;
    fd = m->fds[0];
    m->fd_count--;
    memmove(m->fds, m->fds + 1, m->fd_count * sizeof(int));
    e = read_body_fd(fd, head->body_len, &m->body);
    close(fd);
    return e;
}

enum err message_receive(int fd, struct message *m)
{
    struct wire_head head;
    static char data[MESSAGE_INLINE_BYTES]; /* a role reads in one thread */
    struct iovec parts[2] = {{&head, sizeof(head)}, {data, sizeof(data)}};
    union control control;
    struct msghdr h = {.msg_iov = parts,
                       .msg_iovlen = 2,
                       .msg_control = control.room,
                       .msg_controllen = sizeof(control.room)};
    ssize_t n;

    close_fds(m);
    buf_clear(&m->body);
    do
        n = recvmsg(fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return WS_AGAIN;
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return WS_NOTFOUND;
    if (n < 0)
        return err_sys("message: receive");
    take_fds(m, &h);
    if ((size_t)n < sizeof(head) || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return WS_INVALID;
    m->verb = head.verb;
    m->result = head.result;
    memcpy(m->id, head.id, sizeof(m->id));
    return take_body(m, &head, data, (size_t)n - sizeof(head));
}
