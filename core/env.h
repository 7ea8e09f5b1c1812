/* env.h - what decisions may ask of the world: time, chance, and the network.
 *
 * Flow:    state machines (outbox, delivery, ingest, commit) -> [env] -> the
 *          machine; a simulator gives another table and the same code runs
 * Shapes:  one const table of functions and their ctx; env_system is the real
 * Source:  faults.md "Seams" (FoundationDB, TigerBeetle)
 */
#ifndef CORE_ENV_H
#define CORE_ENV_H

#include "core/buf.h"
#include "core/err.h"

#include <stddef.h>
#include <stdint.h>

/* One part of a multipart form. */
struct transport_part {
    const char *name;
    const char *filename;     /* NULL: a plain field */
    const char *content_type; /* NULL: none */
    const void *data;
    size_t len;
};

struct transport_request {
    const char *method; /* "GET", "POST" */
    const char *url;
    const char *bearer;         /* token or code; NULL: none */
    const char *const *headers; /* "Name: value", NULL-ended; may be NULL */
    const char *content_type;   /* of the body; NULL without one */
    const void *body;
    size_t body_len;
    const struct transport_part *parts; /* a form, when part_count > 0 */
    size_t part_count;
    int64_t deadline_ms; /* for the whole exchange */
};

#define TRANSPORT_NO_RETRY_AFTER (-1)

struct transport_answer {
    int status;            /* 0: no answer, `error` says why */
    char content_type[80]; /* lower case, without parameters */
    int64_t retry_after_s; /* TRANSPORT_NO_RETRY_AFTER, or as the header says */
    int64_t server_wall_ns; /* its Date header; 0: none */
    struct buf body;        /* at most TRANSPORT_MAX_ANSWER_BYTES */
    char error[160];        /* for people, without a status */
};

#define TRANSPORT_MAX_ANSWER_BYTES (1 << 20)

/* Send one request and wait for its answer. WS_OK even when no answer came
 * (status 0); never follows a redirect. The caller owns answer->body. */
typedef enum err transport_exchange_fn(void *ctx,
                                       const struct transport_request *request,
                                       struct transport_answer *answer);

struct env {
    int64_t (*wall_ns)(void *ctx);
    int64_t (*mono_ns)(void *ctx);
    int64_t (*boot_ns)(void *ctx);
    void (*random)(void *ctx, void *out, size_t len);
    transport_exchange_fn *exchange; /* NULL: this role has no network */
    void *ctx;
};

/* The real clocks and libsodium's random; no transport. */
extern const struct env env_system;

int64_t env_wall_ns(const struct env *env);
int64_t env_mono_ns(const struct env *env);
int64_t env_boot_ns(const struct env *env);
void env_random(const struct env *env, void *out, size_t len);

/* A random number in [0, bound), without bias. */
uint64_t env_random_below(const struct env *env, uint64_t bound);

#endif
