#include "agent/outbox/blobs.h"

#include "core/clock.h"
#include "core/io.h"
#include "core/log.h"
#include "core/sha256.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TMP_NAME "incoming"

struct blobs {
    int dirfd;
};

enum err blobs_open(struct blobs **out, const char *dir)
{
    OWN(blobs_close)
    struct blobs *b = calloc(1, sizeof(*b));
    enum err e;

    if (!b)
        return WS_NOMEM;
    b->dirfd = -1;
    e = io_make_dirs(dir);
    if (e)
        return e;
    b->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->dirfd < 0)
        return err_sys("blobs: open %s", dir);
    *out = TAKE(b);
    return WS_OK;
}

void blobs_close(struct blobs *b)
{
    if (!b)
        return;
    if (b->dirfd >= 0)
        close(b->dirfd);
    free(b);
}

static bool is_hash(const char *name)
{
    return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

/* Read from the start by position: a picture's descriptor is shared with the
 * role that sent it, and so is its offset. */
static enum err hash_fd(int fd, size_t len, char out[SHA256_HEX_BYTES],
                        int copy_to)
{
    OWN(sha256_close)
    struct sha256 *hash = NULL;
    uint8_t bytes[SHA256_BYTES];
    static char chunk[65536];
    size_t have = 0;
    enum err e = sha256_open(&hash);

    while (!e && have < len) {
        size_t want = len - have < sizeof(chunk) ? len - have : sizeof(chunk);
        ssize_t n = pread(fd, chunk, want, (off_t)have);

        if (n < 0)
            return err_sys("blobs: read");
        if (n == 0)
            return WS_INVALID;
        sha256_update(hash, chunk, (size_t)n);
        have += (size_t)n;
        if (copy_to >= 0)
            e = io_write_all(copy_to, chunk, (size_t)n);
    }
    if (e)
        return e;
    sha256_finish(hash, bytes);
    sha256_hex(bytes, sizeof(bytes), out);
    return WS_OK;
}

enum err blobs_put(struct blobs *b, int from_fd, size_t len, const char *sha256)
{
    char found[SHA256_HEX_BYTES];
    OWN_FD int fd = -1;
    struct stat st;
    enum err e;

    if (!is_hash(sha256) || len == 0 || len > BLOBS_MAX_BYTES ||
        fstat(from_fd, &st) < 0 || !S_ISREG(st.st_mode) ||
        (size_t)st.st_size != len)
        return WS_INVALID;
    fd = openat(b->dirfd, TMP_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                0600);
    if (fd < 0)
        return err_sys("blobs: create %s", TMP_NAME);
    e = hash_fd(from_fd, len, found, fd);
    if (!e && strcmp(found, sha256) != 0)
        e = WS_INVALID;
    if (!e && fsync(fd) < 0)
        e = err_sys("blobs: fsync %s", TMP_NAME);
    if (e) {
        (void)unlinkat(b->dirfd, TMP_NAME, 0);
        return e;
    }
    if (renameat(b->dirfd, TMP_NAME, b->dirfd, sha256) < 0)
        return err_sys("blobs: rename to %s", sha256);
    if (fsync(b->dirfd) < 0)
        return err_sys("blobs: fsync folder");
    return WS_OK;
}

enum err blobs_get(struct blobs *b, const char *sha256, int *fd, size_t *len)
{
    OWN_FD int file = openat(b->dirfd, sha256, O_RDONLY | O_CLOEXEC);
    char found[SHA256_HEX_BYTES];
    struct stat st;
    enum err e;

    if (file < 0 && errno == ENOENT)
        return WS_NOTFOUND;
    if (file < 0 || fstat(file, &st) < 0)
        return err_sys("blobs: open %s", sha256);
    e = hash_fd(file, (size_t)st.st_size, found, -1);
    if (e)
        return e == WS_INVALID ? WS_CORRUPT : e;
    if (strcmp(found, sha256) != 0)
        return WS_CORRUPT;
    *len = (size_t)st.st_size;
    *fd = TAKE_FD(file);
    return WS_OK;
}

void blobs_remove(struct blobs *b, const char *sha256)
{
    if (unlinkat(b->dirfd, sha256, 0) < 0 && errno != ENOENT)
        (void)!err_sys("blobs: remove %s", sha256);
}

static bool is_old(struct blobs *b, const char *name, int64_t grace_s)
{
    struct stat st;
    int64_t age_s;

    if (fstatat(b->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    age_s = clock_wall_ns() / CLOCK_NS_PER_S - (int64_t)st.st_mtime;
    /* A file of the future is from before the clock was set back. */
    return age_s >= grace_s || age_s < -grace_s;
}

size_t blobs_collect(struct blobs *b, int64_t grace_s,
                     bool (*used)(void *ctx, const char *sha256), void *ctx)
{
    int copy = openat(b->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    size_t removed = 0;

    if (!dir) {
        (void)!err_sys("blobs: list");
        if (copy >= 0)
            close(copy);
        return 0;
    }
    while ((entry = readdir(dir))) {
        bool ours = is_hash(entry->d_name);

        if (!ours && strcmp(entry->d_name, TMP_NAME) != 0)
            continue;
        if (!is_old(b, entry->d_name, grace_s) ||
            (ours && used(ctx, entry->d_name)))
            continue;
        blobs_remove(b, entry->d_name);
        removed++;
    }
    closedir(dir);
    return removed;
}
