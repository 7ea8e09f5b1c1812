/* live_call.c - make one system call inside a process that is running, and say
 * what the kernel answered: the walls of the live program, not of a likeness.
 *
 *   live_call PID CALL ARGUMENT [CALL ARGUMENT]...
 *     open PATH      openat for reading
 *     create PATH    openat that may make the file
 *     tcp PORT       socket, then connect to 127.0.0.1:PORT
 *     unix PATH      socket, then connect to a socket by name
 *     connect PORT   connect of a descriptor that it holds
 *     run PATH       execve
 *
 * The process is stopped where it waits in a system call, its registers are
 * set to another call at the same instruction, that one instruction is
 * stepped, and the registers are put back: the kernel then restarts what it
 * waited in. What a call opens is closed again. One line of JSON a call; exit
 * 3: this user may not trace that process.
 * Source: ptrace(2); x86-64 only. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SYSCALL_INSTRUCTION 0x050f
#define BELOW_STACK 4096 /* under what the process uses, and its red zone */
#define TRIES 5000
#define MAY_NOT 3

struct tracee {
    pid_t pid;
    struct user_regs_struct held; /* as it was stopped */
    unsigned long long scratch;   /* memory of its own for arguments */
};

static void fail(const char *what)
{
    fprintf(stderr, "live_call: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void wait_stop(const struct tracee *t)
{
    int status;

    if (waitpid(t->pid, &status, __WALL) != t->pid || !WIFSTOPPED(status) ||
        WSTOPSIG(status) != SIGTRAP) {
        fprintf(stderr, "live_call: %d did not stop: status %x\n", t->pid,
                (unsigned)status);
        exit(1);
    }
}

/* Stop it where it waits in a system call: there is the instruction to use. */
static void hold(struct tracee *t)
{
    for (int i = 0; i < TRIES; i++) {
        long word;

        if (ptrace(PTRACE_INTERRUPT, t->pid, NULL, NULL) < 0)
            fail("interrupt");
        wait_stop(t);
        if (ptrace(PTRACE_GETREGS, t->pid, NULL, &t->held) < 0)
            fail("read registers");
        errno = 0;
        word = ptrace(PTRACE_PEEKTEXT, t->pid, t->held.rip - 2, NULL);
        if (errno == 0 && (word & 0xffff) == SYSCALL_INSTRUCTION) {
            t->scratch = (t->held.rsp - BELOW_STACK) & ~15ULL;
            return;
        }
        if (ptrace(PTRACE_CONT, t->pid, NULL, NULL) < 0)
            fail("continue");
        usleep(1000);
    }
    fprintf(stderr, "live_call: %d was never met in a system call\n", t->pid);
    exit(1);
}

static void put_back(struct tracee *t)
{
    if (ptrace(PTRACE_SETREGS, t->pid, NULL, &t->held) < 0 ||
        ptrace(PTRACE_DETACH, t->pid, NULL, NULL) < 0)
        fail("put back");
}

static void give(const struct tracee *t, const void *data, size_t len)
{
    char path[64];
    int fd;

    snprintf(path, sizeof path, "/proc/%d/mem", t->pid);
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || pwrite(fd, data, len, (off_t)t->scratch) != (ssize_t)len)
        fail("write an argument");
    close(fd);
}

static long call(const struct tracee *t, long number, long a, long b, long c)
{
    struct user_regs_struct r = t->held;

    r.rip -= 2;
    r.rax = (unsigned long long)number;
    r.orig_rax = (unsigned long long)-1; /* nothing to restart */
    r.rdi = (unsigned long long)a;
    r.rsi = (unsigned long long)b;
    r.rdx = (unsigned long long)c;
    r.r10 = 0600;
    if (ptrace(PTRACE_SETREGS, t->pid, NULL, &r) < 0 ||
        ptrace(PTRACE_SINGLESTEP, t->pid, NULL, NULL) < 0)
        fail("step");
    wait_stop(t);
    if (ptrace(PTRACE_GETREGS, t->pid, NULL, &r) < 0)
        fail("read the answer");
    return (long)r.rax;
}

static long open_it(const struct tracee *t, const char *path, int flags)
{
    give(t, path, strlen(path) + 1);
    return call(t, SYS_openat, AT_FDCWD, (long)t->scratch, flags | O_CLOEXEC);
}

static struct sockaddr_in port_of(const char *text)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)atoi(text))};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return to;
}

static long reach(const struct tracee *t, const void *to, size_t len)
{
    int family = ((const struct sockaddr *)to)->sa_family;
    long fd = call(t, SYS_socket, family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    long rc;

    if (fd < 0)
        return fd;
    give(t, to, len);
    rc = call(t, SYS_connect, fd, (long)t->scratch, (long)len);
    if (rc < 0) {
        (void)call(t, SYS_close, fd, 0, 0);
        return rc;
    }
    return fd;
}

static long attempt(const struct tracee *t, const char *what, const char *arg)
{
    struct sockaddr_in port = port_of(arg);
    struct sockaddr_un name = {.sun_family = AF_UNIX};

    snprintf(name.sun_path, sizeof name.sun_path, "%s", arg);
    if (strcmp(what, "open") == 0)
        return open_it(t, arg, O_RDONLY);
    if (strcmp(what, "create") == 0)
        return open_it(t, arg, O_RDWR | O_CREAT);
    if (strcmp(what, "tcp") == 0)
        return reach(t, &port, sizeof port);
    if (strcmp(what, "unix") == 0)
        return reach(t, &name, sizeof name);
    if (strcmp(what, "connect") == 0) {
        give(t, &port, sizeof port);
        return call(t, SYS_connect, STDIN_FILENO, (long)t->scratch,
                    sizeof port);
    }
    if (strcmp(what, "run") == 0) {
        give(t, arg, strlen(arg) + 1);
        return call(t, SYS_execve, (long)t->scratch, 0, 0);
    }
    fprintf(stderr, "live_call: %s is no call\n", what);
    exit(2);
}

int main(int argc, char **argv)
{
    struct tracee t;

    if (argc < 4 || argc % 2 != 0) {
        fprintf(stderr, "live_call PID CALL ARGUMENT [CALL ARGUMENT]...\n");
        return 2;
    }
    t.pid = atoi(argv[1]);
    if (ptrace(PTRACE_SEIZE, t.pid, NULL, NULL) < 0) {
        fprintf(stderr, "live_call: trace %d: %s\n", t.pid, strerror(errno));
        return errno == EPERM ? MAY_NOT : 1;
    }
    hold(&t);
    for (int i = 2; i < argc; i += 2) {
        long rc = attempt(&t, argv[i], argv[i + 1]);

        if (rc > STDERR_FILENO)
            (void)call(&t, SYS_close, rc, 0, 0);
        printf("{\"what\":\"%s\",\"allowed\":%s,\"errno\":\"%s\"}\n", argv[i],
               rc < 0 ? "false" : "true",
               rc < 0 ? strerrorname_np((int)-rc) : "");
    }
    put_back(&t);
    return 0;
}
