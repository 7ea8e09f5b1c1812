/* outbox_priv.h - what the files of the queue share; nobody else includes it.
 *
 * Flow:    outbox_put, outbox_lease, outbox_settle ... -> [outbox_priv] -> db
 * Shapes:  outbox_enter() and outbox_leave() make a verb atomic; totals are
 *          counted in memory and written with the verb that changed them
 */
#ifndef AGENT_OUTBOX_OUTBOX_PRIV_H
#define AGENT_OUTBOX_OUTBOX_PRIV_H

#include "agent/outbox/blobs.h"
#include "agent/outbox/outbox.h"
#include "core/db.h"

/* What a row of overhead costs beside its payload, in the byte budget. */
#define OUTBOX_ROW_BYTES 256
#define OUTBOX_PARK_NS (INT64_C(3600) * 1000000000)

enum outbox_state { /* of an item; stored, never renumber */
                    OUTBOX_PENDING = 0,
                    OUTBOX_PARKED = 1,
                    OUTBOX_DEAD = 2,
                    OUTBOX_SENT = 3,
                    OUTBOX_KEPT = 4,
                    OUTBOX_STATES,
};

enum outbox_total { /* numbers that are never counted by looking at rows */
                    TOTAL_RECORDED,
                    TOTAL_DELIVERED,
                    TOTAL_DEAD,
                    TOTAL_DROPPED,
                    TOTAL_ERASED,
                    TOTAL_KEPT,
                    TOTAL_PENDING,
                    TOTAL_PARKED,
                    TOTAL_BYTES,
                    TOTAL_SENT_ROWS, /* delivered or kept, still to be seen */
                    TOTAL_DAY,       /* which local day the rest counts */
                    TOTAL_DAY_CAPTURED,
                    TOTAL_DAY_SENT,
                    TOTAL_DAY_SENT_BYTES,
                    TOTAL_DAY_DROPPED,
                    TOTAL_DAY_FAILED,
                    TOTALS,
};

struct outbox {
    struct db *db;
    struct blobs *blobs;
    const struct env *env;
    int64_t max_bytes, keep_sent;
    size_t max_item_bytes;
    int64_t present;        /* local number of this run's session; 0: none */
    int64_t total[TOTALS];  /* as of the verb under way */
    int64_t stored[TOTALS]; /* as the file has them in this transaction */
    int64_t verb_start[TOTALS];   /* to go back to when the verb fails */
    int64_t commit_start[TOTALS]; /* to go back to when the commit fails */
    int64_t present_start;
    bool in_transaction;
    enum err aborted;    /* the transaction under way was lost, and why */
    struct buf removals; /* pictures to remove after the commit, 65 each */
    size_t removals_verb_start;
    int64_t lost;       /* could not be recorded; a tombstone is owed */
    int64_t lost_start; /* as of the transaction's start */
};

/* --- outbox.c --- */

enum err outbox_enter(struct outbox *o) WS_MUST_CHECK;
/* End a verb: keep it when e is WS_OK, undo it otherwise; returns e, or why it
 * could not be kept. */
enum err outbox_leave(struct outbox *o, enum err e) WS_MUST_CHECK;
void outbox_remove_picture(struct outbox *o, const char *sha256);
/* Some item shows it, or nobody can tell; ctx is the outbox. */
bool outbox_uses_picture(void *ctx, const char *sha256);
/* A number of today, which may have just begun. */
int64_t outbox_today(const struct outbox *o, enum outbox_total which);
/* Add to one, in a verb. */
void outbox_count_today(struct outbox *o, enum outbox_total which, int64_t n);

/* --- outbox_session.c --- */

struct outbox_session_row {
    int64_t number;
    char uid[CLIENT_UID_BYTES];
    char token[256];
    int64_t server_id;
    bool registered, delivered;
};
enum err outbox_session_find(struct outbox *o, const char *uid,
                             struct outbox_session_row *out) WS_MUST_CHECK;
/* Fill what upload needs to know of one session. */
enum err outbox_session_describe(struct outbox *o, int64_t number,
                                 struct client_session *out) WS_MUST_CHECK;
/* Start a session like the given one and make it the present one. */
enum err outbox_session_again(struct outbox *o, int64_t number) WS_MUST_CHECK;
/* What became of a leased session item that was not registered. */
enum err outbox_session_settle(struct outbox *o, int64_t number,
                               const struct client_result *r) WS_MUST_CHECK;
enum err outbox_session_rest(struct outbox *o, int64_t number,
                             int64_t until_wall_ns,
                             const char *reason) WS_MUST_CHECK;
enum err outbox_session_next_seq(struct outbox *o, int64_t number,
                                 int64_t *seq) WS_MUST_CHECK;

/* --- outbox_put.c --- */

/* The lane that items of this kind travel in. */
enum client_lane outbox_lane(int64_t kind);
enum err outbox_put_row(struct outbox *o, int64_t session,
                        const struct client_item *item,
                        int64_t *seq) WS_MUST_CHECK;
/* A tombstone item of a session: seqs is JSON "[[1,3],[7,7]]", or NULL and
 * count says how many. */
struct outbox_tombstone {
    int64_t session;
    const char *seqs;
    int64_t count;
    const char *reason;
};
enum err outbox_put_tombstone(struct outbox *o,
                              const struct outbox_tombstone *t) WS_MUST_CHECK;

/* --- outbox_evict.c --- */

/* Bring the bytes under the budget: what people may look back at first, then
 * dead letters, then the oldest and least valuable, by tombstone. */
enum err outbox_evict(struct outbox *o) WS_MUST_CHECK;

/* --- outbox_settle.c --- */

/* One row on its way from a state to another. */
struct outbox_row {
    int64_t id, session, seq;
    int64_t kind, state, bytes;
    char picture[65];
};

/* Its columns, the first ones of a statement, and what they say. */
#define OUTBOX_ROW "id, session, seq, kind, state, bytes, picture"
#define OUTBOX_ROW_COLUMNS 7
void outbox_row_read(struct db_stmt *s, struct outbox_row *row);

/* Remove a row, with its bytes and, once that is durable, its picture. */
enum err outbox_remove_row(struct outbox *o,
                           const struct outbox_row *row) WS_MUST_CHECK;
enum err outbox_settle_row(struct outbox *o, const struct outbox_row *row,
                           enum outbox_state to,
                           const struct client_result *r) WS_MUST_CHECK;
/* Account a row that leaves one state for another (OUTBOX_STATES: is gone). */
void outbox_settle_totals(struct outbox *o, int64_t from, int64_t to);

#endif
