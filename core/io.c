#include "core/io.h"

#include "core/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IO_CHUNK_BYTES = 64 << 10 };

enum err io_open_std(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return err_sys("io: open /dev/null");
    close(fd);
    return WS_OK;
}

enum err io_write_all(int fd, const void *data, size_t len)
{
    const char *at = data;
    ssize_t n;

    while (len > 0) {
        n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys("io: write");
        at += n;
        len -= (size_t)n;
    }
    return WS_OK;
}

enum err io_read_exact(int fd, void *data, size_t len)
{
    char *at = data;
    ssize_t n;

    while (len > 0) {
        n = read(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys("io: read");
        if (n == 0)
            return WS_NOTFOUND;
        at += n;
        len -= (size_t)n;
    }
    return WS_OK;
}

enum err io_read_file(const char *path, size_t max_bytes, struct buf *out)
{
    OWN_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd < 0 && errno == ENOENT)
        return WS_NOTFOUND;
    if (fd < 0)
        return err_sys("io: open %s", path);
    for (;;) {
        if (buf_reserve(out, IO_CHUNK_BYTES))
            return WS_NOMEM;
        n = read(fd, out->data + out->len, IO_CHUNK_BYTES);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys("io: read %s", path);
        if (n == 0)
            break;
        out->len += (size_t)n;
        out->data[out->len] = '\0';
        if (out->len > max_bytes)
            return WS_FULL;
    }
    return WS_OK;
}

char *io_path(const char *dir, const char *name)
{
    size_t n = strlen(dir);
    bool bare; /* nothing, or a slash already */
    char *path;

    while (n > 1 && dir[n - 1] == '/')
        n--;
    bare = n == 0 || dir[n - 1] == '/';
    if (asprintf(&path, "%.*s%s%s", (int)n, dir, bare ? "" : "/", name) < 0)
        return NULL;
    return path;
}

/* Make a folder's entries durable. */
static enum err sync_dir(const char *path)
{
    OWN_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_sys("io: open folder %s", path);
    if (fsync(fd) < 0)
        return err_sys("io: fsync folder %s", path);
    return WS_OK;
}

static enum err sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    OWN_FREE char *dir = NULL;

    if (!slash)
        return sync_dir(".");
    dir = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    return dir ? sync_dir(dir) : WS_NOMEM;
}

static enum err write_synced(const char *path, const void *data, size_t len,
                             mode_t mode)
{
    OWN_FD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    enum err e;

    if (fd < 0)
        return err_sys("io: create %s", path);
    e = io_write_all(fd, data, len);
    if (e)
        return e;
    return fsync(fd) < 0 ? err_sys("io: fsync %s", path) : WS_OK;
}

enum err io_write_file(const char *path, const void *data, size_t len,
                       mode_t mode)
{
    OWN_FREE char *tmp = NULL;
    enum err e;

    if (asprintf(&tmp, "%s.tmp", path) < 0) {
        tmp = NULL;
        return WS_NOMEM;
    }
    e = write_synced(tmp, data, len, mode);
    if (!e && rename(tmp, path) < 0)
        e = err_sys("io: rename to %s", path);
    if (e) {
        (void)unlink(tmp); /* what it takes on a full disk is not ours */
        return e;
    }
    return sync_parent(path);
}

enum err io_make_dirs(const char *path)
{
    OWN_FREE char *part = strdup(path);

    if (!part)
        return WS_NOMEM;
    for (char *at = part + (*part != '\0');; at++) {
        char c = *at;
        if (c != '/' && c != '\0')
            continue;
        *at = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return err_sys("io: make folder %s", part);
        *at = c;
        if (c == '\0')
            return WS_OK;
    }
}
