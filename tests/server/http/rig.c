/* rig.c - a real listener on loopback, and a client of raw bytes. */
#include "rig.h"

#include "core/clock.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/sha256.h"

#include <arpa/inet.h>
#include <assert.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RIG_MAX_HELD 64

struct rig {
    struct loop *loop;
    struct readers *readers;
    struct listener *listener;
    pthread_t thread;
    int listen_fd, port;
    char spool[64];
    pthread_mutex_t lock;
    struct exchange *held[RIG_MAX_HELD];
    int held_count;
    atomic_int streams_closed;
    atomic_bool drained;
};

/* --- handlers --- */

static struct rig *rig_of(struct exchange *x)
{
    return (struct rig *)exchange_server(x);
}

static void reply_text(struct exchange *x, const char *text)
{
    struct buf body = BUF_EMPTY;

    buf_append_text(&body, text);
    exchange_reply(x, 200, "text/plain", &body);
}

static void hello(struct exchange *x)
{
    const char *name = exchange_query(x, "name");

    reply_text(x, name ? name : "hello");
}

static void slow(struct exchange *x)
{
    reply_text(x, readers_context() ? "slow" : "not on a reader");
}

static void held(struct exchange *x)
{
    struct rig *r = rig_of(x);

    exchange_hold(x);
    pthread_mutex_lock(&r->lock);
    assert(r->held_count < RIG_MAX_HELD);
    r->held[r->held_count++] = x;
    pthread_mutex_unlock(&r->lock);
}

static void big(struct exchange *x)
{
    struct buf body = BUF_EMPTY;

    assert(buf_reserve(&body, 4 << 20) == WS_OK);
    memset(body.data, 'b', 4 << 20);
    body.len = 4 << 20;
    exchange_reply(x, 200, "text/plain", &body);
}

/* More than the kernel's buffers take for a client that does not read. */
static void huge(struct exchange *x)
{
    static const char bytes[64 << 20];

    exchange_reply_static(x, 200, "application/octet-stream", bytes,
                          sizeof(bytes));
}

/* 8 MiB out of a file, from its second byte on. */
static void file(struct exchange *x)
{
    static char bytes[(8 << 20) + 1];
    char path[] = "/tmp/http.rig.file.XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);

    memset(bytes, 'f', sizeof(bytes));
    assert(fd >= 0 && unlink(path) == 0);
    assert(write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes));
    assert(lseek(fd, 1, SEEK_SET) == 1);
    exchange_reply_file(x, 200, "text/plain", fd, 8 << 20);
}

static void on_stream_closed(void *ctx)
{
    struct rig *r = ctx;

    atomic_fetch_add(&r->streams_closed, 1);
}

static void stream(struct exchange *x)
{
    static char event[4096];
    int sent = 0;

    memset(event, 'e', sizeof(event));
    exchange_stream(x, on_stream_closed, rig_of(x));
    exchange_stream_send(x, "data: first\n\n", 13);
    if (exchange_query(x, "flood")) {
        while (sent < 100000 && exchange_stream_send(x, event, sizeof(event)))
            sent++;
        exchange_stream_end(x);
    }
}

static void twice(struct exchange *x)
{
    reply_text(x, "first");
    reply_text(x, "second");
}

static void silent(struct exchange *x)
{
    (void)x;
}

static void echo(struct exchange *x)
{
    struct buf body = BUF_EMPTY;
    size_t len;
    const char *text = exchange_body(x, &len);

    buf_append(&body, text, len);
    exchange_reply(x, 200, "application/octet-stream", &body);
}

static void describe_part(struct exchange *x, const char *name, struct buf *out)
{
    struct exchange_part *p = exchange_part(x, name);
    char head[4] = "";
    char hex[SHA256_HEX_BYTES];

    if (!p)
        return;
    if (p->data) {
        buf_printf(out, "%s=%s;", p->name, p->data);
        return;
    }
    assert(bytes_read(&p->file, 0, head, sizeof(head)) >= 0);
    sha256_hex(p->sha256, sizeof(p->sha256), hex);
    buf_printf(out, "%s=%zu:%s:%s:%.4s;", p->name, p->len, hex, p->filename,
               head);
}

static void form(struct exchange *x)
{
    struct buf body = BUF_EMPTY;

    describe_part(x, "session_id", &body);
    describe_part(x, "image", &body);
    exchange_reply(x, 200, "text/plain", &body);
}

static void headers(struct exchange *x)
{
    exchange_add_header(x, "X-Good", "yes");
    exchange_add_header(x, "X-Bad", "a\r\nSet-Cookie: stolen");
    reply_text(x, exchange_peer(x));
}

/* --- access --- */

static enum access agent(struct exchange *x)
{
    char token[65];

    memset(token, 'a', 64);
    token[64] = '\0';
    if (strcmp(access_bearer(x), token) != 0) {
        access_refuse_token(x);
        return ACCESS_REFUSED;
    }
    exchange_principal(x)->kind = PRINCIPAL_AGENT;
    exchange_principal(x)->session_id = 7;
    return ACCESS_GRANTED;
}

static void grant_later(void *arg)
{
    struct exchange *x = arg;

    exchange_principal(x)->kind = PRINCIPAL_USER;
    exchange_access_done(x);
}

static enum access user(struct exchange *x)
{
    if (strcmp(exchange_path(x), "/later") != 0) {
        access_refuse_login(x);
        return ACCESS_REFUSED;
    }
    assert(readers_run(rig_of(x)->readers, grant_later, x) == WS_OK);
    return ACCESS_LATER;
}

static const struct access_ops access_ops = {.agent = agent, .user = user};

/* clang-format off */
static const struct route table[] = {
    {.method = "GET", .path = "/hello", .handle = hello},
    {.method = "GET", .path = "/slow", .handle = slow, .place = ROUTE_ON_READER},
    {.method = "GET", .path = "/held", .handle = held},
    {.method = "POST", .path = "/held", .handle = held, .body = ROUTE_MEMORY, .max_body_bytes = 1 << 20},
    {.method = "GET", .path = "/big", .handle = big},
    {.method = "GET", .path = "/huge", .handle = huge},
    {.method = "GET", .path = "/file", .handle = file, .place = ROUTE_ON_READER},
    {.method = "GET", .path = "/stream", .handle = stream},
    {.method = "GET", .path = "/twice", .handle = twice},
    {.method = "GET", .path = "/silent", .handle = silent},
    {.method = "POST", .path = "/echo", .handle = echo, .body = ROUTE_GZIP, .max_body_bytes = 1 << 20},
    {.method = "POST", .path = "/form", .handle = form, .body = ROUTE_MULTIPART, .max_body_bytes = 9 << 20},
    {.method = "POST", .path = "/none", .handle = hello},
    {.method = "GET", .path = "/sessions/{id}/x", .handle = hello, .access = ROUTE_AGENT},
    {.method = "GET", .path = "/page", .handle = hello, .access = ROUTE_USER},
    {.method = "GET", .path = "/later", .handle = hello, .access = ROUTE_USER},
    {.method = "POST", .path = "/later", .handle = echo, .access = ROUTE_USER, .body = ROUTE_MEMORY, .max_body_bytes = 1 << 20},
    {.method = "GET", .path = "/headers", .handle = headers},
};
/* clang-format on */

/* --- the server's side --- */

static enum err open_context(void **context, void *arg)
{
    *context = arg;
    return WS_OK;
}

static void close_context(void *context)
{
    (void)context;
}

static int open_socket(int *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    assert(listen(fd, 512) == 0);
    assert(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static void *run(void *arg)
{
    struct rig *r = arg;

    assert(loop_run(r->loop) == WS_OK);
    return NULL;
}

struct rig *rig_open(const struct listener_limits *limits)
{
    struct rig *r = calloc(1, sizeof(*r));
    struct readers_options readers = {.threads = 2,
                                      .queue_max = 16,
                                      .open = open_context,
                                      .close = close_context,
                                      .arg = r};
    struct listener_options options = {
        .server = (struct server *)r,
        .env = &env_system,
        .routes = table,
        .route_count = sizeof(table) / sizeof(table[0]),
        .access = &access_ops,
        .limits = limits ? *limits : listener_limits_default};

    assert(r);
    log_init("rig", getenv("RIG_VERBOSE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
    pthread_mutex_init(&r->lock, NULL);
    snprintf(r->spool, sizeof(r->spool), "/tmp/http.rig.XXXXXX");
    assert(mkdtemp(r->spool));
    r->listen_fd = open_socket(&r->port);
    assert(loop_open(&r->loop) == WS_OK);
    assert(readers_open(&r->readers, &readers) == WS_OK);
    options.loop = r->loop;
    options.readers = r->readers;
    options.spool_dir = r->spool;
    assert(listener_open(&r->listener, r->listen_fd, &options) == WS_OK);
    assert(pthread_create(&r->thread, NULL, run, r) == 0);
    return r;
}

void rig_close(struct rig *r)
{
    rig_release(r);
    loop_stop(r->loop);
    pthread_join(r->thread, NULL);
    readers_close(r->readers);
    listener_close(r->listener);
    /* Answers that came too late are dropped by their tasks. */
    assert(loop_step(r->loop, false) == WS_OK);
    loop_close(r->loop);
    close(r->listen_fd);
    assert(rmdir(r->spool) == 0); /* nothing was left there */
    pthread_mutex_destroy(&r->lock);
    free(r);
}

void rig_release(struct rig *r)
{
    int i;

    pthread_mutex_lock(&r->lock);
    for (i = 0; i < r->held_count; i++)
        reply_text(r->held[i], "released");
    r->held_count = 0;
    pthread_mutex_unlock(&r->lock);
}

int rig_held(struct rig *r)
{
    int n;

    pthread_mutex_lock(&r->lock);
    n = r->held_count;
    pthread_mutex_unlock(&r->lock);
    return n;
}

int rig_held_gone(struct rig *r)
{
    int n = 0, i;

    pthread_mutex_lock(&r->lock);
    for (i = 0; i < r->held_count; i++)
        n += exchange_gone(r->held[i]);
    pthread_mutex_unlock(&r->lock);
    return n;
}

int rig_port(struct rig *r)
{
    return r->port;
}

int rig_streams_closed(struct rig *r)
{
    return atomic_load(&r->streams_closed);
}

struct count_errand {
    struct rig *r;
    struct listener_counts counts;
    atomic_bool done;
};

static void run_count(void *arg)
{
    struct count_errand *errand = arg;

    listener_count(errand->r->listener, &errand->counts);
    atomic_store(&errand->done, true);
}

static bool is_set(void *arg)
{
    return atomic_load((atomic_bool *)arg);
}

void rig_count(struct rig *r, struct listener_counts *out)
{
    struct count_errand errand = {.r = r};

    assert(loop_post(r->loop, run_count, &errand) == WS_OK);
    assert(rig_wait(is_set, &errand.done));
    *out = errand.counts;
}

struct drain_errand {
    struct rig *r;
    int64_t grace_ms;
};

static void on_drained(void *arg)
{
    struct rig *r = arg;

    atomic_store(&r->drained, true);
}

static void run_drain(void *arg)
{
    struct drain_errand *errand = arg;

    listener_drain(errand->r->listener, 0, errand->grace_ms, on_drained,
                   errand->r);
}

void rig_drain(struct rig *r, int64_t grace_ms)
{
    struct drain_errand errand = {r, grace_ms};

    assert(loop_post(r->loop, run_drain, &errand) == WS_OK);
    assert(rig_wait(is_set, &r->drained));
}
