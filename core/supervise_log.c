#include "core/supervise_log.h"

#include "core/clock.h"
#include "core/jsonw.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void wrap(const struct supervise_log *l, const char *line, size_t len)
{
    OWN_BUF struct buf out = BUF_EMPTY;
    struct jsonw w;

    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_time(&w, "ts", clock_wall_ns());
    jsonw_text(&w, "level", "warn");
    jsonw_text(&w, "role", l->name);
    jsonw_int(&w, "pid", l->pid);
    jsonw_text(&w, "event", "printed");
    jsonw_text_len(&w, "msg", line, len);
    jsonw_object_end(&w);
    if (!buf_check(&out))
        l->on_line(l->ctx, out.data, out.len);
}

static void give(const struct supervise_log *l, const char *line, size_t len)
{
    if (len == 0)
        return;
    if (line[0] == '{' && line[len - 1] == '}')
        l->on_line(l->ctx, line, len);
    else
        wrap(l, line, len);
}

static void cut(struct supervise_log *l, const char *data, size_t len)
{
    while (len > 0) {
        const char *end = (const char *)memchr(data, '\n', len);
        size_t n = end ? (size_t)(end - data) : len;

        buf_append(&l->part, data, n);
        if (end || l->part.len >= SUPERVISE_LOG_LINE_BYTES)
            supervise_log_end(l);
        n += end ? 1 : 0;
        data += n;
        len -= n;
    }
}

bool supervise_log_read(struct supervise_log *l, int fd)
{
    char block[4096];
    ssize_t n;

    /* A child that prints without end gets its turn, not the whole loop. */
    for (unsigned turn = 0; turn < 64; turn++) {
        n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        if (n == 0)
            return false;
        cut(l, block, (size_t)n);
    }
    return true;
}

void supervise_log_end(struct supervise_log *l)
{
    if (l->part.len > 0 && !l->part.failed)
        give(l, l->part.data, l->part.len);
    buf_fini(&l->part);
    buf_init(&l->part);
}
