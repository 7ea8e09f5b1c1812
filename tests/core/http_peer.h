/* http_peer.h - a socket that answers each request with the same bytes, for
 * the tests of core/http_client. */
#ifndef TESTS_CORE_HTTP_PEER_H
#define TESTS_CORE_HTTP_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* A peer that answers each request with the same bytes. */
struct peer {
    int listener;
    int port;
    pthread_t thread;
    const char *answer; /* NULL: stay silent */
    size_t answer_len;
    bool hang; /* after the answer: keep the connection, say nothing */
    atomic_int connections;
    atomic_int requests;
    char request[65536]; /* the last one, whole */
    size_t request_len;
    size_t have; /* bytes of the one that is arriving */
};

static size_t wanted_length(const struct peer *p)
{
    const char *end = memmem(p->request, p->have, "\r\n\r\n", 4);
    const char *length;
    size_t head;

    if (!end)
        return SIZE_MAX;
    head = (size_t)(end - p->request) + 4;
    length = strcasestr(p->request, "\r\ncontent-length: ");
    if (!length || length > end)
        return head;
    return head + (size_t)strtoul(length + 18, NULL, 10);
}

static bool read_request(struct peer *p, int fd)
{
    p->have = 0;
    do {
        ssize_t n =
            read(fd, p->request + p->have, sizeof(p->request) - 1 - p->have);

        if (n <= 0)
            return false;
        p->have += (size_t)n;
        p->request[p->have] = '\0';
    } while (p->have < wanted_length(p));
    p->request_len = p->have;
    atomic_fetch_add(&p->requests, 1);
    return true;
}

static void *peer_run(void *ctx)
{
    struct peer *p = ctx;
    int fd;

    while ((fd = accept(p->listener, NULL, NULL)) >= 0) {
        char byte;

        atomic_fetch_add(&p->connections, 1);
        while (read_request(p, fd)) {
            size_t sent = 0;

            while (p->answer && sent < p->answer_len) {
                ssize_t n = send(fd, p->answer + sent, p->answer_len - sent,
                                 MSG_NOSIGNAL);

                if (n <= 0)
                    break;
                sent += (size_t)n;
            }
            if (p->hang || !p->answer)
                while (read(fd, &byte, 1) > 0)
                    ;
            if (!p->answer || strcasestr(p->answer, "connection: close"))
                break;
        }
        close(fd);
    }
    return NULL;
}

static void peer_start(struct peer *p, const char *answer)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);

    p->answer = answer;
    p->answer_len = answer ? strlen(answer) : 0;
    p->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(p->listener >= 0);
    assert_int_equal(bind(p->listener, (void *)&a, sizeof(a)), 0);
    assert_int_equal(listen(p->listener, 8), 0);
    assert_int_equal(getsockname(p->listener, (void *)&a, &len), 0);
    p->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&p->thread, NULL, peer_run, p), 0);
}

static void peer_stop(struct peer *p)
{
    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listener);
}

#endif
