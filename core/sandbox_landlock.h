/* sandbox_landlock.h - the folders that a process may still open files in.
 *
 * Flow:    sandbox -> [sandbox_landlock] -> the kernel
 * Errors:  WS_NOTFOUND  the kernel has no Landlock
 * Source:  landlock(7); raw system calls, because glibc has no wrappers
 */
#ifndef CORE_SANDBOX_LANDLOCK_H
#define CORE_SANDBOX_LANDLOCK_H

#include "core/sandbox.h"

/* The version of the kernel's interface; 0: none. */
int sandbox_landlock_abi(void);

/* Allow files below the paths only, and TCP only with SANDBOX_INET. */
enum err sandbox_landlock(const struct sandbox *s) WS_MUST_CHECK;

#endif
