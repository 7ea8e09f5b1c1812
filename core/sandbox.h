/* sandbox.h - a process gives up what its role does not need.
 *
 * Flow:    acquire (display, models, names, TLS) -> [sandbox] -> say ready
 * Shapes:  system calls by seccomp (libseccomp), folders by Landlock
 * Errors:  WS_DENIED  the kernel has no seccomp: the caller decides; a missing
 *          Landlock is reported, not fatal
 * Process: for the calling process and all its threads; cannot be undone;
 *          core dumps are off and no_new_privs is on afterwards
 * Source:  seccomp(2), landlock(7); design.md: network is seccomp's job
 */
#ifndef CORE_SANDBOX_H
#define CORE_SANDBOX_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SANDBOX_INET = 1,    /* socket + connect for AF_INET, AF_INET6 */
    SANDBOX_UNIX = 2,    /* socket + connect for AF_UNIX */
    SANDBOX_ACCEPT = 4,  /* accept on descriptors it was given */
    SANDBOX_FILES = 8,   /* open files, within `paths` by Landlock */
    SANDBOX_THREADS = 16 /* make threads */
};

struct sandbox_path {
    const char *path; /* a folder; missing ones are left out */
    bool write;
};

struct sandbox {
    const char *role;
    unsigned may;
    const struct sandbox_path *paths;
    size_t path_count;
};

struct sandbox_probe {
    bool seccomp;
    int landlock_abi; /* 0: none */
};

/* Turn core dumps off (also done by sandbox_enter). */
void sandbox_no_dumps(void);

/* The folders' half alone, for a process that makes threads before it can give
 * up its system calls: Landlock counts for the threads made from here on. */
enum err sandbox_folders(const struct sandbox *s) WS_MUST_CHECK;

/* All of it; after sandbox_folders() of the same policy only calls are left. */
enum err sandbox_enter(const struct sandbox *s) WS_MUST_CHECK;

/* What this kernel offers, for doctor and status. */
struct sandbox_probe sandbox_probe(void);

#endif
