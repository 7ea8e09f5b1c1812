#include "agent/outbox/verbs.h"

#include "agent/outbox/pack.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERBS_MAX_RESULTS 500
#define VERBS_MAX_LEASED_BYTES ((size_t)8 << 20)
#define VERBS_MAX_PICTURES 8
/* As many as JSON still holds exactly. */
#define VERBS_MAX_DROPPED (UINT64_C(1) << 48)

/* --- ai --- */

/* What ai may record; the rest is made by the outbox itself. */
static bool may_put(uint64_t kind)
{
    return kind == WIRE_ITEM_METRIC || kind == WIRE_ITEM_SCREENSHOT ||
           kind == WIRE_ITEM_EVENT || kind == WIRE_ITEM_RECORDING ||
           kind == WIRE_ITEM_RECORDING_STATUS;
}

static void take_item(struct pack_reader *r, const struct message *m,
                      size_t *next_fd, struct client_item *item)
{
    uint64_t kind = pack_take_u64(r);
    size_t len;

    if (!may_put(kind))
        r->failed = true;
    item->kind = (enum wire_item_kind)kind;
    item->payload = pack_take_bytes(r, &len);
    item->payload_len = len;
    item->picture_fd = -1;
    if (pack_take_u64(r)) {
        if (*next_fd < m->fd_count)
            item->picture_fd = m->fds[(*next_fd)++];
        else
            r->failed = true;
    }
    item->picture_len = (size_t)pack_take_u64(r);
    pack_take_text(r, item->picture_sha256, sizeof(item->picture_sha256));
}

static enum err do_put(struct outbox *o, struct message *request,
                       struct message *answer)
{
    struct client_item items[CLIENT_MAX_PUT];
    struct outbox_put put = {.request = request->id, .items = items};
    uint64_t seqs[CLIENT_MAX_PUT];
    struct pack_reader r;
    size_t next_fd = 0, i;
    enum err e;

    pack_read(&r, &request->body);
    put.frames_dropped = pack_take_u64(&r);
    put.count = (size_t)pack_take_u64(&r);
    if (put.count < 1 || put.count > CLIENT_MAX_PUT ||
        put.frames_dropped > VERBS_MAX_DROPPED)
        return WS_INVALID;
    for (i = 0; i < put.count; i++)
        take_item(&r, request, &next_fd, &items[i]);
    e = pack_end(&r);
    if (!e)
        e = outbox_put(o, &put, seqs);
    for (i = 0; i < put.count && !e; i++)
        pack_u64(&answer->body, seqs[i]);
    return e;
}

/* --- upload and heartbeat --- */

static void add_session(struct buf *to, const struct client_session *s)
{
    pack_text(to, s->session_uid);
    pack_text(to, s->agent_id);
    pack_text(to, s->token);
    pack_u64(to, (uint64_t)s->session_id);
    pack_u64(to, s->registered);
    pack_u64(to, s->present);
    pack_u64(to, (uint64_t)s->started_wall_ns);
    pack_text(to, s->features);
    pack_text(to, s->code);
    pack_text(to, s->earlier);
}

static enum err do_session(struct outbox *o, struct message *request,
                           struct message *answer)
{
    struct client_session s;
    enum err e = outbox_session(o, &s);

    (void)request;
    if (!e)
        add_session(&answer->body, &s);
    return e;
}

static void add_lease(struct message *answer, struct client_lease *lease)
{
    pack_u64(&answer->body, lease->seq);
    pack_u64(&answer->body, lease->kind);
    pack_bytes(&answer->body, lease->payload.data, lease->payload.len);
    pack_u64(&answer->body, (uint64_t)lease->recorded_wall_ns);
    pack_u64(&answer->body, (uint64_t)lease->attempts);
    pack_u64(&answer->body, lease->picture_len);
    pack_text(&answer->body, lease->picture_sha256);
    if (lease->picture_fd >= 0)
        answer->fds[answer->fd_count++] = TAKE_FD(lease->picture_fd);
}

static enum err do_lease(struct outbox *o, struct message *request,
                         struct message *answer)
{
    struct client_batch batch = {0};
    struct outbox_lease lease = {.request = request->id};
    struct pack_reader r;
    size_t i;
    enum err e;

    pack_read(&r, &request->body);
    lease.lane = (enum client_lane)pack_take_u64(&r);
    lease.max_items = (size_t)pack_take_u64(&r);
    lease.max_bytes = (size_t)pack_take_u64(&r);
    lease.lease_ms = (int64_t)pack_take_u64(&r);
    e = pack_end(&r);
    if (e)
        return e;
    if (lease.lane == CLIENT_LANE_PICTURES &&
        lease.max_items > VERBS_MAX_PICTURES)
        lease.max_items = VERBS_MAX_PICTURES;
    if (lease.max_bytes > VERBS_MAX_LEASED_BYTES)
        lease.max_bytes = VERBS_MAX_LEASED_BYTES;
    e = outbox_lease(o, &lease, &batch);
    if (e)
        return e;
    add_session(&answer->body, &batch.session);
    pack_u64(&answer->body, batch.count);
    for (i = 0; i < batch.count; i++)
        add_lease(answer, &batch.leases[i]);
    client_batch_fini(&batch);
    return WS_OK;
}

static enum err do_release(struct outbox *o, struct message *request,
                           struct message *answer)
{
    (void)request;
    (void)answer;
    return outbox_release(o);
}

struct settling {
    struct client_result results[VERBS_MAX_RESULTS];
    char reasons[VERBS_MAX_RESULTS][512];
};

static enum err do_settle(struct outbox *o, struct message *request,
                          struct message *answer)
{
    OWN_FREE struct settling *s = malloc(sizeof(*s));
    char uid[CLIENT_UID_BYTES];
    struct pack_reader r;
    uint64_t count, i;
    enum err e;

    (void)answer;
    if (!s)
        return WS_NOMEM;
    pack_read(&r, &request->body);
    pack_take_text(&r, uid, sizeof(uid));
    count = pack_take_u64(&r);
    if (r.failed || count > VERBS_MAX_RESULTS)
        return WS_INVALID;
    for (i = 0; i < count; i++) {
        struct client_result *to = &s->results[i];

        to->seq = pack_take_u64(&r);
        to->verdict = (enum client_verdict)pack_take_u64(&r);
        to->server_id = (int64_t)pack_take_u64(&r);
        to->due_wall_ns = (int64_t)pack_take_u64(&r);
        pack_take_text(&r, s->reasons[i], sizeof(s->reasons[i]));
        to->reason = s->reasons[i][0] ? s->reasons[i] : NULL;
    }
    e = pack_end(&r);
    return e ? e : outbox_settle(o, uid, s->results, count);
}

static enum err do_registered(struct outbox *o, struct message *request,
                              struct message *answer)
{
    char uid[CLIENT_UID_BYTES], token[256], features[256];
    struct client_registration reg;
    struct pack_reader r;
    enum err e;

    (void)answer;
    pack_read(&r, &request->body);
    pack_take_text(&r, uid, sizeof(uid));
    reg.session_id = (int64_t)pack_take_u64(&r);
    pack_take_text(&r, token, sizeof(token));
    pack_take_text(&r, features, sizeof(features));
    reg.code_used = pack_take_u64(&r) != 0;
    reg.token = token[0] ? token : NULL;
    reg.features = features;
    e = pack_end(&r);
    return e ? e : outbox_registered(o, uid, &reg);
}

static enum err do_counts(struct outbox *o, struct message *request,
                          struct message *answer)
{
    struct client_counts c;
    struct buf *to = &answer->body;
    enum err e = outbox_counts(o, &c);

    (void)request;
    if (e)
        return e;
    pack_u64(to, c.head_seq);
    pack_u64(to, (uint64_t)c.recorded);
    pack_u64(to, (uint64_t)c.delivered);
    pack_u64(to, (uint64_t)c.pending);
    pack_u64(to, (uint64_t)c.leased);
    pack_u64(to, (uint64_t)c.parked);
    pack_u64(to, (uint64_t)c.dead);
    pack_u64(to, (uint64_t)c.dropped);
    pack_u64(to, (uint64_t)c.erased);
    pack_u64(to, (uint64_t)c.kept);
    pack_u64(to, (uint64_t)c.bytes);
    pack_u64(to, (uint64_t)c.oldest_wall_ns);
    return WS_OK;
}

static const char *const backoff_notes[CLIENT_LANES][2] = {
    [CLIENT_LANE_ROWS] = {"rows_attempts", "rows_until_wall_ns"},
    [CLIENT_LANE_PICTURES] = {"pictures_attempts", "pictures_until_wall_ns"},
};

static enum err do_backoff_get(struct outbox *o, struct message *request,
                               struct message *answer)
{
    struct pack_reader r;
    int64_t attempts, until;
    uint64_t lane;
    enum err e;

    pack_read(&r, &request->body);
    lane = pack_take_u64(&r);
    if (pack_end(&r) || lane >= CLIENT_LANES)
        return WS_INVALID;
    e = outbox_note_int(o, backoff_notes[lane][0], &attempts);
    if (!e)
        e = outbox_note_int(o, backoff_notes[lane][1], &until);
    if (e)
        return e;
    pack_u64(&answer->body, (uint64_t)attempts);
    pack_u64(&answer->body, (uint64_t)until);
    return WS_OK;
}

static enum err do_backoff_set(struct outbox *o, struct message *request,
                               struct message *answer)
{
    struct pack_reader r;
    int64_t attempts, until;
    uint64_t lane;
    enum err e;

    (void)answer;
    pack_read(&r, &request->body);
    lane = pack_take_u64(&r);
    attempts = (int64_t)pack_take_u64(&r);
    until = (int64_t)pack_take_u64(&r);
    if (pack_end(&r) || lane >= CLIENT_LANES || attempts < 0)
        return WS_INVALID;
    e = outbox_set_int(o, backoff_notes[lane][0], attempts);
    return e ? e : outbox_set_int(o, backoff_notes[lane][1], until);
}

/* --- the table --- */

#define FOR(peer) (1u << (peer))

/* clang-format off */
static const struct {
    /* Reads the request, does it, writes the answer's body. */
    enum err (*run)(struct outbox *o, struct message *request,
                    struct message *answer);
    unsigned peers; /* who may */
    bool writes;
} verbs[MESSAGE_VERBS] = {
    [MESSAGE_PUT]         = {do_put,         FOR(VERBS_AI),        true},
    [MESSAGE_SESSION]     = {do_session,     FOR(VERBS_UPLOAD) |
                                             FOR(VERBS_HEARTBEAT), false},
    [MESSAGE_LEASE]       = {do_lease,       FOR(VERBS_UPLOAD),    true},
    [MESSAGE_RELEASE]     = {do_release,     FOR(VERBS_UPLOAD),    true},
    [MESSAGE_SETTLE]      = {do_settle,      FOR(VERBS_UPLOAD),    true},
    [MESSAGE_REGISTERED]  = {do_registered,  FOR(VERBS_UPLOAD),    true},
    [MESSAGE_COUNTS]      = {do_counts,      FOR(VERBS_HEARTBEAT), false},
    [MESSAGE_BACKOFF_GET] = {do_backoff_get, FOR(VERBS_UPLOAD),    false},
    [MESSAGE_BACKOFF_SET] = {do_backoff_set, FOR(VERBS_UPLOAD),    true},
};
/* clang-format on */

static bool is_verb(uint32_t verb)
{
    return verb < MESSAGE_VERBS && verbs[verb].run;
}

bool verbs_writes(const struct message *request)
{
    return is_verb(request->verb) && verbs[request->verb].writes;
}

/* Trouble of the whole queue, not of this one request. */
static bool is_queue_trouble(enum err e)
{
    return e == WS_CORRUPT || e == WS_IO;
}

enum err verbs_answer(struct outbox *o, enum verbs_peer peer,
                      struct message *request, struct message *answer)
{
    enum err e = WS_INVALID;

    answer->verb = request->verb;
    memcpy(answer->id, request->id, sizeof(answer->id));
    if (is_verb(request->verb)) {
        e = WS_DENIED;
        if (verbs[request->verb].peers & FOR(peer))
            e = verbs[request->verb].run(o, request, answer);
    }
    if (!e)
        e = buf_check(&answer->body);
    if (e == WS_DENIED)
        log_warn("verb_denied", "verb %u is not for peer %d", request->verb,
                 (int)peer);
    if (e) {
        buf_clear(&answer->body);
        answer->result = (uint32_t)e;
    }
    return is_queue_trouble(e) ? e : WS_OK;
}
