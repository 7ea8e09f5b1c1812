/* outbox.h - the queue: what is recorded, until the server has it.
 *
 * Flow:    ai -> put -> [outbox] -> lease -> upload -> settle -> [outbox]
 * Shapes:  one SQLite file, one row an item; states pending, parked, dead,
 *          sent, kept. Item 1 of a session is the session row itself
 * Units:   times in ns; leases by CLOCK_BOOTTIME, dues by wall clock (clamped)
 * Errors:  WS_FULL     over the byte budget and nothing to evict, or the disk
 *          WS_INVALID  not as wire.md has it
 *          WS_NOTFOUND nothing to lease; no such item
 *          WS_CORRUPT, WS_IO  the file or the disk: the owner starts again
 * Owns:    outbox_open() hands over a handle; it owns db and pictures
 * Process: the outbox role alone; no threads
 * Source:  wire.md "Layer 2"; faults.md A, Q, M
 *
 * Every verb is atomic by itself. Between outbox_begin() and outbox_commit()
 * several verbs share one flush; each one still fails alone.
 */
#ifndef AGENT_OUTBOX_OUTBOX_H
#define AGENT_OUTBOX_OUTBOX_H

#include "agent/outbox/client.h"
#include "core/env.h"

struct outbox;

struct outbox_options {
    const char *path;      /* of the SQLite file */
    const char *pictures;  /* folder of pictures */
    int64_t max_bytes;     /* byte budget */
    int64_t keep_sent;     /* newest delivered items kept for people */
    size_t max_item_bytes; /* larger payloads are refused */
    const struct env *env; /* clocks and random */
    char boot_id[64];      /* leases of another boot are over */
};

#define OUTBOX_KEEP_SENT 20000
#define OUTBOX_MAX_ITEM_BYTES ((size_t)1 << 20)

enum err outbox_open(struct outbox **out,
                     const struct outbox_options *options) WS_MUST_CHECK;
void outbox_close(struct outbox *o);
OWN_DEFINE(outbox_close, struct outbox *)

enum err outbox_begin(struct outbox *o) WS_MUST_CHECK;
enum err outbox_commit(struct outbox *o) WS_MUST_CHECK;
void outbox_rollback(struct outbox *o);

/* --- sessions --- */

/* Start a session and make it the present one; facts is its JSON object
 * without identity, which is added here. Returns its local number. */
enum err outbox_session_start(struct outbox *o, const char *facts,
                              int64_t *number) WS_MUST_CHECK;

/* Go on with the session of this run after a restart of the role. */
enum err outbox_session_resume(struct outbox *o, int64_t number) WS_MUST_CHECK;

enum err outbox_session(struct outbox *o,
                        struct client_session *out) WS_MUST_CHECK;
enum err outbox_registered(struct outbox *o, const char *session_uid,
                           const struct client_registration *r) WS_MUST_CHECK;

/* Keep an enrollment code; sessions that rest register again with it, and
 * with a new token. */
enum err outbox_enroll(struct outbox *o, const char *code) WS_MUST_CHECK;

/* Another server is spoken to from now on: every session registers anew, with
 * a new token. */
enum err outbox_forget_server(struct outbox *o) WS_MUST_CHECK;

/* --- items --- */

#define OUTBOX_REQUEST_BYTES 16

/* One put of up to CLIENT_MAX_PUT items; request makes a repeat harmless: it
 * answers the first one's seqs. */
struct outbox_put {
    const uint8_t *request; /* OUTBOX_REQUEST_BYTES; NULL: cannot repeat */
    const struct client_item *items;
    size_t count;
    uint64_t frames_dropped; /* of the ring, in total */
};
enum err outbox_put(struct outbox *o, const struct outbox_put *put,
                    uint64_t *seqs) WS_MUST_CHECK;

/* Put one item without a picture: an event, an acknowledgement. */
enum err outbox_put_small(struct outbox *o, enum wire_item_kind kind,
                          const struct buf *payload) WS_MUST_CHECK;

/* Items could not be recorded (WS_FULL): the next put that works says so by a
 * tombstone. */
void outbox_lose(struct outbox *o, int64_t items);

struct outbox_lease {
    const uint8_t *request; /* OUTBOX_REQUEST_BYTES: asked again under the same,
                               what was lent then is free first; NULL: none */
    enum client_lane lane;
    size_t max_items, max_bytes;
    int64_t lease_ms;
};
enum err outbox_lease(struct outbox *o, const struct outbox_lease *lease,
                      struct client_batch *out) WS_MUST_CHECK;
enum err outbox_release(struct outbox *o) WS_MUST_CHECK;
enum err outbox_settle(struct outbox *o, const char *session_uid,
                       const struct client_result *results,
                       size_t count) WS_MUST_CHECK;

enum err outbox_counts(struct outbox *o,
                       struct client_counts *out) WS_MUST_CHECK;

/* Remove what people no longer need and pictures without a row. */
enum err outbox_tidy(struct outbox *o, int64_t orphan_grace_s) WS_MUST_CHECK;

/* --- small values that outlive a run --- */

/* Read or write one; an absent number is 0, an absent text "". */
enum err outbox_note_int(struct outbox *o, const char *key,
                         int64_t *out) WS_MUST_CHECK;
enum err outbox_note_text(struct outbox *o, const char *key, char *out,
                          size_t out_bytes) WS_MUST_CHECK;
enum err outbox_set_int(struct outbox *o, const char *key,
                        int64_t v) WS_MUST_CHECK;
enum err outbox_set_text(struct outbox *o, const char *key,
                         const char *v) WS_MUST_CHECK;

#endif
