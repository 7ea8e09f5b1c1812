#include "core/sandbox_calls.h"

#include "core/sandbox.h"

#define ALWAYS SANDBOX_CALLS_ALWAYS
#define NEVER SANDBOX_CALLS_NEVER
#define FILES SANDBOX_FILES
#define CONNECT (SANDBOX_INET | SANDBOX_UNIX)

/* clone, mmap, mprotect, socket, socketpair, ioctl, prctl, kill and tgkill are
 * judged by their arguments, in sandbox.c. */

/* clang-format off */
const struct sandbox_call sandbox_calls[] = {
    /* memory */
    {"brk", ALWAYS}, {"munmap", ALWAYS}, {"mremap", ALWAYS},
    {"madvise", ALWAYS}, {"mlock", ALWAYS}, {"munlock", ALWAYS},
    {"msync", ALWAYS}, {"mincore", ALWAYS}, {"membarrier", ALWAYS},
    {"memfd_create", ALWAYS}, {"get_mempolicy", ALWAYS},
    /* threads, once made, and waiting */
    {"futex", ALWAYS}, {"futex_waitv", ALWAYS}, {"set_robust_list", ALWAYS},
    {"get_robust_list", ALWAYS}, {"rseq", ALWAYS}, {"set_tid_address", ALWAYS},
    {"gettid", ALWAYS}, {"getpid", ALWAYS}, {"getppid", ALWAYS},
    {"sched_yield", ALWAYS}, {"sched_getaffinity", ALWAYS},
    {"sched_getparam", ALWAYS}, {"sched_getscheduler", ALWAYS},
    {"sched_get_priority_max", ALWAYS}, {"sched_get_priority_min", ALWAYS},
    {"getcpu", ALWAYS}, {"exit", ALWAYS}, {"exit_group", ALWAYS},
    {"restart_syscall", ALWAYS}, {"pause", ALWAYS},
    /* signals to itself */
    {"rt_sigaction", ALWAYS}, {"rt_sigprocmask", ALWAYS},
    {"rt_sigreturn", ALWAYS}, {"rt_sigtimedwait", ALWAYS},
    {"rt_sigsuspend", ALWAYS}, {"rt_sigpending", ALWAYS},
    {"sigaltstack", ALWAYS}, {"signalfd4", ALWAYS},
    /* time and facts */
    {"clock_gettime", ALWAYS}, {"clock_getres", ALWAYS},
    {"clock_nanosleep", ALWAYS}, {"nanosleep", ALWAYS},
    {"gettimeofday", ALWAYS}, {"time", ALWAYS}, {"times", ALWAYS},
    {"getrandom", ALWAYS}, {"uname", ALWAYS}, {"sysinfo", ALWAYS},
    {"getrusage", ALWAYS}, {"getuid", ALWAYS}, {"geteuid", ALWAYS},
    {"getgid", ALWAYS}, {"getegid", ALWAYS}, {"getgroups", ALWAYS},
    {"getrlimit", ALWAYS}, {"getpgrp", ALWAYS}, {"getpgid", ALWAYS},
    {"statfs", ALWAYS}, {"fstatfs", ALWAYS}, {"getcwd", ALWAYS},
    {"timerfd_create", ALWAYS}, {"timerfd_settime", ALWAYS},
    {"timerfd_gettime", ALWAYS}, {"setitimer", ALWAYS}, {"alarm", ALWAYS},
    /* descriptors that it holds */
    {"read", ALWAYS}, {"readv", ALWAYS}, {"pread64", ALWAYS},
    {"preadv", ALWAYS}, {"preadv2", ALWAYS}, {"write", ALWAYS},
    {"writev", ALWAYS}, {"pwrite64", ALWAYS}, {"pwritev", ALWAYS},
    {"pwritev2", ALWAYS}, {"lseek", ALWAYS}, {"close", ALWAYS},
    {"close_range", ALWAYS}, {"dup", ALWAYS}, {"dup2", ALWAYS},
    {"dup3", ALWAYS}, {"fcntl", ALWAYS}, {"fstat", ALWAYS},
    {"newfstatat", ALWAYS}, {"statx", ALWAYS}, {"ftruncate", ALWAYS},
    {"fallocate", ALWAYS}, {"fsync", ALWAYS}, {"fdatasync", ALWAYS},
    {"sync_file_range", ALWAYS}, {"fadvise64", ALWAYS}, {"sendfile", ALWAYS},
    {"copy_file_range", ALWAYS}, {"pipe", ALWAYS}, {"pipe2", ALWAYS},
    {"eventfd2", ALWAYS}, {"poll", ALWAYS}, {"ppoll", ALWAYS},
    {"select", ALWAYS}, {"pselect6", ALWAYS}, {"epoll_create", ALWAYS},
    {"epoll_create1", ALWAYS}, {"epoll_ctl", ALWAYS}, {"epoll_wait", ALWAYS},
    {"epoll_pwait", ALWAYS}, {"epoll_pwait2", ALWAYS},
    {"sendto", ALWAYS}, {"sendmsg", ALWAYS}, {"sendmmsg", ALWAYS},
    {"recvfrom", ALWAYS}, {"recvmsg", ALWAYS}, {"recvmmsg", ALWAYS},
    {"shutdown", ALWAYS}, {"getsockname", ALWAYS}, {"getpeername", ALWAYS},
    {"getsockopt", ALWAYS}, {"setsockopt", ALWAYS},
    /* connections */
    {"connect", CONNECT},
    {"accept", SANDBOX_ACCEPT}, {"accept4", SANDBOX_ACCEPT},
    {"bind", NEVER}, {"listen", NEVER},
    /* files by name; Landlock says which */
    {"open", FILES}, {"openat", FILES}, {"access", FILES},
    {"faccessat", FILES}, {"faccessat2", FILES}, {"stat", FILES},
    {"lstat", FILES}, {"readlink", FILES}, {"readlinkat", FILES},
    {"getdents64", FILES}, {"mkdir", FILES}, {"mkdirat", FILES},
    {"rmdir", FILES}, {"unlink", FILES}, {"unlinkat", FILES},
    {"rename", FILES}, {"renameat", FILES}, {"renameat2", FILES},
    {"chmod", FILES}, {"fchmod", FILES}, {"fchmodat", FILES},
    {"fchown", FILES}, {"utimensat", FILES}, {"truncate", FILES},
    {"umask", FILES}, {"flock", FILES}, {"openat2", NEVER}, {"creat", NEVER},
    {"linkat", FILES}, {"link", NEVER}, {"symlink", NEVER},
    {"symlinkat", NEVER}, {"mknod", NEVER}, {"mknodat", NEVER},
    {"chown", NEVER}, {"lchown", NEVER}, {"fchownat", NEVER},
    {"chdir", NEVER}, {"fchdir", NEVER}, {"chroot", NEVER},
    /* other programs and the kernel */
    {"execve", NEVER}, {"execveat", NEVER}, {"fork", NEVER}, {"vfork", NEVER},
    {"ptrace", NEVER}, {"process_vm_readv", NEVER},
    {"process_vm_writev", NEVER}, {"pidfd_open", NEVER},
    {"pidfd_getfd", NEVER}, {"mount", NEVER}, {"umount2", NEVER},
    {"unshare", NEVER}, {"setns", NEVER}, {"bpf", NEVER},
    {"perf_event_open", NEVER}, {"io_uring_setup", NEVER},
    {"userfaultfd", NEVER}, {"keyctl", NEVER}, {"add_key", NEVER},
    {"request_key", NEVER}, {"setuid", NEVER}, {"setgid", NEVER},
    {"setresuid", NEVER}, {"setresgid", NEVER}, {"capset", NEVER},
    {"personality", NEVER}, {"shmget", NEVER}, {"shmat", NEVER},
    {"open_by_handle_at", NEVER}, {"name_to_handle_at", NEVER},
    {"tkill", NEVER}, {"rt_sigqueueinfo", NEVER}, {"pidfd_send_signal", NEVER},
};
/* clang-format on */

const size_t sandbox_calls_count = sizeof sandbox_calls / sizeof *sandbox_calls;
