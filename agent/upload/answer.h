/* answer.h - what a server's answer means, as the table of wire.md has it.
 *
 * Flow:    transport -> [answer] -> delivery
 * Shapes:  one row of "What a client does with an answer" a meaning
 * Owns:    answer_fini() ends the parsed body
 * Source:  wire.md, last table; RFC 9457 (type, detail)
 */
#ifndef AGENT_UPLOAD_ANSWER_H
#define AGENT_UPLOAD_ANSWER_H

#include "core/env.h"
#include "core/json.h"

enum answer_meaning {
    ANSWER_DONE,         /* 2xx with the expected body */
    ANSWER_NOT_ACK,      /* 2xx with anything else: a captive portal */
    ANSWER_PROXY,        /* 4xx without a JSON error member */
    ANSWER_PROXY_LARGE,  /* 413 of a proxy: retry, with half the batch */
    ANSWER_TOO_LARGE,    /* 413 of the server */
    ANSWER_REJECTED,     /* 400, 422 of the server */
    ANSWER_REUSED,       /* 422 seq-reused */
    ANSWER_ERASED,       /* 410 of the server */
    ANSWER_UNAUTHORIZED, /* 401, 403 */
    ANSWER_WRONG_SERVER, /* 404, 405, 426 */
    ANSWER_TROUBLE,      /* 5xx */
    ANSWER_AWAY,         /* no answer, 408, 429, 3xx, anything unknown */
};

struct answer {
    enum answer_meaning meaning;
    int status;            /* 0: none came */
    int64_t retry_after_s; /* TRANSPORT_NO_RETRY_AFTER or as said */
    char reason[200];      /* for people: "400 productivity_score: ..." */
    struct json *doc;      /* the body, when it is JSON; may be NULL */
};

/* True for the body that acknowledges this kind of request. */
typedef bool answer_expected_fn(const struct json *doc);

/* Read one; never fails. */
void answer_read(const struct transport_answer *from,
                 answer_expected_fn *expected, struct answer *out);
void answer_fini(struct answer *a);

/* The server's id of the one item of a request; 0 when it gave none. */
int64_t answer_id(const struct answer *a);

/* The meaning of one problem of a batch's list: REJECTED, REUSED or ERASED. */
enum answer_meaning answer_problem(const struct json *problem, char *reason,
                                   size_t reason_bytes);

/* The expected bodies. */
answer_expected_fn answer_is_session;   /* {"session_id": int} */
answer_expected_fn answer_is_metric;    /* {"ai_metric_id": int} */
answer_expected_fn answer_is_recording; /* {"recording_id": int} */
answer_expected_fn answer_is_picture;   /* {"status": "ok" | "duplicate"} */
answer_expected_fn answer_is_batch;     /* {"results": [...]} */
answer_expected_fn answer_is_alive;     /* {"status": "alive"} */

#endif
