/* blob_file.c - pictures as files, a folder a session.
 *
 * Source:  openat(2) "O_TMPFILE", linkat(2), fsync(2)
 *
 * The bytes come to lie in a file without a name, which is flushed and linked
 * into place, and then the folder is flushed: a half picture never has a name.
 * Bytes in memory are written to such a file past the page cache: with 300 KB
 * a picture the copy into the cache and back out of it took three times the
 * CPU of the disk's own work. Bytes in a file of the same file system (the
 * form's spool) are there already; from elsewhere they are copied.
 *
 * When a blob was last put is its file's mtime: a put of a name that is there
 * touches it. Old files without a row are removed while others put, in other
 * threads and processes; the folder's lock keeps "is it old? then remove it"
 * apart from "is it there? then touch it":
 *
 *   put   shared     link, or touch what is there
 *   drop  exclusive  look at the mtime, remove
 */
#include "server/blob/blob.h"

#include "core/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

struct blob_file {
    struct blob base;
    int root_fd;
};

extern const struct blob_ops blob_file;

static int root_of(struct blob *b)
{
    return ((struct blob_file *)b)->root_fd;
}

static void file_close(struct blob *b)
{
    if (!b)
        return;
    close(root_of(b));
    free(b);
}

static enum err file_open(struct blob **out, const char *where,
                          const struct blob_options *options)
{
    OWN_FREE struct blob_file *b = calloc(1, sizeof *b);
    enum err e;

    (void)options;
    if (!b)
        return WS_NOMEM;
    e = io_make_dirs(where);
    if (e)
        return e;
    b->base.ops = &blob_file;
    b->root_fd = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->root_fd < 0)
        return err_sys("blob: open %s", where);
    *out = &TAKE(b)->base;
    return WS_OK;
}

/* The folder part of a name, made when it is missing and durable then. */
static enum err open_folder(int root_fd, const char *name, int *out)
{
    char folder[BLOB_NAME_BYTES];

    snprintf(folder, sizeof folder, "%.*s", (int)strcspn(name, "/"), name);
    if (mkdirat(root_fd, folder, 0700) == 0) {
        if (fsync(root_fd) < 0)
            return err_sys("blob: fsync the root");
    } else if (errno != EEXIST) {
        return err_sys("blob: make folder %s", folder);
    }
    *out = openat(root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *out < 0 ? err_sys("blob: open folder %s", folder) : WS_OK;
}

/* The lock goes with the descriptor, which is of this call alone. */
static enum err lock(int folder_fd, int how)
{
    while (flock(folder_fd, how) < 0)
        if (errno != EINTR)
            return err_sys("blob: lock a folder");
    return WS_OK;
}

/* Flush the file and give it a name; an entry with that name is the same. */
static enum err name_it(int fd, int folder_fd, const char *file)
{
    char self[40];
    enum err e;

    if (fdatasync(fd) < 0)
        return err_sys("blob: fdatasync %s", file);
    e = lock(folder_fd, LOCK_SH);
    if (e)
        return e;
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, self, folder_fd, file, AT_SYMLINK_FOLLOW) < 0) {
        if (errno != EEXIST)
            return errno == EXDEV ? WS_NOTFOUND
                                  : err_sys("blob: link %s", file);
        if (utimensat(folder_fd, file, NULL, AT_SYMLINK_NOFOLLOW) < 0)
            return err_sys("blob: touch %s", file);
    }
    if (fsync(folder_fd) < 0)
        return err_sys("blob: fsync the folder of %s", file);
    return WS_OK;
}

/* The whole blocks of bytes in memory, past the page cache. What is left (all
 * of it on a file system that can't) is for the usual way. */
static enum err write_blocks(int fd, const struct bytes *bytes, int64_t *at)
{
    int64_t end = bytes->len - bytes->len % BYTES_ALIGNED;

    if ((uintptr_t)bytes->data % BYTES_ALIGNED ||
        fcntl(fd, F_SETFL, O_DIRECT) < 0)
        return WS_OK;
    while (*at < end) {
        ssize_t n = write(fd, bytes->data + *at, (size_t)(end - *at));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EINVAL)
            return err_sys("blob: write");
        if (n <= 0)
            break;
        *at += n;
    }
    return fcntl(fd, F_SETFL, 0) < 0 ? err_sys("blob: set a file's flags")
                                     : WS_OK;
}

static enum err write_memory(int fd, const struct bytes *bytes)
{
    int64_t at = 0;
    enum err e = write_blocks(fd, bytes, &at);

    if (e)
        return e;
    return io_write_all(fd, bytes->data + at, (size_t)(bytes->len - at));
}

static enum err copy_file(int fd, const struct bytes *bytes)
{
    off_t at = 0;

    while (at < bytes->len) {
        ssize_t n = sendfile(fd, bytes->fd, &at, (size_t)(bytes->len - at));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys("blob: copy");
        if (n == 0)
            return WS_IO;
    }
    return WS_OK;
}

static enum err write_and_name(const struct bytes *bytes, int folder_fd,
                               const char *file)
{
    OWN_FD int fd =
        openat(folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    enum err e;

    if (fd < 0)
        return err_sys("blob: make a file for %s", file);
    e = bytes->data ? write_memory(fd, bytes) : copy_file(fd, bytes);
    return e ? e : name_it(fd, folder_fd, file);
}

static enum err file_put(struct blob *b, const char *name,
                         const struct bytes *bytes)
{
    const char *file = strchr(name, '/') + 1;
    OWN_FD int folder = -1;
    enum err e = open_folder(root_of(b), name, &folder);

    if (e)
        return e;
    if (bytes->data)
        return write_and_name(bytes, folder, file);
    e = name_it(bytes->fd, folder, file);
    return e == WS_NOTFOUND ? write_and_name(bytes, folder, file) : e;
}

static enum err file_get(struct blob *b, const char *name, int *fd,
                         int64_t *len)
{
    OWN_FD int file = openat(root_of(b), name, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (file < 0 && errno == ENOENT)
        return WS_NOTFOUND;
    if (file < 0)
        return err_sys("blob: open %s", name);
    if (fstat(file, &st) < 0)
        return err_sys("blob: stat %s", name);
    *len = st.st_size;
    *fd = TAKE_FD(file);
    return WS_OK;
}

static enum err file_drop(struct blob *b, const char *name)
{
    if (unlinkat(root_of(b), name, 0) < 0 && errno != ENOENT)
        return err_sys("blob: remove %s", name);
    return WS_OK;
}

static int64_t mtime_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static enum err file_drop_old(struct blob *b, const char *name,
                              int64_t before_ns)
{
    const char *file = strchr(name, '/') + 1;
    char folder[BLOB_NAME_BYTES];
    OWN_FD int folder_fd = -1;
    struct stat st;
    enum err e;

    snprintf(folder, sizeof folder, "%.*s", (int)strcspn(name, "/"), name);
    folder_fd = openat(root_of(b), folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return errno == ENOENT ? WS_OK : err_sys("blob: open %s", folder);
    e = lock(folder_fd, LOCK_EX);
    if (e)
        return e;
    if (fstatat(folder_fd, file, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? WS_OK : err_sys("blob: stat %s", name);
    if (mtime_ns(&st) >= before_ns)
        return WS_AGAIN;
    if (unlinkat(folder_fd, file, 0) < 0 && errno != ENOENT)
        return err_sys("blob: remove %s", name);
    return WS_OK;
}

static void close_dir(DIR *d)
{
    if (d)
        closedir(d);
}
OWN_DEFINE(close_dir, DIR *)

/* One entry; false: the walk ends. */
static bool meet(DIR *d, const char *folder, const struct dirent *entry,
                 int (*each)(void *ctx, const char *name, int64_t put_ns),
                 void *ctx)
{
    char name[2 * NAME_MAX];
    struct stat st;

    if (entry->d_name[0] == '.' ||
        fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        (folder ? !S_ISREG(st.st_mode) : !S_ISDIR(st.st_mode)))
        return true;
    snprintf(name, sizeof name, "%s%s%s", folder ? folder : "",
             folder ? "/" : "", entry->d_name);
    return each(ctx, name, mtime_ns(&st)) != 0;
}

static enum err
file_walk(struct blob *b, const char *folder,
          int (*each)(void *ctx, const char *name, int64_t put_ns), void *ctx)
{
    int fd = openat(root_of(b), folder ? folder : ".",
                    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OWN(close_dir)
    DIR *d = NULL;
    const struct dirent *entry;

    if (fd < 0)
        return errno == ENOENT ? WS_OK : err_sys("blob: open a folder");
    d = fdopendir(fd);
    if (!d) {
        close(fd);
        return err_sys("blob: read a folder");
    }
    while ((errno = 0, entry = readdir(d)))
        if (!meet(d, folder, entry, each, ctx))
            return WS_OK;
    return errno ? err_sys("blob: read a folder") : WS_OK;
}

const struct blob_ops blob_file = {
    .name = "file",
    .open = file_open,
    .close = file_close,
    .put = file_put,
    .get = file_get,
    .drop = file_drop,
    .drop_old = file_drop_old,
    .walk = file_walk,
};
