/* capture_file.c - replays the PNG and JPEG files of a folder, in name order.
 *
 * The files are opened before the sandbox closes the file system; their bytes
 * are read when their turn comes. After the last one the first comes again. A
 * file that is no picture is skipped and said once.
 */
#include "agent/capture/capture.h"
#include "agent/capture/picture.h"
#include "core/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILES 512
#define MAX_FILE_BYTES (64 << 20)

struct capture {
    int fds[MAX_FILES];
    bool bad[MAX_FILES];
    size_t count, next;
    struct picture picture[2];
    unsigned now;
    size_t shown; /* index of the file in picture[now]; count: none */
};

static void file_close(struct capture *c)
{
    size_t i;

    if (!c)
        return;
    for (i = 0; i < c->count; i++)
        close(c->fds[i]);
    free(c->picture[0].pixels);
    free(c->picture[1].pixels);
    free(c);
}
OWN_DEFINE(file_close, struct capture *)

static int is_picture(const struct dirent *d)
{
    const char *dot = strrchr(d->d_name, '.');

    return dot &&
           (strcasecmp(dot, ".png") == 0 || strcasecmp(dot, ".jpg") == 0 ||
            strcasecmp(dot, ".jpeg") == 0);
}

static void free_names(struct dirent **names, int count)
{
    int i;

    for (i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

static void open_files(struct capture *c, int dir, struct dirent **names,
                       int found)
{
    int i;

    if (found > MAX_FILES)
        log_warn("capture_file",
                 "the folder holds %d pictures: the first %d "
                 "by name are replayed",
                 found, MAX_FILES);
    for (i = 0; i < found && c->count < MAX_FILES; i++) {
        /* A FIFO with such a name must not be waited for. */
        int fd =
            openat(dir, names[i]->d_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        if (fd >= 0)
            c->fds[c->count++] = fd;
    }
}

static enum err file_open(struct capture **out, const struct capture_options *o)
{
    OWN(file_close)
    struct capture *c = calloc(1, sizeof *c);
    OWN_FD int dir = -1;
    struct dirent **names = NULL;
    int found;

    if (!c)
        return WS_NOMEM;
    if (!*o->arg) {
        log_error("capture_file", "source file: name a folder, as in file:DIR");
        return WS_INVALID;
    }
    dir = open(o->arg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        log_error("capture_file", "source file:%s: %s", o->arg,
                  strerror(errno));
        return WS_INVALID;
    }
    found = scandir(o->arg, &names, is_picture, alphasort);
    if (found < 0)
        return err_sys("capture_file: read %s", o->arg);
    open_files(c, dir, names, found);
    free_names(names, found);
    if (c->count == 0) {
        log_error("capture_file",
                  "source file:%s: no .png, .jpg or .jpeg "
                  "there that can be opened",
                  o->arg);
        return WS_INVALID;
    }
    c->shown = c->count;
    *out = TAKE(c);
    return WS_OK;
}

static enum err read_picture(int fd, struct picture *out)
{
    OWN_FREE uint8_t *data = NULL;
    struct stat st;
    size_t have = 0;

    if (fstat(fd, &st) < 0)
        return err_sys("capture_file: fstat");
    if (st.st_size <= 0 || st.st_size > MAX_FILE_BYTES)
        return WS_INVALID;
    data = malloc((size_t)st.st_size);
    if (!data)
        return WS_NOMEM;
    while (have < (size_t)st.st_size) {
        ssize_t n =
            pread(fd, data + have, (size_t)st.st_size - have, (off_t)have);

        if (n < 0)
            return err_sys("capture_file: read");
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return picture_decode(data, have, out);
}

/* Bring the next good file into the older buffer and make it the newest. */
static enum err advance(struct capture *c)
{
    size_t tried;

    for (tried = 0; tried < c->count; tried++) {
        size_t i = c->next;
        enum err e;

        c->next = (c->next + 1) % c->count;
        if (c->bad[i])
            continue;
        if (i == c->shown)
            return WS_OK;
        e = read_picture(c->fds[i], &c->picture[!c->now]);
        if (e == WS_NOMEM)
            return e;
        if (e) {
            log_warn("capture_file",
                     "file %zu of %zu is no picture that can "
                     "be read: skipped",
                     i + 1, c->count);
            c->bad[i] = true;
            continue;
        }
        c->now = !c->now;
        c->shown = i;
        return WS_OK;
    }
    log_error("capture_file", "none of the %zu files can be read", c->count);
    return WS_IO;
}

static void fill_facts(const struct picture *p, struct ring_frame *f)
{
    f->width_px = p->width_px;
    f->height_px = p->height_px;
    f->stride_bytes = p->stride_bytes;
    f->flags = RING_NO_INPUT_COUNTS | RING_NO_WINDOW_FACTS;
    f->idle_ms = -1;
    f->monitor_count = 1;
    f->monitors[0] = (struct ring_monitor){"file", 0, 0, (int32_t)p->width_px,
                                           (int32_t)p->height_px};
    snprintf(f->source, sizeof f->source, "file");
}

static enum err file_grab(struct capture *c, enum capture_want want,
                          struct capture_frame *out)
{
    size_t last = c->shown;
    struct picture *p, *before;
    enum err e;

    e = advance(c);
    if (e)
        return e;
    *out = (struct capture_frame){0};
    p = &c->picture[c->now];
    fill_facts(p, &out->facts);
    if (want == CAPTURE_FACTS)
        return WS_OK;
    out->pixels = p->pixels;
    if (last == c->shown) {
        out->before = p->pixels;
        return WS_OK;
    }
    out->dirty =
        (struct rect){0, 0, (int32_t)p->width_px, (int32_t)p->height_px};
    before = &c->picture[!c->now];
    if (last < c->count && before->pixels && before->width_px == p->width_px &&
        before->height_px == p->height_px)
        out->before = before->pixels;
    return WS_OK;
}

static enum err file_tick(struct capture *c, enum capture_keep keep)
{
    (void)c;
    (void)keep;
    return WS_OK;
}

const struct capture_ops capture_file = {
    .name = "file",
    .shows_display = false,
    .open = file_open,
    .grab = file_grab,
    .tick = file_tick,
    .close = file_close,
};
