/* Each policy is entered by a process of its own, which then tries things: the
 * kernel, not this test, decides. */
#include "core/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/db.h"

static char folder[] = "/tmp/base.sandbox.XXXXXX";

/* Run act() inside a policy: what it returns. A negative number: it died. */
static int inside(const struct sandbox *s, int (*act)(void))
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(sandbox_enter(s) ? 200 : act());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        return -WTERMSIG(status);
    return WEXITSTATUS(status);
}

static const struct sandbox nothing = {.role = "nothing"};
static const struct sandbox inet = {.role = "inet", .may = SANDBOX_INET};
static const struct sandbox threads = {.role = "threads",
                                       .may = SANDBOX_THREADS};
static struct sandbox_path paths[] = {{folder, true}};
static const struct sandbox files = {
    .role = "files", .may = SANDBOX_FILES, .paths = paths, .path_count = 1};

#define REFUSED(call) (errno = 0, (call) < 0 && errno == EPERM)

static int try_files(void)
{
    if (!REFUSED(open("/etc/passwd", O_RDONLY)))
        return 1;
    if (!REFUSED(open("/tmp/base.sandbox.made", O_RDWR | O_CREAT, 0600)))
        return 2;
    if (!REFUSED(unlink("/tmp/base.sandbox.made")))
        return 3;
    if (!REFUSED(mkdir("/tmp/base.sandbox.made", 0700)))
        return 4;
    if (!REFUSED(execl("/bin/true", "true", NULL)))
        return 5;
    return 0;
}

static void test_sandbox_without_files_opens_nothing(void **state)
{
    (void)state;
    assert_int_equal(inside(&nothing, try_files), 0);
    assert_int_equal(inside(&inet, try_files), 0);
    assert_int_equal(inside(&threads, try_files), 0);
}

static int try_sockets(void)
{
    static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK,
                                   AF_PACKET};
    struct sockaddr_in to = {.sin_family = AF_INET};
    int pair[2];

    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (!REFUSED(socket(families[i], SOCK_STREAM, 0)))
            return (int)i + 1;
    if (!REFUSED(connect(0, (struct sockaddr *)&to, sizeof to)))
        return 10;
    if (!REFUSED(bind(0, (struct sockaddr *)&to, sizeof to)))
        return 11;
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0)
        return 12;
    return 0;
}

static void test_sandbox_without_network_makes_no_socket(void **state)
{
    (void)state;
    assert_int_equal(inside(&nothing, try_sockets), 0);
    assert_int_equal(inside(&files, try_sockets), 0);
}

static int try_unix_beside_inet(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1)};

    if (fd < 0)
        return 1;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ||
        errno != ECONNREFUSED)
        return 2;
    if (!REFUSED(socket(AF_UNIX, SOCK_STREAM, 0)))
        return 3;
    if (!REFUSED(bind(fd, (struct sockaddr *)&to, sizeof to)))
        return 4;
    return 0;
}

static void test_sandbox_inet_connects_but_sees_no_unix_socket(void **state)
{
    (void)state;
    assert_int_equal(inside(&inet, try_unix_beside_inet), 0);
}

static int try_folders(void)
{
    char path[128];
    int fd;

    snprintf(path, sizeof path, "%s/a", folder);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) < 0)
        return 1;
    if (rename(path, path) < 0)
        return 2;
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
        return 3;
    if (open("/proc/self/environ", O_RDONLY) >= 0)
        return 4;
    snprintf(path, sizeof path, "%s/../base.sandbox.out", folder);
    if (open(path, O_RDWR | O_CREAT, 0600) >= 0 || errno != EACCES)
        return 5;
    snprintf(path, sizeof path, "%s/link", folder);
    if (!REFUSED(symlink("/etc/passwd", path)))
        return 6;
    return 0;
}

static void test_sandbox_files_stay_in_their_folders(void **state)
{
    (void)state;
    if (sandbox_probe().landlock_abi == 0)
        skip();
    assert_int_equal(inside(&files, try_folders), 0);
}

static void *in_thread(void *arg)
{
    *(int *)arg = open("/etc/passwd", O_RDONLY) < 0 ? 1 : 2;
    return NULL;
}

static int make_thread(void)
{
    pthread_t thread;
    int seen = 0;

    if (pthread_create(&thread, NULL, in_thread, &seen))
        return 100;
    pthread_join(thread, NULL);
    return seen;
}

static int fork_one(void)
{
    return REFUSED(fork()) ? 0 : 1;
}

static void test_sandbox_threads_are_walled_in_too(void **state)
{
    (void)state;
    assert_int_equal(inside(&threads, make_thread), 1);
    assert_int_equal(inside(&nothing, make_thread), 100);
    assert_int_equal(inside(&threads, fork_one), 0);
}

static int try_others(void)
{
    if (!REFUSED(kill(getppid(), 0)))
        return 1;
    if (kill(getpid(), 0) < 0)
        return 2;
    if (!REFUSED(mprotect((void *)0x1000, 4096, PROT_READ | PROT_EXEC)))
        return 3;
    errno = 0;
    if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        return 4;
    return 0;
}

static void test_sandbox_reaches_no_other_process(void **state)
{
    (void)state;
    assert_int_equal(inside(&nothing, try_others), 0);
}

/* What every role does all day. */
static int daily_work(void)
{
    int pair[2], fd = memfd_create("test", MFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    char byte = 'x', control[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec io = {&byte, 1};
    struct msghdr m = {.msg_iov = &io,
                       .msg_iovlen = 1,
                       .msg_control = control,
                       .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    void *block;

    if (fd < 0 || ftruncate(fd, 1 << 20) < 0 || epoll < 0)
        return 1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return 2;
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    if (sendmsg(pair[0], &m, 0) != 1)
        return 3;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, pair[1], &event) < 0 ||
        epoll_wait(epoll, &event, 1, 1000) != 1)
        return 4;
    if (recvmsg(pair[1], &m, MSG_CMSG_CLOEXEC) != 1)
        return 5;
    block = malloc(64 << 20); /* by mmap */
    if (!block)
        return 6;
    memset(block, 1, 64 << 20);
    free(block);
    if (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) ==
        MAP_FAILED)
        return 7;
    if (fprintf(stderr, "%s", "") < 0 || usleep(1) < 0)
        return 8;
    return 0;
}

static void test_sandbox_daily_work_goes_on(void **state)
{
    (void)state;
    assert_int_equal(inside(&nothing, daily_work), 0);
    assert_int_equal(inside(&files, daily_work), 0);
}

static int use_sqlite(void)
{
    OWN(db_close)
    struct db *db = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/q.db", folder);
    if (db_open(&db, path, 0))
        return 1;
    if (db_exec(db, "CREATE TABLE t (x); BEGIN IMMEDIATE; INSERT INTO t "
                    "VALUES (1); COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"))
        return 2;
    return 0;
}

static void test_sandbox_files_let_sqlite_work(void **state)
{
    (void)state;
    assert_int_equal(inside(&files, use_sqlite), 0);
}

static int resolve(void)
{
    struct addrinfo *a = NULL;
    int rc = getaddrinfo("localhost", "80", NULL, &a);

    if (rc == 0)
        freeaddrinfo(a);
    return -rc; /* EAI_* are negative */
}

static int make_thread_and_resolve(void)
{
    return make_thread() == 100 ? 100 : resolve();
}

static void test_sandbox_network_role_resolves_names(void **state)
{
    struct sandbox_path net[] = {
        {"/etc", false}, {"/usr/lib", false}, {"/lib", false}};
    struct sandbox s = {.role = "net",
                        .may = SANDBOX_INET | SANDBOX_FILES | SANDBOX_THREADS,
                        .paths = net,
                        .path_count = 3};

    (void)state;
    /* A machine without /etc/hosts knows no localhost, wall or not. */
    assert_int_equal(inside(&s, make_thread_and_resolve), resolve());
}

static int look_at_self(void)
{
    struct rlimit core;

    if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max != 0)
        return 1;
    abort(); /* raises by tgkill: a crash must still be a crash */
}

static void test_sandbox_abort_leaves_no_core(void **state)
{
    (void)state;
    assert_int_equal(inside(&nothing, look_at_self), -SIGABRT);
}

static void test_sandbox_probe_tells_of_seccomp(void **state)
{
    (void)state;
    assert_true(sandbox_probe().seccomp);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"a", "q.db", "q.db-wal", "q.db-shm"};
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sandbox_without_files_opens_nothing),
        cmocka_unit_test(test_sandbox_without_network_makes_no_socket),
        cmocka_unit_test(test_sandbox_inet_connects_but_sees_no_unix_socket),
        cmocka_unit_test(test_sandbox_files_stay_in_their_folders),
        cmocka_unit_test(test_sandbox_threads_are_walled_in_too),
        cmocka_unit_test(test_sandbox_reaches_no_other_process),
        cmocka_unit_test(test_sandbox_daily_work_goes_on),
        cmocka_unit_test(test_sandbox_files_let_sqlite_work),
        cmocka_unit_test(test_sandbox_network_role_resolves_names),
        cmocka_unit_test(test_sandbox_abort_leaves_no_core),
        cmocka_unit_test(test_sandbox_probe_tells_of_seccomp),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
