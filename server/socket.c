/* socket.c - the one listening socket, and who has it when we don't get it.
 *
 * The holder is found as ss(8) does: the row of the port in /proc/net/tcp
 * names an inode, and some process has a descriptor "socket:[inode]".
 */
#include "server/socket.h"

#include "core/own.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SOCKET_BACKLOG 1024
#define SOCKET_LISTENING 0x0A /* TCP_LISTEN in /proc/net/tcp */

/* Cut "host:port"; an empty host or "*" is every address. */
static enum err cut(const char *listen, char *host, size_t host_bytes,
                    const char **port)
{
    const char *colon = strrchr(listen, ':');
    size_t len = colon ? (size_t)(colon - listen) : 0;

    if (!colon || len >= host_bytes)
        return WS_INVALID;
    *port = colon + 1;
    if (len > 1 && listen[0] == '[' && listen[len - 1] == ']') {
        listen++;
        len -= 2;
    }
    memcpy(host, listen, len);
    host[len] = '\0';
    if (strcmp(host, "*") == 0)
        host[0] = '\0';
    return WS_OK;
}

static bool is_loopback(const struct sockaddr *sa)
{
    if (sa->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(
            &((const struct sockaddr_in6 *)sa)->sin6_addr);
    return (ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24) ==
           127;
}

static enum err bind_to(const struct addrinfo *a, int *out)
{
    OWN_FD int fd =
        socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0)
        return err_sys("socket: make one");
    /* A restart may bind while old connections are in TIME_WAIT. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 ||
        listen(fd, SOCKET_BACKLOG) < 0) {
        if (errno == EADDRINUSE)
            return WS_EXISTS;
        if (errno == EACCES)
            return WS_DENIED;
        if (errno == EADDRNOTAVAIL)
            return WS_INVALID;
        return err_sys("socket: listen");
    }
    *out = TAKE_FD(fd);
    return WS_OK;
}

static void describe(struct socket_bound *b, const char *host)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);
    bool is_v6 = strchr(host, ':') != NULL;

    if (getsockname(b->fd, (struct sockaddr *)&address, &len) == 0) {
        b->loopback = is_loopback((const struct sockaddr *)&address);
        b->port = ntohs(address.ss_family == AF_INET6
                            ? ((struct sockaddr_in6 *)&address)->sin6_port
                            : ((struct sockaddr_in *)&address)->sin_port);
    }
    if (!*host || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0) {
        host = "127.0.0.1"; /* one that can be opened on this machine */
        is_v6 = false;
    }
    snprintf(b->url, sizeof(b->url), is_v6 ? "http://[%s]:%d" : "http://%s:%d",
             host, b->port);
}

enum err socket_open(const char *listen, struct socket_bound *out)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL, *a;
    struct socket_bound b = {.fd = -1};
    char host[256];
    const char *port;
    enum err e = cut(listen, host, sizeof(host), &port);

    if (e)
        return e;
    if (getaddrinfo(*host ? host : NULL, port, &hints, &found) != 0)
        return WS_INVALID;
    e = WS_INVALID;
    for (a = found; a && e != WS_OK; a = a->ai_next)
        e = bind_to(a, &b.fd);
    freeaddrinfo(found);
    if (e)
        return e;
    describe(&b, host);
    *out = b;
    return WS_OK;
}

/* --- who has the port --- */

/* The inode of the socket that listens on a port; 0: none. */
static uint64_t find_inode(const char *table, unsigned wanted_port)
{
    FILE *f = fopen(table, "re");
    char line[512];
    uint64_t found = 0;

    while (f && !found && fgets(line, sizeof(line), f)) {
        unsigned port, state;
        uint64_t inode;

        if (sscanf(line,
                   " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*s %*s "
                   "%" SCNu64,
                   &port, &state, &inode) == 3 &&
            port == wanted_port && state == SOCKET_LISTENING)
            found = inode;
    }
    if (f)
        fclose(f);
    return found;
}

static bool process_has(const char *pid, uint64_t inode)
{
    char path[PATH_MAX], link[64], wanted[64];
    struct dirent *entry;
    bool found = false;
    DIR *dir;

    snprintf(wanted, sizeof(wanted), "socket:[%" PRIu64 "]", inode);
    snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
    dir = opendir(path);
    while (dir && !found && (entry = readdir(dir))) {
        ssize_t n =
            readlinkat(dirfd(dir), entry->d_name, link, sizeof(link) - 1);

        if (n > 0) {
            link[n] = '\0';
            found = strcmp(link, wanted) == 0;
        }
    }
    if (dir)
        closedir(dir);
    return found;
}

static void name_process(const char *pid, char *out, size_t out_bytes)
{
    char path[64], name[64] = "?";
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%.16s/comm", pid);
    f = fopen(path, "re");
    if (f && fgets(name, sizeof(name), f))
        name[strcspn(name, "\n")] = '\0';
    if (f)
        fclose(f);
    snprintf(out, out_bytes, "%s (pid %.16s)", name, pid);
}

void socket_holder(const char *listen, char *out, size_t out_bytes)
{
    const char *colon = strrchr(listen, ':');
    unsigned port = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
    uint64_t inode = find_inode("/proc/net/tcp", port);
    struct dirent *entry;
    bool found = false;
    DIR *proc;

    if (!inode)
        inode = find_inode("/proc/net/tcp6", port);
    snprintf(out, out_bytes, "another user's program");
    proc = inode ? opendir("/proc") : NULL;
    while (proc && !found && (entry = readdir(proc))) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        found = process_has(entry->d_name, inode);
        if (found)
            name_process(entry->d_name, out, out_bytes);
    }
    if (proc)
        closedir(proc);
}
