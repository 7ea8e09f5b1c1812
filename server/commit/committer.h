/* committer.h - the threads of a worker that write: group what waits into
 * transactions and tell each request its own outcome.
 *
 * Flow:    ingest (loop, readers) -> bounded queue -> [committer] -> store
 * Shapes:  a request is some facts of one sender with one answer each; a call
 *          is any other write, in a transaction of its own
 * Errors:  WS_FULL   the queue is full: answer 503
 *          WS_DENIED it is closing: answer 503
 * Owns:    committer_open() hands over a handle; committer_close() commits
 *          what waits, then joins the thread
 * Process: submit and call from any thread; `done` runs on a writer's thread
 *          after the commit and must not block
 * Source:  server.md "How it answers each request of a batch"; the decisions
 *          are commit_plan's
 *
 * Natural batching: when a writer is free it takes all that waits, at most
 * COMMITTER_MAX_ITEMS and COMMITTER_MAX_BYTES. There is no timer.
 *
 * The first writer alone serves what is little: one transaction costs less than
 * two of half its size. The others help with what is more than
 * COMMITTER_HELP_ITEMS, because a writer waits for the database half of its
 * time; no two write one session at a time. Calls and periodic writes are the
 * first's. On MariaDB with 2 cores, 2 writers against 1: 64 connections of one
 * metric each 17.9k/s against 15.0k/s.
 */
#ifndef SERVER_COMMIT_COMMITTER_H
#define SERVER_COMMIT_COMMITTER_H

#include "core/env.h"
#include "core/err.h"
#include "core/own.h"
#include "server/commit/commit_plan.h"
#include "server/store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMMITTER_MAX_ITEMS 500
#define COMMITTER_MAX_BYTES (4 << 20)
#define COMMITTER_MAX_WRITERS 4
#define COMMITTER_HELP_ITEMS 24 /* waiting, before another writer helps */

struct committer;
struct counters; /* server/counters.h */

struct committer_options {
    struct store *const *stores; /* a writer each; stay the caller's */
    size_t writers;              /* 1 to COMMITTER_MAX_WRITERS */
    const struct env *env;
    struct counters *counters; /* or NULL */
    size_t queue_items;        /* facts and calls that may wait */
    size_t queue_bytes;        /* their payloads */
    int64_t shards; /* of the fleet's figures, over which writers spread */
    /* Called for each accepted item, on a writer's thread, before
     * done(); or NULL. */
    void (*accepted)(void *ctx, const struct commit_item *item);
    void *ctx;
};

enum err committer_open(struct committer **out,
                        const struct committer_options *options) WS_MUST_CHECK;
void committer_close(struct committer *c);
OWN_DEFINE(committer_close, struct committer *)

/* Facts of one sender. Everything in it belongs to the caller and must live
 * until `done`; the answers stand in items[i].verdict then. */
struct committer_request {
    struct commit_item *items;
    size_t count; /* 1 to COMMITTER_MAX_ITEMS */
    void (*done)(struct committer_request *r);
    /* True once nobody waits for the answer any more: a request that has not
     * begun is answered COMMIT_RETRY without being written. May be NULL. */
    bool (*gone)(struct committer_request *r);
    void *arg;
    struct committer_request *next; /* the committer's */
    size_t bytes;                   /* the committer's */
};

/* Queue a request; its answer comes by done(), unless this fails. */
enum err committer_submit(struct committer *c,
                          struct committer_request *r) WS_MUST_CHECK;

/* Queue any other write. fn runs on the writer's connection in a transaction
 * of its own: WS_OK commits, anything else rolls back; it may run again when
 * the transaction is replayed, so it sets results, it does not add to them.
 * done gets WS_OK only after the commit; fn's own code when it refused;
 * WS_AGAIN or WS_IO: the outcome is not known, answer 503. done may be NULL. */
enum err committer_call(struct committer *c,
                        enum err (*fn)(struct store *s, void *arg),
                        void (*done)(enum err e, void *arg),
                        void *arg) WS_MUST_CHECK;

/* Queue a call and wait for its outcome; not on the loop. */
enum err committer_call_wait(struct committer *c,
                             enum err (*fn)(struct store *s, void *arg),
                             void *arg) WS_MUST_CHECK;

#define COMMITTER_MAX_PERIODIC 4

/* Run fn about every period_ms on the writer's connection, between batches, in
 * a transaction of its own, when wanted(arg) says so, and once at the end.
 * Registered before the first submit; WS_FULL past COMMITTER_MAX_PERIODIC. */
enum err committer_every(struct committer *c, int64_t period_ms,
                         bool (*wanted)(void *arg),
                         enum err (*fn)(struct store *s, void *arg),
                         void (*done)(enum err e, void *arg),
                         void *arg) WS_MUST_CHECK;

/* Facts and calls waiting now, for /metrics and status. */
size_t committer_depth(struct committer *c);

#endif
