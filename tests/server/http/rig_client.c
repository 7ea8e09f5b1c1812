/* rig_client.c - the client's side of the rig: raw bytes, blocking. */
#include "rig.h"

#include "core/clock.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int rig_connect(struct rig *r)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)rig_port(r))};
    struct timeval wait = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    assert(connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0);
    return fd;
}

void rig_send_bytes(int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

        if (n <= 0)
            return; /* the server closed: what it said counts */
        p += n;
        len -= (size_t)n;
    }
}

void rig_send(int fd, const char *text)
{
    rig_send_bytes(fd, text, strlen(text));
}

/* Read until the text has this many bytes, or the head's end when `head`. */
static bool read_more(int fd, char *text, size_t text_bytes, size_t *len)
{
    ssize_t n = recv(fd, text + *len, 1, 0);

    if (n <= 0 || *len + 2 > text_bytes)
        return false;
    *len += (size_t)n;
    text[*len] = '\0';
    return true;
}

int rig_answer(int fd, char *text, size_t text_bytes)
{
    const char *length;
    size_t len = 0, end;
    int status = 0;

    text[0] = '\0';
    while (!strstr(text, "\r\n\r\n"))
        if (!read_more(fd, text, text_bytes, &len))
            return 0;
    sscanf(text, "HTTP/1.1 %d", &status);
    length = strcasestr(text, "\r\nContent-Length: ");
    end = len + (length ? strtoul(length + 18, NULL, 10) : 0);
    while (len < end)
        if (!read_more(fd, text, text_bytes, &len))
            return 0;
    return status;
}

ssize_t rig_read_to_end(int fd, char *text, size_t text_bytes)
{
    size_t len = 0;

    text[0] = '\0';
    for (;;) {
        ssize_t n = recv(fd, text + len, text_bytes - len - 1, 0);

        if (n < 0)
            return -1;
        if (n == 0)
            return (ssize_t)len;
        len += (size_t)n;
        text[len] = '\0';
        if (len + 1 == text_bytes)
            len = 0; /* only counting on */
    }
}

int rig_ask(struct rig *r, const char *request, char *text, size_t text_bytes)
{
    int fd = rig_connect(r);
    int status = 0;

    rig_send(fd, request);
    if (rig_read_to_end(fd, text, text_bytes) > 0)
        sscanf(text, "HTTP/1.1 %d", &status);
    close(fd);
    return status;
}

bool rig_wait(bool (*condition)(void *arg), void *arg)
{
    int64_t until_ns = clock_mono_ns() + 10 * CLOCK_NS_PER_S;
    struct timespec pause = {.tv_nsec = 1000000};

    while (!condition(arg)) {
        if (clock_mono_ns() > until_ns)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}
