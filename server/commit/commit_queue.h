/* commit_queue.h - the requests that wait for a writer, in order of arrival.
 *
 * Flow:    committer_submit() -> [commit_queue] -> a writer of the committer
 * Shapes:  one list for all writers. A session that one of them writes now is
 *          marked in its set: the others leave that session's requests where
 *          they are, so that rows of one session never wait for each other
 * Owns:    nothing: requests stay the caller's
 * Process: whoever holds the committer's lock; no I/O, no clock
 */
#ifndef SERVER_COMMIT_COMMIT_QUEUE_H
#define SERVER_COMMIT_COMMIT_QUEUE_H

#include "server/commit/committer.h"

#include <stddef.h>
#include <stdint.h>

#define COMMIT_QUEUE_MARKS 256

/* Sessions by a hash: two that share a mark only wait for each other. */
struct commit_marks {
    uint64_t bits[COMMIT_QUEUE_MARKS / 64];
};

struct commit_queue {
    struct committer_request *first, **end;
    size_t items, bytes; /* of all requests in it */
};

void commit_queue_init(struct commit_queue *q);

void commit_queue_put(struct commit_queue *q, struct committer_request *r);

/* Take as many requests as fit one transaction, at least one, but none of a
 * session in `busy`; those taken are marked in `mine`. NULL: none may be. */
struct committer_request *commit_queue_take(struct commit_queue *q,
                                            const struct commit_marks *busy,
                                            struct commit_marks *mine);

/* What any of two sets has. */
void commit_marks_add(struct commit_marks *to, const struct commit_marks *from);

#endif
