#include "agent/instance.h"

#include "agent/cli/control.h"
#include "core/io.h"
#include "core/own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LOCK_FILE "agent.lock" /* in STATE; holds the pid, for messages */
#define BACKLOG 16

enum err instance_take(const char *state, struct instance *out)
{
    OWN_FREE char *path = io_path(state, LOCK_FILE);
    OWN_FD int fd = -1;
    char pid[24] = "";
    enum err e;

    out->lock_fd = -1;
    out->other = 0;
    if (!path)
        return WS_NOMEM;
    e = io_make_dirs(state);
    if (e)
        return e;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys("instance: open %s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return err_sys("instance: lock %s", path);
        if (read(fd, pid, sizeof pid - 1) > 0)
            out->other = (pid_t)strtol(pid, NULL, 10);
        return WS_EXISTS;
    }
    snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
        return err_sys("instance: write %s", path);
    out->lock_fd = TAKE_FD(fd);
    return WS_OK;
}

/* The name of a socket may have 107 bytes, a path more: go by the folder's
 * descriptor. */
static enum err name_socket(const char *state, struct sockaddr_un *name,
                            int *dir_fd)
{
    OWN_FD int fd = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? WS_NOTFOUND
                               : err_sys("instance: folder %s", state);
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    snprintf(name->sun_path, sizeof name->sun_path, "/proc/self/fd/%d/%s", fd,
             CONTROL_SOCKET);
    *dir_fd = TAKE_FD(fd);
    return WS_OK;
}

enum err instance_listen(const char *state, int *out)
{
    OWN_FD int dir_fd = -1;
    OWN_FD int fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_un name;
    mode_t old;
    int bad;
    enum err e;

    if (fd < 0)
        return err_sys("instance: socket");
    e = name_socket(state, &name, &dir_fd);
    if (e)
        return e;
    unlinkat(dir_fd, CONTROL_SOCKET, 0); /* of an agent that was killed */
    old = umask(0177);
    bad = bind(fd, (struct sockaddr *)&name, sizeof name);
    umask(old);
    if (bad || listen(fd, BACKLOG) < 0)
        return err_sys("instance: listen on %s/%s", state, CONTROL_SOCKET);
    *out = TAKE_FD(fd);
    return WS_OK;
}

enum err instance_connect(const char *state, int *out)
{
    OWN_FD int dir_fd = -1;
    OWN_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un name;
    enum err e;

    if (fd < 0)
        return err_sys("instance: socket");
    e = name_socket(state, &name, &dir_fd);
    if (e)
        return e;
    if (connect(fd, (struct sockaddr *)&name, sizeof name) < 0)
        return errno == ENOENT || errno == ECONNREFUSED
                   ? WS_NOTFOUND
                   : err_sys("instance: %s/%s", state, CONTROL_SOCKET);
    *out = TAKE_FD(fd);
    return WS_OK;
}

void instance_leave(const char *state, struct instance *instance)
{
    OWN_FREE char *path = io_path(state, CONTROL_SOCKET);

    if (instance->lock_fd < 0)
        return;
    if (path)
        unlink(path);
    own_fd(&instance->lock_fd);
    instance->lock_fd = -1;
}
