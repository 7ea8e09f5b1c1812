/* delivery.h - what to send next and what becomes of it; no I/O.
 *
 * Flow:    leased items -> [delivery] -> ranges to send
 *          answers      -> [delivery] -> verdicts to settle, time to wait
 * Shapes:  the leased items lie in a row; a range is a stretch of them that
 *          travels in one request; ranges wait in a queue
 * Units:   ms to wait
 * Process: one a lane; the simulator runs this code with its own env
 * Source:  wire.md, last table; M-01, M-02 of faults.md
 */
#ifndef AGENT_UPLOAD_DELIVERY_H
#define AGENT_UPLOAD_DELIVERY_H

#include "agent/board.h"
#include "agent/outbox/client.h"
#include "agent/upload/answer.h"

#define DELIVERY_MAX_ITEMS 500
#define DELIVERY_REASON_BYTES 200

struct delivery_range {
    size_t first, count;
    int troubles;   /* 5xx answers in a row, none passing between */
    int64_t passes; /* of the lane, at the first 5xx here or in the range
                       that this was cut from; -1: none yet */
};

struct delivery {
    const struct env *env;
    /* the items under way */
    uint64_t seqs[DELIVERY_MAX_ITEMS];
    int64_t tried[DELIVERY_MAX_ITEMS]; /* attempts charged before */
    size_t count;
    struct delivery_range queue[DELIVERY_MAX_ITEMS];
    size_t queued;
    /* what is to be settled */
    struct client_result results[DELIVERY_MAX_ITEMS];
    char reasons[DELIVERY_MAX_ITEMS][DELIVERY_REASON_BYTES];
    size_t result_count;
    /* the lane's memory */
    size_t max_batch;  /* halved by 413, doubled by every full success */
    int64_t passes;    /* acknowledged requests */
    int64_t attempts;  /* failures in a row */
    int64_t refusals;  /* 401 and 403 in a row */
    int64_t wait_ms;   /* before anything else is sent; 0: go on */
    bool wait_may_end; /* a good heartbeat may end that wait */
    enum board_lane_state state;
    char reason[DELIVERY_REASON_BYTES]; /* of the last trouble */
};

void delivery_init(struct delivery *d, const struct env *env);

/* Take a leased batch: in as few requests as may be, or one by one. */
void delivery_take(struct delivery *d, const struct client_batch *batch,
                   bool one_by_one);

/* The next range to send; false when nothing is left. */
bool delivery_next(const struct delivery *d, struct delivery_range *out);

/* The first range was sent and this came back. Fills results, maybe wait_ms.
 * id is the server's for a request with one item, 0 otherwise. */
void delivery_answered(struct delivery *d, const struct answer *a, int64_t id);

/* A session item was sent and not taken; cap_ms bounds the wait. */
void delivery_refused(struct delivery *d, const struct answer *a,
                      int64_t cap_ms);

/* Settle one item without sending it. */
void delivery_settle(struct delivery *d, size_t index,
                     enum client_verdict verdict, const char *reason);

/* Give back everything that is not settled. */
void delivery_give_back(struct delivery *d, enum client_verdict verdict,
                        int64_t due_wall_ns);

/* The results were handed over: forget them. */
void delivery_settled(struct delivery *d);

#endif
