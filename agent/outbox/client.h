/* client.h - how the other roles talk to the outbox role.
 *
 * Flow:    ai, upload, heartbeat, command line -> [client] -> outbox role
 * Shapes:  a SOCK_SEQPACKET pair a role, one message a request, one or more an
 *          answer; pictures travel as memfds
 * Errors:  WS_FULL    over the byte budget or the disk, nothing was stored
 *          WS_INVALID an item is not as wire.md has it, or over the limits
 *          WS_DENIED  this verb is not for this role
 *          WS_AGAIN   the outbox did not answer in time (it may be restarting):
 *                     call again, puts and acks are idempotent
 *          WS_NOTFOUND nothing to lease
 * Process: one thread a client; a request is sent again after a restart of the
 *          outbox with the same request id, so one put stores once
 * Source:  design.md section 2, "Agent": verbs a role
 */
#ifndef AGENT_OUTBOX_CLIENT_H
#define AGENT_OUTBOX_CLIENT_H

#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/own.h"
#include "core/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLIENT_UID_BYTES 33 /* 128 bits in hex and the NUL */

struct client;

enum err client_open(struct client **out, int fd,
                     const struct env *env) WS_MUST_CHECK;
void client_close(struct client *c);
OWN_DEFINE(client_close, struct client *)

/* One thing to record. The payload's bytes are frozen by the put. */
struct client_item {
    enum wire_item_kind kind;
    const char *payload; /* JSON text as in wire.md */
    size_t payload_len;
    int picture_fd; /* a memfd with the encoded picture; -1: none */
    size_t picture_len;
    char picture_sha256[65]; /* its hex hash, when there is a picture */
};

#define CLIENT_MAX_PUT 4

/* ai: record up to CLIENT_MAX_PUT items in one transaction of the present
 * session. When this returns WS_OK they survive a power cut; seqs are theirs.
 * frames_dropped is the ring's dropped_total: the outbox makes the tombstone
 * for what it has not accounted yet, in the same transaction. */
enum err client_put(struct client *c, const struct client_item *items,
                    size_t count, uint64_t frames_dropped,
                    uint64_t *seqs) WS_MUST_CHECK;

/* One session, for heartbeat and upload. */
struct client_session {
    char session_uid[CLIENT_UID_BYTES];
    char agent_id[CLIENT_UID_BYTES];
    char token[256];    /* the agent-made token, or a layer-1 server's */
    int64_t session_id; /* the server's; 0: never registered */
    bool registered;    /* false: its session item comes first (again) */
    bool present;       /* the session of this run */
    int64_t started_wall_ns;
    char features[256]; /* "batch,ledger,policy"; "": a layer-1 server */
    char code[256];     /* enrollment code to show; "": none */
    char earlier[256];  /* token of an earlier session here; "": none */
};

/* heartbeat, upload: the session of this run. */
enum err client_session(struct client *c,
                        struct client_session *out) WS_MUST_CHECK;

/* One leased item. */
struct client_lease {
    uint64_t seq;
    enum wire_item_kind kind;
    struct buf payload; /* the frozen bytes */
    int picture_fd;     /* read-only; -1: none */
    size_t picture_len;
    char picture_sha256[65];
    int64_t recorded_wall_ns;
    int64_t attempts; /* charged so far */
};

enum client_lane { CLIENT_LANE_ROWS, CLIENT_LANE_PICTURES, CLIENT_LANES };

struct client_batch {
    struct client_session session; /* all leases are of this one */
    struct client_lease *leases;
    size_t count;
};

/* upload: lease the next items of one session and lane, oldest first; a
 * session that is not registered yet yields its session item alone. Leases
 * end by CLOCK_BOOTTIME after lease_ms, or with the boot. */
enum err client_lease(struct client *c, enum client_lane lane, size_t max_items,
                      size_t max_bytes, int64_t lease_ms,
                      struct client_batch *out) WS_MUST_CHECK;
void client_batch_fini(struct client_batch *b);

enum client_verdict {
    CLIENT_DELIVERED, /* forget it, and its picture */
    CLIENT_BURY,      /* dead letter: reason kept, a tombstone item is made */
    CLIENT_PARK,      /* kept, retried hourly */
    CLIENT_RETURN,    /* lease given back, no attempt charged */
    CLIENT_PAUSE,     /* given back, and its session rests until due_wall_ns,
                         then registers again */
    CLIENT_KEEP,      /* a layer-1 server has no place for it: kept here */
    CLIENT_RETRY,     /* an attempt was charged: due again at due_wall_ns */
    CLIENT_ERASED,    /* 410 with our type: erased by request, counted */
    CLIENT_MOVE,      /* 422 seq reused: into the present session, new seq */
};

struct client_result {
    uint64_t seq;
    enum client_verdict verdict;
    int64_t server_id;   /* of a delivered item; 0: none */
    int64_t due_wall_ns; /* CLIENT_RETRY, CLIENT_PAUSE */
    const char *reason;  /* for people; NULL: none */
};

/* upload: say what became of leased items of one session; idempotent. */
enum err client_settle(struct client *c, const char *session_uid,
                       const struct client_result *results,
                       size_t count) WS_MUST_CHECK;

/* What a server said when it took a session. */
struct client_registration {
    int64_t session_id;
    const char *token;    /* NULL unless the server made one (layer 1) */
    const char *features; /* its list, "" for layer 1 */
    bool code_used;       /* the enrollment code was shown: forget it */
};

/* upload: the server knows this session now; this settles item 1. */
enum err client_registered(struct client *c, const char *session_uid,
                           const struct client_registration *r) WS_MUST_CHECK;

/* upload, at its start: the leases of an earlier upload process are over. */
enum err client_release(struct client *c) WS_MUST_CHECK;

/* heartbeat and status: the numbers of the queue, also put on the board. */
struct client_counts {
    uint64_t head_seq; /* of the present session */
    /* recorded = delivered + dead + dropped + erased + kept + pending; pending
     * counts the leased and the parked ones too */
    int64_t recorded, delivered, pending, leased, parked, dead, dropped, erased,
        kept;
    int64_t bytes, oldest_wall_ns;
};
enum err client_counts(struct client *c,
                       struct client_counts *out) WS_MUST_CHECK;

/* upload: retry state that survives restarts (full jitter, per lane). */
struct client_backoff {
    int64_t attempts;
    int64_t until_wall_ns;
};
enum err client_backoff_get(struct client *c, enum client_lane lane,
                            struct client_backoff *out) WS_MUST_CHECK;
enum err client_backoff_set(struct client *c, enum client_lane lane,
                            const struct client_backoff *b) WS_MUST_CHECK;

#endif
