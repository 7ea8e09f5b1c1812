/* fuzz_conn.c - any bytes from a client, cut anywhere: the connection answers
 * or ends, and leaves nothing behind.
 *
 * Shapes:  the first byte is the size of a piece, and its highest bit says
 *          whether the client half closes at the end; the rest is sent
 */
#include "server/http/conn.h"
#include "server/http/listener_private.h"

#include "core/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct loop *loop;
static struct listener *listener;

static void hello(struct exchange *x)
{
    struct buf body = BUF_EMPTY;

    buf_append_text(&body, exchange_query(x, "q") ? "query" : "none");
    buf_append_text(&body, exchange_cookie(x, "c") ? "cookie" : "none");
    exchange_reply(x, 200, "text/plain", &body);
}

static void echo(struct exchange *x)
{
    struct buf body = BUF_EMPTY;
    size_t len;
    const char *text = exchange_body(x, &len);

    buf_append(&body, text, len);
    exchange_reply(x, 200, "text/plain", &body);
}

static void form(struct exchange *x)
{
    struct exchange_part *p = exchange_part(x, "a");

    if (p && p->file.fd >= 0 && lseek(p->file.fd, 0, SEEK_END) != (off_t)p->len)
        abort();
    exchange_reply(x, 204, NULL, NULL);
}

static void on_close(void *ctx)
{
    (void)ctx;
}

static void stream(struct exchange *x)
{
    exchange_stream(x, on_close, NULL);
    exchange_stream_send(x, "data: x\n\n", 9);
    exchange_stream_end(x);
}

static enum access agent(struct exchange *x)
{
    exchange_principal(x)->kind = PRINCIPAL_AGENT;
    exchange_principal(x)->session_id = 7;
    return ACCESS_GRANTED;
}

static enum access user(struct exchange *x)
{
    access_refuse_login(x);
    return ACCESS_REFUSED;
}

static const struct access_ops access_ops = {.agent = agent, .user = user};

/* clang-format off */
static const struct route table[] = {
    {.method = "GET", .path = "/", .handle = hello},
    {.method = "GET", .path = "/s", .handle = stream},
    {.method = "GET", .path = "/u", .handle = hello, .access = ROUTE_USER},
    {.method = "POST", .path = "/e", .handle = echo, .body = ROUTE_GZIP, .max_body_bytes = 4096},
    {.method = "POST", .path = "/f", .handle = form, .body = ROUTE_MULTIPART, .max_body_bytes = 65536},
    {.method = "POST", .path = "/n/{id}", .handle = hello, .access = ROUTE_AGENT},
};
/* clang-format on */

static void begin(void)
{
    struct listener_options options = {.env = &env_system,
                                       .routes = table,
                                       .route_count =
                                           sizeof(table) / sizeof(table[0]),
                                       .access = &access_ops,
                                       .spool_dir = "/tmp",
                                       .limits = listener_limits_default};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    log_init("fuzz", LOG_LEVEL_ERROR + 1);
    options.limits.max_header_bytes = 2048;
    if (fd < 0 || listen(fd, 1) < 0 || loop_open(&loop))
        abort();
    options.loop = loop;
    if (listener_open(&listener, fd, &options))
        abort();
}

static void turn(void)
{
    if (loop_step(loop, false))
        abort();
}

/* Let the server work, and take what it says. */
static void take(int fd)
{
    char answer[65536];
    ssize_t n;

    do {
        turn();
        n = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);
    } while (n > 0);
}

static void talk(int fd, const char *text, size_t len, size_t piece)
{
    size_t at = 0;

    while (at < len) {
        size_t n = len - at < piece ? len - at : piece;
        ssize_t sent = send(fd, text + at, n, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0 && errno != EAGAIN)
            return;
        at += sent > 0 ? (size_t)sent : 0;
        take(fd);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct peer *peer;
    int ends[2];

    if (size < 2)
        return 0;
    if (!listener)
        begin();
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer = peers_add(listener->peers, (struct sockaddr *)&address);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0 || !peer)
        abort();
    if (conn_open(listener, ends[0], peer, "127.0.0.1"))
        abort();
    talk(ends[1], (const char *)data + 1, size - 1,
         ((size_t)data[0] % 127 + 1) * 4);
    if (data[0] & 0x80) {
        shutdown(ends[1], SHUT_WR);
        take(ends[1]);
    }
    close(ends[1]);
    while (listener->first) /* it sees the end, or is read on to it */
        turn();
    if (listener->counts.connections || listener->counts.requests ||
        listener->counts.held_bytes)
        abort();
    return 0;
}
