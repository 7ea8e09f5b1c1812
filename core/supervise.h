/* supervise.h - children that are the same program run again, kept alive.
 *
 * Flow:    main -> [supervise] -> one process a role
 * Shapes:  a child gets fd 0 = /dev/null, 1 and 2 = the log pipe,
 *          SUPERVISE_CONTROL_FD = its control socket, then its own fds in the
 *          order of its row from SUPERVISE_FIRST_FD on (-1 leaves a gap); its
 *          argv is `self --role NAME`, base_argv and argv, or, of another
 *          program, the path and argv
 * Errors:  a child that cannot start is told from one that died; deaths before
 *          the first progress back off (0, 0, 0, 0, 0, then 1 s doubling to
 *          60 s), the count falls off after a minute
 * Owns:    children die with the supervisor (PDEATHSIG, and EOF on control)
 * Process: single thread, poll(2); a child that is SIGSTOPped or says nothing
 *          for liveness_ms is killed and started again
 * Source:  OpenSMTPD; design.md section 2
 */
#ifndef CORE_SUPERVISE_H
#define CORE_SUPERVISE_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SUPERVISE_CONTROL_FD 3
#define SUPERVISE_FIRST_FD 4
#define SUPERVISE_MAX_FDS 12
#define SUPERVISE_MAX_CHILDREN 32

struct supervise_child {
    const char *name;           /* in logs and events; also --role NAME */
    const char *role;           /* --role ROLE where the name differs */
    const char *program;        /* NULL: this program again; else a path */
    char *const *argv;          /* extra arguments, NULL-ended; may be NULL */
    char *const *env;           /* the same: "NAME=value" that go before the
                                   environment's own */
    int64_t liveness_ms;        /* silence that means hung; 0: not watched */
    int fds[SUPERVISE_MAX_FDS]; /* kept open by the supervisor */
    size_t fd_count;
    bool optional; /* may be absent (worksight-ocr): tried again each 60 s */
};

enum supervise_event { SUPERVISE_STARTED, SUPERVISE_READY, SUPERVISE_DIED };

struct supervise;

struct supervise_options {
    const char *const *base_argv; /* argv of this program's settings, repeated
                                     for every child that is this program */
    /* A child changed state; called on the supervisor's loop. */
    void (*on_event)(void *ctx, const char *name, enum supervise_event event,
                     pid_t pid);
    /* One log line of a child, without the newline. NULL: to stderr. */
    void (*on_log)(void *ctx, const char *line, size_t len);
    /* SIGHUP arrived. NULL: ignored. */
    void (*on_hangup)(void *ctx);
    /* Called about every 100 ms; return false to stop everything. */
    bool (*on_tick)(void *ctx);
    void *ctx;
    int64_t stop_ms; /* grace between SIGTERM and SIGKILL of the children */
};

struct supervise_state { /* what status shows of one child */
    const char *name;
    pid_t pid; /* 0: not running */
    bool ready;
    uint32_t restarts;
    int64_t started_mono_ns;
    int64_t last_alive_mono_ns;
    int64_t cpu_ns;    /* of all its processes so far */
    int64_t pss_bytes; /* of the present one; 0: none, -1: not known */
};

enum err supervise_open(struct supervise **out,
                        const struct supervise_options *options) WS_MUST_CHECK;
void supervise_close(struct supervise *s);
OWN_DEFINE(supervise_close, struct supervise *)

/* Add a child; it starts with supervise_run(), or at once when running. A row
 * that supervise_retire() emptied is used again. */
enum err supervise_add(struct supervise *s,
                       const struct supervise_child *child) WS_MUST_CHECK;

/* End one child for good: SIGTERM, and SIGKILL after grace_ms; the others go
 * on. SUPERVISE_DIED tells when it is gone; then its name, argv and
 * descriptors are the caller's again. WS_NOTFOUND: no such child. */
enum err supervise_retire(struct supervise *s, const char *name,
                          int64_t grace_ms) WS_MUST_CHECK;

/* Run until SIGTERM, SIGINT or on_tick says stop; then stop the children in
 * the reverse order of their rows and return. */
enum err supervise_run(struct supervise *s) WS_MUST_CHECK;

size_t supervise_states(const struct supervise *s, struct supervise_state *out,
                        size_t max);

/* --- in a child --- */

/* Call first: names the log, dies with the parent, arms signals. */
void supervise_child_begin(const char *role);
void supervise_child_ready(void);    /* after acquire and sandbox */
void supervise_child_alive(void);    /* at least every liveness_ms / 3 */
void supervise_child_progress(void); /* durable progress: deaths forgiven */
bool supervise_child_stopping(void); /* SIGTERM came or the parent is gone */
int supervise_child_stop_fd(void);   /* readable once it is time to stop */

#endif
