/* err.h - what went wrong, said as what the caller should do.
 *
 * Flow:    every fallible function -> [err] -> its caller
 * Errors:  see enum err; err_retryable() is the only retry policy
 * Source:  docs/house-style.md, "Errors and cleanup"
 */
#ifndef CORE_ERR_H
#define CORE_ERR_H

#include <stdbool.h>

#define WS_MUST_CHECK __attribute__((warn_unused_result))
#define WS_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

enum err {
    WS_OK = 0,
    WS_AGAIN,    /* not now: wait for the event or the time, then retry */
    WS_FULL,     /* a budget is used up: evict, drop and count, or refuse */
    WS_NOTFOUND, /* there is no such thing; for iterators: the end */
    WS_EXISTS,   /* it is there already: the first one stands */
    WS_INVALID,  /* the input is wrong: say where, never retry as it is */
    WS_DENIED,   /* not allowed: ask for rights, never retry as it is */
    WS_CORRUPT,  /* stored bytes are not what was written: set aside, count */
    WS_IO,       /* the system or a peer failed: retry with backoff */
    WS_NOMEM,    /* no memory: drop the work at hand, keep running */
};

/* The name of a code, for logs: "WS_IO". */
const char *err_name(enum err e);

/* True for codes where the same call may succeed later. */
bool err_retryable(enum err e);

/* Translate errno into a code and log it once, with its text and fmt. */
enum err err_sys(const char *fmt, ...) WS_PRINTF(1, 2);

#endif
