/* crew.h - the workers of one server: started, kept, replaced one by one.
 *
 * Flow:    serve -> [crew] -> supervise -> N workers on one listening socket
 * Shapes:  each worker has a seat of server/shared.h for as long as it lives;
 *          its arguments are the settings, then its seat
 * Errors:  WS_DENIED  no worker ever got ready
 * Owns:    what workers were started with, once crew_set() took it
 * Process: the supervisor's
 * Source:  issue 3: SIGHUP and rolling restart without a failed request
 */
#ifndef SERVER_CREW_H
#define SERVER_CREW_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CREW_MAX_WORKERS 16
#define CREW_STOP_MS 4500 /* from SIGTERM to the workers' SIGKILL */

struct shared;
struct crew;

struct crew_options {
    const int *fds; /* for every worker, in the order of serve.h */
    size_t fd_count;
    struct shared *shared;
    /* A new worker may run beside the one that it replaces; else the old one
     * ends first, and connections wait in the socket meanwhile. */
    bool overlap;
    int64_t linger_ms;             /* shared_seat.linger_ms of the replaced */
    int64_t leave_ms;              /* then it is killed */
    void (*on_serving)(void *ctx); /* the first worker is ready */
    void (*on_hangup)(void *ctx);  /* SIGHUP came */
    void *ctx;
};

enum err crew_open(struct crew **out,
                   const struct crew_options *options) WS_MUST_CHECK;
void crew_close(struct crew *c);
OWN_DEFINE(crew_close, struct crew *)

/* What a worker is started with: malloced lists of malloced texts, ended by
 * NULL. */
struct crew_start {
    char **argv;
    char **env; /* "NAME=value": secrets, which everybody could read in argv */
};

void crew_start_fini(struct crew_start *s);

/* Have so many workers, started so; those of before are replaced one by one.
 * When the first new one can't start, all is as before. */
enum err crew_set(struct crew *c, size_t workers,
                  const struct crew_start *start) WS_MUST_CHECK;

/* Supervise until SIGTERM or SIGINT, then end all workers. */
enum err crew_run(struct crew *c) WS_MUST_CHECK;

#endif
