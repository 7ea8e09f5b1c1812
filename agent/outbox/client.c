/* client.c - one request, one answer, and patience with a restarting owner.
 *
 * The pair of sockets outlives the outbox role, so a request that was not read
 * waits for the next outbox process; one that was read and died with it is
 * sent again under the same id. Answers to earlier tries are told apart by
 * that id and thrown away. A put that ended in WS_AGAIN keeps its id until the
 * same items are put again, so that the caller's second call is a repeat too.
 */
#include "agent/outbox/client.h"

#include "agent/outbox/message.h"
#include "agent/outbox/pack.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/sha256.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT_TRIES 6
#define CLIENT_TRY_MS 500

struct client {
    int fd; /* of the role, not closed here */
    const struct env *env;
    bool unanswered; /* the last put ended in WS_AGAIN */
    uint8_t put_id[MESSAGE_ID_BYTES];
    uint8_t put_hash[SHA256_BYTES]; /* of its items */
};

enum err client_open(struct client **out, int fd, const struct env *env)
{
    struct client *c = calloc(1, sizeof(*c));

    if (!c)
        return WS_NOMEM;
    c->fd = fd;
    c->env = env;
    *out = c;
    return WS_OK;
}

void client_close(struct client *c)
{
    free(c);
}

/* Wait until the socket is ready; false at the end of this try. */
static bool wait_ready(struct client *c, short events, int64_t end_ns)
{
    struct pollfd p = {.fd = c->fd, .events = events};
    int64_t left_ms = (end_ns - env_mono_ns(c->env)) / CLOCK_NS_PER_MS;

    return left_ms > 0 && poll(&p, 1, (int)left_ms) > 0;
}

static enum err send_request(struct client *c, const struct message *request,
                             int64_t end_ns)
{
    enum err e;

    while ((e = message_send(c->fd, request)) == WS_AGAIN)
        if (!wait_ready(c, POLLOUT, end_ns))
            return WS_AGAIN;
    return e;
}

static enum err receive_answer(struct client *c, const struct message *request,
                               struct message *answer, int64_t end_ns)
{
    enum err e;

    for (;;) {
        e = message_receive(c->fd, answer);
        if (e == WS_AGAIN && wait_ready(c, POLLIN, end_ns))
            continue;
        if (e == WS_INVALID)
            continue; /* thrown away; ours may come behind */
        if (e)
            return e;
        if (memcmp(answer->id, request->id, sizeof(answer->id)) == 0 &&
            answer->verb == request->verb)
            return WS_OK;
    }
}

static enum err ask(struct client *c, struct message *request,
                    struct message *answer)
{
    enum err e = WS_AGAIN;
    int try;

    for (try = 0; try < CLIENT_TRIES && e == WS_AGAIN; try++) {
        int64_t end_ns = env_mono_ns(c->env) + CLIENT_TRY_MS * CLOCK_NS_PER_MS;

        e = send_request(c, request, end_ns);
        if (!e)
            e = receive_answer(c, request, answer, end_ns);
    }
    if (e)
        return e == WS_NOTFOUND ? WS_AGAIN : e; /* gone: it is restarting */
    return answer->result <= WS_NOMEM ? (enum err)answer->result : WS_INVALID;
}

static void new_request(struct client *c, enum message_verb verb,
                        struct message *m)
{
    message_init(m);
    m->verb = verb;
    env_random(c->env, m->id, sizeof(m->id));
}

/* --- put --- */

static enum err hash_items(const struct client_item *items, size_t count,
                           uint8_t out[SHA256_BYTES])
{
    OWN(sha256_close)
    struct sha256 *h = NULL;
    enum err e = sha256_open(&h);
    size_t i;

    for (i = 0; i < count && !e; i++) {
        sha256_update(h, &items[i].kind, sizeof(items[i].kind));
        sha256_update(h, &items[i].payload_len, sizeof(items[i].payload_len));
        sha256_update(h, items[i].payload, items[i].payload_len);
        if (items[i].picture_fd >= 0)
            sha256_update(h, items[i].picture_sha256,
                          strlen(items[i].picture_sha256));
    }
    if (!e)
        sha256_finish(h, out);
    return e;
}

static void pack_put(struct message *m, const struct client_item *items,
                     size_t count, uint64_t frames_dropped)
{
    size_t i;

    pack_u64(&m->body, frames_dropped);
    pack_u64(&m->body, count);
    for (i = 0; i < count; i++) {
        bool has_picture = items[i].picture_fd >= 0;

        pack_u64(&m->body, items[i].kind);
        pack_bytes(&m->body, items[i].payload, items[i].payload_len);
        pack_u64(&m->body, has_picture);
        pack_u64(&m->body, items[i].picture_len);
        pack_text(&m->body, items[i].picture_sha256);
        if (has_picture)
            m->fds[m->fd_count++] = items[i].picture_fd;
    }
}

enum err client_put(struct client *c, const struct client_item *items,
                    size_t count, uint64_t frames_dropped, uint64_t *seqs)
{
    OWN_MESSAGE struct message answer = {0};
    struct message request;
    uint8_t hash[SHA256_BYTES];
    struct pack_reader r;
    size_t i;
    enum err e;

    if (count < 1 || count > CLIENT_MAX_PUT)
        return WS_INVALID;
    e = hash_items(items, count, hash);
    if (e)
        return e;
    new_request(c, MESSAGE_PUT, &request);
    if (c->unanswered && memcmp(hash, c->put_hash, sizeof(hash)) == 0)
        memcpy(request.id, c->put_id, sizeof(request.id));
    memcpy(c->put_id, request.id, sizeof(c->put_id));
    memcpy(c->put_hash, hash, sizeof(hash));
    pack_put(&request, items, count, frames_dropped);
    e = ask(c, &request, &answer);
    c->unanswered = e == WS_AGAIN;
    buf_fini(&request.body); /* the descriptors are the caller's */
    if (e)
        return e;
    pack_read(&r, &answer.body);
    for (i = 0; i < count; i++)
        seqs[i] = pack_take_u64(&r);
    return pack_end(&r);
}

/* --- sessions --- */

static void take_session(struct pack_reader *r, struct client_session *s)
{
    pack_take_text(r, s->session_uid, sizeof(s->session_uid));
    pack_take_text(r, s->agent_id, sizeof(s->agent_id));
    pack_take_text(r, s->token, sizeof(s->token));
    s->session_id = (int64_t)pack_take_u64(r);
    s->registered = pack_take_u64(r) != 0;
    s->present = pack_take_u64(r) != 0;
    s->started_wall_ns = (int64_t)pack_take_u64(r);
    pack_take_text(r, s->features, sizeof(s->features));
    pack_take_text(r, s->code, sizeof(s->code));
    pack_take_text(r, s->earlier, sizeof(s->earlier));
}

enum err client_session(struct client *c, struct client_session *out)
{
    OWN_MESSAGE struct message request = {0}, answer = {0};
    struct pack_reader r;
    enum err e;

    new_request(c, MESSAGE_SESSION, &request);
    e = ask(c, &request, &answer);
    if (e)
        return e;
    memset(out, 0, sizeof(*out));
    pack_read(&r, &answer.body);
    take_session(&r, out);
    return pack_end(&r);
}

enum err client_registered(struct client *c, const char *session_uid,
                           const struct client_registration *reg)
{
    OWN_MESSAGE struct message request = {0}, answer = {0};

    new_request(c, MESSAGE_REGISTERED, &request);
    pack_text(&request.body, session_uid);
    pack_u64(&request.body, (uint64_t)reg->session_id);
    pack_text(&request.body, reg->token);
    pack_text(&request.body, reg->features);
    pack_u64(&request.body, reg->code_used);
    return ask(c, &request, &answer);
}

/* --- leases --- */

enum err client_release(struct client *c)
{
    OWN_MESSAGE struct message request = {0}, answer = {0};

    new_request(c, MESSAGE_RELEASE, &request);
    return ask(c, &request, &answer);
}

static void take_lease(struct pack_reader *r, struct message *m,
                       size_t *next_fd, struct client_lease *out)
{
    const void *payload;
    size_t len;

    out->picture_fd = -1;
    out->seq = pack_take_u64(r);
    out->kind = (enum wire_item_kind)pack_take_u64(r);
    payload = pack_take_bytes(r, &len);
    buf_append(&out->payload, payload, len);
    out->recorded_wall_ns = (int64_t)pack_take_u64(r);
    out->attempts = (int64_t)pack_take_u64(r);
    out->picture_len = (size_t)pack_take_u64(r);
    pack_take_text(r, out->picture_sha256, sizeof(out->picture_sha256));
    if (out->picture_sha256[0])
        out->picture_fd = message_take_fd(m, (*next_fd)++);
}

static enum err take_batch(struct message *m, struct client_batch *out)
{
    struct pack_reader r;
    size_t count, next_fd = 0, i;
    enum err e = WS_OK;

    pack_read(&r, &m->body);
    take_session(&r, &out->session);
    count = (size_t)pack_take_u64(&r);
    if (r.failed || count > r.left)
        return WS_INVALID;
    out->leases = calloc(count, sizeof(*out->leases));
    if (!out->leases)
        return WS_NOMEM;
    for (i = 0; i < count; i++) {
        take_lease(&r, m, &next_fd, &out->leases[i]);
        out->count++;
        if (out->leases[i].payload.failed)
            e = WS_NOMEM;
    }
    if (!e)
        e = pack_end(&r);
    if (e)
        client_batch_fini(out);
    return e;
}

enum err client_lease(struct client *c, enum client_lane lane, size_t max_items,
                      size_t max_bytes, int64_t lease_ms,
                      struct client_batch *out)
{
    OWN_MESSAGE struct message request = {0}, answer = {0};
    enum err e;

    new_request(c, MESSAGE_LEASE, &request);
    pack_u64(&request.body, lane);
    pack_u64(&request.body, max_items);
    pack_u64(&request.body, max_bytes);
    pack_u64(&request.body, (uint64_t)lease_ms);
    e = ask(c, &request, &answer);
    if (e)
        return e;
    memset(out, 0, sizeof(*out));
    return take_batch(&answer, out);
}

void client_batch_fini(struct client_batch *b)
{
    size_t i;

    for (i = 0; i < b->count; i++) {
        buf_fini(&b->leases[i].payload);
        if (b->leases[i].picture_fd >= 0)
            close(b->leases[i].picture_fd);
    }
    free(b->leases);
    b->leases = NULL;
    b->count = 0;
}

enum err client_settle(struct client *c, const char *session_uid,
                       const struct client_result *results, size_t count)
{
    OWN_MESSAGE struct message request = {0}, answer = {0};
    size_t i;

    new_request(c, MESSAGE_SETTLE, &request);
    pack_text(&request.body, session_uid);
    pack_u64(&request.body, count);
    for (i = 0; i < count; i++) {
        pack_u64(&request.body, results[i].seq);
        pack_u64(&request.body, results[i].verdict);
        pack_u64(&request.body, (uint64_t)results[i].server_id);
        pack_u64(&request.body, (uint64_t)results[i].due_wall_ns);
        pack_text(&request.body, results[i].reason);
    }
    return ask(c, &request, &answer);
}

/* --- numbers --- */

enum err client_counts(struct client *c, struct client_counts *out)
{
    OWN_MESSAGE struct message request = {0}, answer = {0};
    struct pack_reader r;
    enum err e;

    new_request(c, MESSAGE_COUNTS, &request);
    e = ask(c, &request, &answer);
    if (e)
        return e;
    pack_read(&r, &answer.body);
    out->head_seq = pack_take_u64(&r);
    out->recorded = (int64_t)pack_take_u64(&r);
    out->delivered = (int64_t)pack_take_u64(&r);
    out->pending = (int64_t)pack_take_u64(&r);
    out->leased = (int64_t)pack_take_u64(&r);
    out->parked = (int64_t)pack_take_u64(&r);
    out->dead = (int64_t)pack_take_u64(&r);
    out->dropped = (int64_t)pack_take_u64(&r);
    out->erased = (int64_t)pack_take_u64(&r);
    out->kept = (int64_t)pack_take_u64(&r);
    out->bytes = (int64_t)pack_take_u64(&r);
    out->oldest_wall_ns = (int64_t)pack_take_u64(&r);
    return pack_end(&r);
}

enum err client_backoff_get(struct client *c, enum client_lane lane,
                            struct client_backoff *out)
{
    OWN_MESSAGE struct message request = {0}, answer = {0};
    struct pack_reader r;
    enum err e;

    new_request(c, MESSAGE_BACKOFF_GET, &request);
    pack_u64(&request.body, lane);
    e = ask(c, &request, &answer);
    if (e)
        return e;
    pack_read(&r, &answer.body);
    out->attempts = (int64_t)pack_take_u64(&r);
    out->until_wall_ns = (int64_t)pack_take_u64(&r);
    return pack_end(&r);
}

enum err client_backoff_set(struct client *c, enum client_lane lane,
                            const struct client_backoff *b)
{
    OWN_MESSAGE struct message request = {0}, answer = {0};

    new_request(c, MESSAGE_BACKOFF_SET, &request);
    pack_u64(&request.body, lane);
    pack_u64(&request.body, (uint64_t)b->attempts);
    pack_u64(&request.body, (uint64_t)b->until_wall_ns);
    return ask(c, &request, &answer);
}
