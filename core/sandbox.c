#include "core/sandbox.h"

#include "core/log.h"
#include "core/own.h"
#include "core/sandbox_calls.h"
#include "core/sandbox_landlock.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REFUSE SCMP_ACT_ERRNO(EPERM)
#define SOCK_TYPE_MASK 0xfU

#ifdef WS_ASAN
/* LeakSanitizer looks for leaks from a process of its own with ptrace, which
 * no wall lets through; a walled-in process does without it. */
int __lsan_is_turned_off(void);
static int walled_in;
int __lsan_is_turned_off(void)
{
    return walled_in;
}
#define WALLED_IN() (walled_in = 1)
#else
#define WALLED_IN() ((void)0)
#endif

static void close_filter(scmp_filter_ctx filter)
{
    if (filter)
        seccomp_release(filter);
}
OWN_DEFINE(close_filter, scmp_filter_ctx)

/* Add one rule; a call that this CPU does not have is nothing to refuse. */
static int rule(scmp_filter_ctx filter, uint32_t action, const char *call,
                unsigned arg_count, const struct scmp_arg_cmp *args)
{
    int number = seccomp_syscall_resolve_name(call);
    int rc;

    if (number < 0)
        return 0;
    rc = seccomp_rule_add_array(filter, action, number, arg_count, args);
    return rc == -EEXIST ? 0 : rc;
}

static int allow_if(scmp_filter_ctx filter, const char *call,
                    struct scmp_arg_cmp arg)
{
    return rule(filter, SCMP_ACT_ALLOW, call, 1, &arg);
}

/* What an argument does not allow is refused: libseccomp answers the default
 * (ENOSYS) when no rule of a call fits, which is not what a test asks for, so
 * the opposite of each condition is a rule of its own. */
static int judge_memory(scmp_filter_ctx f, unsigned may)
{
    /* Code may come from a file that the role may open (modules of the C
     * library), from nowhere else, and never becomes writable. */
    int rc = allow_if(f, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

    rc = rc ? rc
            : rule(f, REFUSE, "mprotect", 1,
                   &SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
    if (may & SANDBOX_FILES)
        return rc ? rc : rule(f, SCMP_ACT_ALLOW, "mmap", 0, NULL);
    rc = rc ? rc
            : allow_if(f, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return rc ? rc
              : rule(f, REFUSE, "mmap", 1,
                     &SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
}

static int judge_processes(scmp_filter_ctx f, unsigned may)
{
    uint64_t self = (uint64_t)getpid();
    int rc = 0;

    /* clone3 hides its flags in memory: ENOSYS makes glibc use clone. */
    if (may & SANDBOX_THREADS) {
        rc = allow_if(f, "clone",
                      SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
        rc = rc ? rc
                : rule(f, REFUSE, "clone", 1,
                       &SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    } else {
        rc = rule(f, REFUSE, "clone", 0, NULL);
    }
    rc = rc ? rc : allow_if(f, "kill", SCMP_A0(SCMP_CMP_EQ, self));
    rc = rc ? rc : rule(f, REFUSE, "kill", 1, &SCMP_A0(SCMP_CMP_NE, self));
    rc = rc ? rc : allow_if(f, "tgkill", SCMP_A0(SCMP_CMP_EQ, self));
    rc = rc ? rc : rule(f, REFUSE, "tgkill", 1, &SCMP_A0(SCMP_CMP_NE, self));
    rc = rc ? rc : allow_if(f, "prlimit64", SCMP_A2(SCMP_CMP_EQ, 0));
    rc = rc ? rc : rule(f, REFUSE, "prlimit64", 1, &SCMP_A2(SCMP_CMP_NE, 0));
    rc = rc ? rc : allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
    rc = rc ? rc : allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_GET_NAME));
    return rc ? rc : allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_VMA));
}

static int judge_sockets(scmp_filter_ctx f, unsigned may)
{
    /* A pair of streams is connected for good; a datagram socket of a pair
     * could be connected to somebody else. */
    int rc = allow_if(f, "socketpair",
                      SCMP_A1(SCMP_CMP_MASKED_EQ, SOCK_TYPE_MASK, SOCK_STREAM));

    if (may & SANDBOX_INET) {
        rc = rc ? rc : allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET));
        rc = rc ? rc : allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET6));
    }
    if (may & SANDBOX_UNIX)
        rc = rc ? rc : allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    /* What stands in neither list (AX25 and the like) answers ENOSYS. */
    if (!(may & SANDBOX_UNIX))
        rc = rc ? rc
                : rule(f, REFUSE, "socket", 1, &SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    if (!(may & SANDBOX_INET)) {
        rc = rc ? rc
                : rule(f, REFUSE, "socket", 1, &SCMP_A0(SCMP_CMP_EQ, AF_INET));
        rc = rc ? rc
                : rule(f, REFUSE, "socket", 1, &SCMP_A0(SCMP_CMP_EQ, AF_INET6));
    }
    rc =
        rc ? rc : rule(f, REFUSE, "socket", 1, &SCMP_A0(SCMP_CMP_GT, AF_INET6));
    return rc;
}

static int judge_ioctls(scmp_filter_ctx f)
{
    static const uint64_t harmless[] = {FIONREAD, FIONBIO, FIOCLEX, TCGETS};
    int rc = 0;

    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        rc = rc ? rc : allow_if(f, "ioctl", SCMP_A1(SCMP_CMP_EQ, harmless[i]));
    return rc;
}

static int add_table(scmp_filter_ctx f, unsigned may)
{
    int rc = 0;

    for (size_t i = 0; i < sandbox_calls_count && rc == 0; i++) {
        const struct sandbox_call *c = &sandbox_calls[i];
        bool good = c->may & (may | SANDBOX_CALLS_ALWAYS);

        rc = rule(f, good ? SCMP_ACT_ALLOW : REFUSE, c->name, 0, NULL);
    }
    return rc;
}

static enum err filter_calls(unsigned may)
{
    OWN(close_filter)
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    int rc;

    if (!f)
        return WS_NOMEM;
    /* Every thread, also those that a library made before. */
    rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
    rc = rc ? rc : seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    rc = rc ? rc : add_table(f, may);
    rc = rc ? rc : judge_memory(f, may);
    rc = rc ? rc : judge_processes(f, may);
    rc = rc ? rc : judge_sockets(f, may);
    rc = rc ? rc : judge_ioctls(f);
    rc = rc ? rc : seccomp_load(f);
    if (rc == 0)
        return WS_OK;
    log_error("sandbox_failed", "seccomp: %s", strerror(-rc));
    return rc == -ENOMEM ? WS_NOMEM : WS_DENIED;
}

void sandbox_no_dumps(void)
{
    struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) < 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        log_warn("dumps_not_off", "core dumps stay on: %s", strerror(errno));
}

enum err sandbox_folders(const struct sandbox *s)
{
    enum err e;

    sandbox_no_dumps();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys("sandbox: no_new_privs");
    e = sandbox_landlock(s);
    if (e == WS_NOTFOUND)
        log_warn("sandbox_no_landlock",
                 "%s: this kernel has no Landlock; system calls are still "
                 "filtered%s",
                 s->role, s->may & SANDBOX_FILES ? ", folders are not" : "");
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err sandbox_enter(const struct sandbox *s)
{
    enum err e = sandbox_folders(s);

    if (e)
        return e;
    WALLED_IN();
    return filter_calls(s->may);
}

struct sandbox_probe sandbox_probe(void)
{
    uint32_t action = SECCOMP_RET_ERRNO;
    struct sandbox_probe p = {
        .seccomp =
            syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0,
        .landlock_abi = sandbox_landlock_abi(),
    };

    return p;
}
