#include "agent/log_file.h"

#include "core/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define NAME "agent.log"
#define NEXT "agent.log.new" /* until it takes the place of the present one */
#define TRIES_PER_FILE 16    /* of a rotation that fails, as the file grows */

struct log_file {
    int dir_fd;
    int old_stderr_fd;
    int64_t max_bytes;
    int64_t rotate_at_bytes;
};

static enum err open_name(const struct log_file *f, const char *name, int *out)
{
    int fd = openat(f->dir_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                    0600);

    if (fd < 0)
        return err_sys("log file: open %s", name);
    *out = fd;
    return WS_OK;
}

/* Make the present file stderr. */
static enum err attach(const struct log_file *f)
{
    OWN_FD int fd = -1;
    enum err e = open_name(f, NAME, &fd);

    if (e)
        return e;
    return dup2(fd, STDERR_FILENO) < 0 ? err_sys("log file: stderr") : WS_OK;
}

enum err log_file_open(struct log_file **out, const char *dir,
                       int64_t max_bytes)
{
    OWN(log_file_close)
    struct log_file *f = NULL;
    enum err e;

    *out = NULL;
    f = (struct log_file *)calloc(1, sizeof *f);
    if (!f)
        return WS_NOMEM;
    f->dir_fd = f->old_stderr_fd = -1;
    f->max_bytes = f->rotate_at_bytes = max_bytes;
    e = io_make_dirs(dir);
    if (e)
        return e;
    f->dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (f->dir_fd < 0)
        return err_sys("log file: folder %s", dir);
    f->old_stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    e = attach(f);
    if (e)
        return e;
    *out = TAKE(f);
    return WS_OK;
}

void log_file_close(struct log_file *f)
{
    if (!f)
        return;
    if (f->old_stderr_fd >= 0) {
        dup2(f->old_stderr_fd, STDERR_FILENO);
        close(f->old_stderr_fd);
    }
    own_fd(&f->dir_fd);
    free(f);
}

void log_file_line(struct log_file *f, const char *line, size_t len)
{
    static char newline[] = "\n";
    struct iovec parts[2] = {{(void *)(uintptr_t)line, len}, {newline, 1}};

    log_file_rotate(f);
    if (writev(STDERR_FILENO, parts, 2) < 0) {
        /* the disk said no: the line is lost, the work is not */
    }
}

static void move(struct log_file *f, int from, int to)
{
    char old[32], new[32];

    snprintf(old, sizeof old, from ? "%s.%d" : "%s", NAME, from);
    snprintf(new, sizeof new, "%s.%d", NAME, to);
    if (renameat(f->dir_fd, old, f->dir_fd, new) < 0) {
        /* not there yet, or a full disk: the next rotation tries again */
    }
}

void log_file_rotate(struct log_file *f)
{
    OWN_FD int fd = -1;
    struct stat st;

    if (fstat(STDERR_FILENO, &st) < 0 || st.st_size < f->rotate_at_bytes)
        return;
    /* Without a new file nothing moves, or each try would push an old file
     * out. It is said in the present one, which goes on. */
    if (open_name(f, NEXT, &fd) != WS_OK) {
        f->rotate_at_bytes = st.st_size + f->max_bytes / TRIES_PER_FILE;
        return;
    }
    for (int n = LOG_FILE_OLD; n > 0; n--)
        move(f, n - 1, n);
    if (renameat(f->dir_fd, NEXT, f->dir_fd, NAME) < 0 ||
        dup2(fd, STDERR_FILENO) < 0)
        (void)!err_sys("log file: %s", NAME);
    f->rotate_at_bytes = f->max_bytes;
}
