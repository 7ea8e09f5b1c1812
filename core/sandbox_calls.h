/* sandbox_calls.h - the system calls of each SANDBOX_* as one table.
 *
 * Shapes:  a call with SANDBOX_CALLS_ALWAYS is allowed to every role, else to
 *          the roles whose `may` has one of the bits; SANDBOX_CALLS_NEVER
 *          names what is refused with EPERM; what no row names answers ENOSYS,
 *          so that a C library newer than this table falls back
 * Source:  seccomp(2); read off strace of the roles, of libcurl's resolver
 *          thread, tesseract, SQLite and libevent
 */
#ifndef CORE_SANDBOX_CALLS_H
#define CORE_SANDBOX_CALLS_H

#include <stddef.h>

#define SANDBOX_CALLS_ALWAYS 0x80000000U
#define SANDBOX_CALLS_NEVER 0U

struct sandbox_call {
    const char *name; /* an unknown one (another CPU) is left out */
    unsigned may;
};

extern const struct sandbox_call sandbox_calls[];
extern const size_t sandbox_calls_count;

#endif
