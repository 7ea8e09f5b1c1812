#include "core/sandbox_landlock.h"

#include "core/own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12's header ends at ABI 2; the kernel's numbers are for ever. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define NET_BIND_TCP (1ULL << 0)  /* ABI 4 */
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ULL << 1)

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_ABI_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define FS_NEVER                                                               \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |               \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | FS_IOCTL_DEV)

/* struct landlock_ruleset_attr as of ABI 6: the size given to the kernel says
 * how much of it is meant. */
struct ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

int sandbox_landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                       LANDLOCK_CREATE_RULESET_VERSION);

    return abi > 0 ? (int)abi : 0;
}

static uint64_t known_fs(int abi)
{
    uint64_t all = FS_ABI_1;

    if (abi >= 2)
        all |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3)
        all |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (abi >= 5)
        all |= FS_IOCTL_DEV;
    return all;
}

static enum err allow(int ruleset_fd, const struct sandbox_path *p,
                      uint64_t known)
{
    OWN_FD int fd = open(p->path, O_PATH | O_CLOEXEC);
    struct landlock_path_beneath_attr rule = {
        .allowed_access = p->write ? known & ~FS_NEVER : FS_READ,
        .parent_fd = fd,
    };

    if (fd < 0)
        return errno == ENOENT ? WS_OK : err_sys("sandbox: folder %s", p->path);
    if (syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH,
                &rule, 0) < 0)
        return err_sys("sandbox: landlock rule for %s", p->path);
    return WS_OK;
}

enum err sandbox_landlock(const struct sandbox *s)
{
    int abi = sandbox_landlock_abi();
    struct ruleset r = {.handled_access_fs = known_fs(abi)};
    size_t size = sizeof r.handled_access_fs;
    OWN_FD int fd = -1;
    enum err e;

    if (abi == 0)
        return WS_NOTFOUND;
    if (abi >= 4) {
        size += sizeof r.handled_access_net;
        r.handled_access_net =
            NET_BIND_TCP | (s->may & SANDBOX_INET ? 0 : NET_CONNECT_TCP);
    }
    if (abi >= 6) {
        size += sizeof r.scoped;
        r.scoped =
            SCOPE_SIGNAL | (s->may & SANDBOX_UNIX ? 0 : SCOPE_ABSTRACT_UNIX);
    }
    fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
    if (fd < 0)
        return err_sys("sandbox: landlock ruleset");
    for (size_t i = 0; i < s->path_count; i++) {
        e = allow(fd, &s->paths[i], r.handled_access_fs);
        if (e)
            return e;
    }
    if (syscall(SYS_landlock_restrict_self, fd, 0) < 0)
        return err_sys("sandbox: landlock");
    return WS_OK;
}
