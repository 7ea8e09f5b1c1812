#include "agent/cli/control.h"

#include "agent/instance.h"
#include "core/buf.h"
#include "core/io.h"
#include "core/own.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_S 5

/* Read up to the newline or the end. */
static enum err read_answer(int fd, struct buf *out)
{
    char block[4096];

    while (out->len < CONTROL_ANSWER_BYTES) {
        ssize_t n = recv(fd, block, sizeof block, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? WS_AGAIN : err_sys("control: read");
        if (n == 0)
            return out->len ? buf_check(out) : WS_AGAIN;
        buf_append(out, block, (size_t)n);
        if (block[n - 1] == '\n')
            return buf_check(out);
    }
    return WS_INVALID;
}

enum err control_ask(const char *state, const char *request,
                     struct json **answer)
{
    struct timeval limit = {.tv_sec = ANSWER_S};
    OWN_BUF struct buf text = BUF_EMPTY;
    OWN_FD int fd = -1;
    enum err e = instance_connect(state, &fd);

    *answer = NULL;
    if (e)
        return e;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    buf_printf(&text, "%s\n", request);
    e = buf_check(&text);
    if (e)
        return e;
    if (send(fd, text.data, text.len, MSG_NOSIGNAL) != (ssize_t)text.len)
        return WS_AGAIN;
    buf_clear(&text);
    e = read_answer(fd, &text);
    if (e)
        return e;
    return json_parse(text.data, text.len, answer, NULL);
}
