/* loop.h - the event loop of a worker: descriptors, timers, and errands from
 * other threads.
 *
 * Flow:    any thread -> loop_post() -> [loop] -> the function, on the loop
 * Units:   delays in ms
 * Errors:  WS_NOMEM   no memory for the errand or the timer
 * Owns:    loop_open() hands the caller a handle; loop_close() ends it, with
 *          the errands that nobody ran dropped
 * Process: one thread runs it; loop_post(), loop_post_task() and loop_stop()
 *          may be called from any thread, all else on the loop's thread only
 * Source:  libevent 2.1 "event2/event.h"; eventfd(2)
 */
#ifndef SERVER_HTTP_LOOP_H
#define SERVER_HTTP_LOOP_H

#include "core/err.h"
#include "core/own.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base; /* libevent's; for the files of server/http alone */

struct loop;
struct loop_timer;
struct loop_watch;

/* An errand kept inside its owner's struct, so posting it cannot fail. It is
 * free again when `run` begins; posting it twice before that is a mistake. */
struct loop_task {
    void (*run)(void *arg);
    void *arg;
    struct loop_task *next; /* of the loop, while posted */
};

enum err loop_open(struct loop **out) WS_MUST_CHECK;
void loop_close(struct loop *l);
OWN_DEFINE(loop_close, struct loop *)

/* Run until loop_stop(); the calling thread becomes the loop's thread. */
enum err loop_run(struct loop *l) WS_MUST_CHECK;
/* Run what is ready now and return; waits for something when `wait`. */
enum err loop_step(struct loop *l, bool wait) WS_MUST_CHECK;
void loop_stop(struct loop *l);

/* Have fn(arg) run on the loop, in the order of posting. From any thread. */
enum err loop_post(struct loop *l, void (*fn)(void *arg),
                   void *arg) WS_MUST_CHECK;
/* The same with memory of the caller: never fails. */
void loop_post_task(struct loop *l, struct loop_task *task);

/* True on the thread that runs the loop. */
bool loop_is_mine(const struct loop *l);

/* Call fn(arg) every period_ms from now on, until closed. */
enum err loop_timer_open(struct loop_timer **out, struct loop *l,
                         int64_t period_ms, void (*fn)(void *arg),
                         void *arg) WS_MUST_CHECK;
void loop_timer_close(struct loop_timer *t);
OWN_DEFINE(loop_timer_close, struct loop_timer *)

/* Call fn(arg) whenever fd can be read, until closed; fd stays the caller's.
 */
enum err loop_watch_open(struct loop_watch **out, struct loop *l, int fd,
                         void (*fn)(void *arg), void *arg) WS_MUST_CHECK;
void loop_watch_close(struct loop_watch *w);
OWN_DEFINE(loop_watch_close, struct loop_watch *)

/* libevent's handle, for listener and conn. */
struct event_base *loop_base(struct loop *l);

#endif
