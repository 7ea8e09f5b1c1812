#include "agent/role_probe.h"

#include "agent/role.h"
#include "core/io.h"
#include "core/jsonw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct settings *settings; /* for the attempts; set once */

static int open_and_close(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    return fd;
}

static int in_state(const char *name, int flags)
{
    OWN_FREE char *path = io_path(settings->state, name);

    return path ? open_and_close(path, flags) : -1;
}

static int read_passwd(void)
{
    return open_and_close("/etc/passwd", O_RDONLY);
}

static int read_home(void)
{
    const char *home = getenv("HOME");

    return open_and_close(home ? home : "/root", O_RDONLY | O_DIRECTORY);
}

static int read_state(void)
{
    return open_and_close(settings->state, O_RDONLY | O_DIRECTORY);
}

static int read_source(void)
{
    const char *dir = settings_source_dir(settings);

    return open_and_close(*dir ? dir : "/sys", O_RDONLY | O_DIRECTORY);
}

static int write_state(void)
{
    int fd = in_state("probe.tmp", O_RDWR | O_CREAT);
    OWN_FREE char *path = io_path(settings->state, "probe.tmp");

    if (fd >= 0 && path)
        unlink(path);
    return fd;
}

static int write_tmp(void)
{
    int fd = open_and_close("/tmp/worksight-probe.tmp", O_RDWR | O_CREAT);

    if (fd >= 0)
        unlink("/tmp/worksight-probe.tmp");
    return fd;
}

static int socket_of(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        close(fd);
    return fd;
}

static int inet_socket(void)
{
    return socket_of(AF_INET);
}

static int inet6_socket(void)
{
    return socket_of(AF_INET6);
}

static int unix_socket(void)
{
    return socket_of(AF_UNIX);
}

static int netlink_socket(void)
{
    return socket_of(AF_NETLINK);
}

/* On a descriptor that is no socket: ENOTSOCK means that the call was let
 * through. */
static int let_through(int rc)
{
    return rc < 0 && (errno == ENOTSOCK || errno == EBADF) ? 0 : rc;
}

static int connect_any(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return let_through(
        connect(STDIN_FILENO, (const struct sockaddr *)&to, sizeof to));
}

static int bind_any(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET};

    return let_through(
        bind(STDIN_FILENO, (const struct sockaddr *)&to, sizeof to));
}

static int accept_any(void)
{
    return let_through(accept(STDIN_FILENO, NULL, NULL));
}

static int run_program(void)
{
    char *const argv[] = {NULL};

    return execve("/nonexistent/program", argv, argv) < 0 && errno == ENOENT
               ? 0
               : -1;
}

static int fork_process(void)
{
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    return pid;
}

static int trace_parent(void)
{
    return (int)ptrace(PTRACE_SEIZE, getppid(), NULL, NULL);
}

static int signal_parent(void)
{
    return kill(getppid(), 0);
}

static int writable_code(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        return -1;
    return mprotect(at, 4096, PROT_READ | PROT_EXEC);
}

static const struct {
    const char *what;
    int (*attempt)(void); /* below 0: refused, errno says how */
} attempts[] = {
    {"read_passwd", read_passwd},     {"read_home", read_home},
    {"read_state", read_state},       {"read_source", read_source},
    {"write_state", write_state},     {"write_tmp", write_tmp},
    {"inet_socket", inet_socket},     {"inet6_socket", inet6_socket},
    {"unix_socket", unix_socket},     {"netlink_socket", netlink_socket},
    {"connect", connect_any},         {"bind", bind_any},
    {"accept", accept_any},           {"run_program", run_program},
    {"fork", fork_process},           {"trace_parent", trace_parent},
    {"signal_parent", signal_parent}, {"writable_code", writable_code},
};

int role_probe(const char *name, const struct settings *s)
{
    struct role role = {.name = name, .settings = s, .env = &env_system};
    OWN_BUF struct buf out = BUF_EMPTY;
    struct jsonw w;

    settings = s;
    if (role_enter_sandbox(&role))
        return 1;
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_text(&w, "role", name);
    jsonw_array(&w, "tried");
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        int rc;

        errno = 0;
        rc = attempts[i].attempt();
        jsonw_object(&w, NULL);
        jsonw_text(&w, "what", attempts[i].what);
        jsonw_bool(&w, "allowed", rc >= 0);
        jsonw_text(&w, "errno", rc < 0 ? strerrorname_np(errno) : NULL);
        jsonw_object_end(&w);
    }
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    buf_append_byte(&out, '\n');
    if (buf_check(&out) || io_write_all(STDOUT_FILENO, out.data, out.len))
        return 1;
    return 0;
}
