/* readers.h - threads that may wait: they query the database, files, hashes.
 *
 * Flow:    loop -> two bounded queues -> [readers] -> exchange_reply() -> loop
 * Shapes:  each thread has a context of its own (a read-only store), made and
 *          ended by functions of the caller
 * Errors:  WS_FULL  the queue is full: answer 503
 *          WS_*     what the opener of the first thread said
 * Owns:    readers_open() hands the caller a handle; readers_close() runs
 *          what is queued, joins the threads and ends their contexts
 * Process: readers_run() from any thread
 */
#ifndef SERVER_HTTP_READERS_H
#define SERVER_HTTP_READERS_H

#include "core/err.h"
#include "core/own.h"

#include <stddef.h>

struct readers;

struct readers_options {
    size_t threads;   /* at least 1 */
    size_t queue_max; /* jobs waiting in each queue, at least 1 */
    /* Make and end one thread's context, both on that thread; NULL: none. */
    enum err (*open)(void **context, void *arg);
    void (*close)(void *context);
    void *arg;
};

/* Start the threads; returns once every context is open. */
enum err readers_open(struct readers **out,
                      const struct readers_options *options) WS_MUST_CHECK;
void readers_close(struct readers *r);
OWN_DEFINE(readers_close, struct readers *)

/* Have fn(arg) run on a reader thread; jobs start in the order given. */
enum err readers_run(struct readers *r, void (*fn)(void *arg),
                     void *arg) WS_MUST_CHECK;

/* The same in a queue of its own that goes first: for short look-ups (who
 * asks?), so that agents are known while pages wait. */
enum err readers_run_first(struct readers *r, void (*fn)(void *arg),
                           void *arg) WS_MUST_CHECK;

/* The context of the reader thread that calls (struct store *); NULL on any
 * other thread. */
void *readers_context(void);

#endif
