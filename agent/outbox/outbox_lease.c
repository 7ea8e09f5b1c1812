/* outbox_lease.c - lending items to upload, oldest first, one session a time.
 *
 * A lease is a deadline on CLOCK_BOOTTIME: it goes on in suspend, never steps,
 * and outbox_open() ends those of another boot. A due time must survive a
 * boot, so it is wall time; one that is further away than any we would set
 * was written under another clock, and counts as due.
 *
 * A client that got no answer in time, or whose outbox died between commit and
 * answer, asks again under the same id: the items of the answer that was lost
 * would be lent to nobody. So a deadline is rounded up to OUTBOX_TAGS ns, and
 * what it says below that is a tag of the request: a repeat finds its own. (One
 * of a million others ends a lease too early: the lane that holds it goes on.)
 */
#include "agent/outbox/outbox.h"

#include "agent/outbox/outbox_priv.h"
#include "core/clock.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTBOX_MAX_WAIT_NS (2 * OUTBOX_PARK_NS)
#define OUTBOX_MAX_LEASE 500
#define OUTBOX_MAX_LEASE_MS 3600000 /* a role that asks for more is ill */
#define OUTBOX_TAGS 1048576         /* a power of two, close to 1 ms */

struct taking {
    struct outbox *o;
    const struct outbox_lease *lease;
    struct client_batch *batch;
    int64_t now_boot_ns, now_wall_ns;
    size_t bytes;
    bool full; /* the next row does not fit any more */
};

static int64_t tag(const struct outbox_lease *lease)
{
    uint32_t first = 0;

    if (lease->request)
        memcpy(&first, lease->request, sizeof(first));
    return first % OUTBOX_TAGS;
}

static int64_t deadline(const struct taking *t)
{
    int64_t end = t->now_boot_ns + t->lease->lease_ms * CLOCK_NS_PER_MS;

    return (end / OUTBOX_TAGS + 1) * OUTBOX_TAGS + tag(t->lease);
}

static enum err mark(struct taking *t, int64_t id)
{
    return db_run_ints(t->o->db,
                       "UPDATE item SET lease_boot_ns = ? WHERE id = ?",
                       DB_INTS(deadline(t), id));
}

/* The session row as the lease of item 1. */
static enum err take_session(struct taking *t, int64_t number)
{
    struct client_lease *lease = &t->batch->leases[0];
    struct db_stmt *s;
    const void *data;
    size_t len;
    enum err e = db_run_ints(t->o->db,
                             "UPDATE session SET lease_boot_ns = ?"
                             " WHERE number = ?",
                             DB_INTS(deadline(t), number));

    if (!e)
        e = db_find(t->o->db,
                    "SELECT payload, started_wall_ns, attempts FROM session"
                    " WHERE number = ?",
                    DB_INTS(number), &s);
    if (e)
        return e;
    *lease = (struct client_lease){.seq = 1,
                                   .kind = WIRE_ITEM_SESSION,
                                   .picture_fd = -1,
                                   .recorded_wall_ns = db_int(s, 1),
                                   .attempts = db_int(s, 2)};
    t->batch->count = 1;
    data = db_blob(s, 0, &len);
    buf_append(&lease->payload, data, len);
    db_reset(s);
    return buf_check(&lease->payload);
}

/* A picture that is gone or damaged cannot be delivered: say so and go on. */
static enum err bury_lost_picture(struct taking *t,
                                  const struct outbox_row *row, enum err why)
{
    struct client_result r = {.seq = (uint64_t)row->seq,
                              .verdict = CLIENT_BURY,
                              .reason = why == WS_NOTFOUND
                                            ? "the picture is gone"
                                            : "the picture is damaged"};

    log_error("picture_lost", "session %lld seq %lld: %s",
              (long long)row->session, (long long)row->seq, r.reason);
    return outbox_settle_row(t->o, row, OUTBOX_DEAD, &r);
}

static void read_lease(struct db_stmt *s, struct client_lease *lease,
                       struct outbox_row *row)
{
    size_t len;
    const void *data = db_blob(s, OUTBOX_ROW_COLUMNS, &len);

    outbox_row_read(s, row);
    *lease = (struct client_lease){
        .seq = (uint64_t)row->seq,
        .kind = (enum wire_item_kind)row->kind,
        .picture_fd = -1,
        .recorded_wall_ns = db_int(s, OUTBOX_ROW_COLUMNS + 1),
        .attempts = db_int(s, OUTBOX_ROW_COLUMNS + 2)};
    buf_append(&lease->payload, data, len);
    snprintf(lease->picture_sha256, sizeof(lease->picture_sha256), "%s",
             row->picture);
}

/* One row into the batch, if the batch has room for it. */
static enum err take_row(struct taking *t, struct db_stmt *s)
{
    struct client_lease *lease = &t->batch->leases[t->batch->count];
    struct outbox_row row;
    enum err e;

    read_lease(s, lease, &row);
    e = buf_check(&lease->payload);
    t->full = t->batch->count > 0 &&
              t->bytes + lease->payload.len > t->lease->max_bytes;
    if (t->full) {
        buf_fini(&lease->payload);
        return e;
    }
    if (!e && row.picture[0]) {
        e = blobs_get(t->o->blobs, row.picture, &lease->picture_fd,
                      &lease->picture_len);
        if (e == WS_NOTFOUND || e == WS_CORRUPT) {
            buf_fini(&lease->payload);
            return bury_lost_picture(t, &row, e);
        }
    }
    if (!e)
        e = mark(t, row.id);
    if (e) {
        buf_fini(&lease->payload);
        if (lease->picture_fd >= 0)
            close(lease->picture_fd);
        return e;
    }
    t->bytes += lease->payload.len;
    t->batch->count++;
    return WS_OK;
}

/* The ids first: rows change while the batch is filled. */
static enum err find_ids(struct taking *t, int64_t session,
                         enum outbox_state state, int64_t *ids, size_t *count)
{
    struct db_stmt *s;
    enum err e = db_stmt(t->o->db,
                         "SELECT id FROM item WHERE session = ? AND lane = ?"
                         " AND state = ? AND lease_boot_ns <= ?"
                         " AND (due_wall_ns <= ? OR due_wall_ns > ?)"
                         " ORDER BY seq LIMIT ?",
                         &s);

    *count = 0;
    if (e)
        return e;
    db_bind_int(s, session);
    db_bind_int(s, t->lease->lane);
    db_bind_int(s, state);
    db_bind_int(s, t->now_boot_ns);
    db_bind_int(s, t->now_wall_ns);
    db_bind_int(s, t->now_wall_ns + OUTBOX_MAX_WAIT_NS);
    /* A parked one goes alone: it is what made trouble in company. */
    db_bind_int(s, state == OUTBOX_PARKED ? 1 : (int64_t)t->lease->max_items);
    while (!(e = db_step(s)))
        ids[(*count)++] = db_int(s, 0);
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err take_rows(struct taking *t, int64_t session,
                          enum outbox_state state)
{
    int64_t ids[OUTBOX_MAX_LEASE];
    size_t count, i;
    enum err e = find_ids(t, session, state, ids, &count);

    for (i = 0; i < count && !e && !t->full; i++) {
        struct db_stmt *s;

        e = db_find(t->o->db,
                    "SELECT " OUTBOX_ROW ", payload, recorded_wall_ns,"
                    " attempts FROM item WHERE id = ?",
                    DB_INTS(ids[i]), &s);
        if (e)
            return e;
        e = take_row(t, s);
        db_reset(s);
    }
    return e;
}

struct candidate {
    int64_t number;
    bool registered, may_register;
};

/* Sessions with something to do, oldest first, in small steps. */
static enum err next_session(struct taking *t, int64_t after,
                             struct candidate *out)
{
    struct db_stmt *s;
    enum err e =
        db_find(t->o->db,
                "SELECT number, registered, lease_boot_ns <= ? FROM session"
                " WHERE done = 0 AND number > ?"
                " AND (rests_until_wall_ns <= ? OR rests_until_wall_ns > ?)"
                " ORDER BY number LIMIT 1",
                DB_INTS(t->now_boot_ns, after, t->now_wall_ns,
                        t->now_wall_ns + OUTBOX_MAX_WAIT_NS),
                &s);

    if (e)
        return e;
    out->number = db_int(s, 0);
    out->registered = db_int(s, 1);
    out->may_register =
        !out->registered && db_int(s, 2) && t->lease->lane == CLIENT_LANE_ROWS;
    db_reset(s);
    return WS_OK;
}

static enum err take(struct taking *t)
{
    struct candidate c = {0};
    enum err e;

    for (;;) {
        e = next_session(t, c.number, &c);
        if (e)
            return e;
        if (c.may_register)
            e = take_session(t, c.number);
        else if (c.registered)
            e = take_rows(t, c.number, OUTBOX_PENDING);
        if (!e && c.registered && t->batch->count == 0)
            e = take_rows(t, c.number, OUTBOX_PARKED);
        if (e || t->batch->count > 0)
            break;
    }
    return e ? e : outbox_session_describe(t->o, c.number, &t->batch->session);
}

static enum err free_tagged(struct taking *t, const char *sql)
{
    return db_run_ints(t->o->db, sql, DB_INTS(OUTBOX_TAGS, tag(t->lease)));
}

static enum err end_repeated(struct taking *t)
{
    enum err e;

    if (!t->lease->request)
        return WS_OK;
    e = free_tagged(t, "UPDATE item SET lease_boot_ns = 0"
                       " WHERE lease_boot_ns > 0 AND lease_boot_ns % ? = ?");
    return e ? e
             : free_tagged(t, "UPDATE session SET lease_boot_ns = 0"
                              " WHERE lease_boot_ns > 0"
                              " AND lease_boot_ns % ? = ?");
}

enum err outbox_lease(struct outbox *o, const struct outbox_lease *lease,
                      struct client_batch *out)
{
    struct client_batch batch = {0};
    struct taking t = {.o = o,
                       .lease = lease,
                       .batch = &batch,
                       .now_boot_ns = env_boot_ns(o->env),
                       .now_wall_ns = env_wall_ns(o->env)};
    enum err e;

    if (lease->max_items < 1 || lease->max_items > OUTBOX_MAX_LEASE ||
        lease->lane < 0 || lease->lane >= CLIENT_LANES || lease->lease_ms < 1 ||
        lease->lease_ms > OUTBOX_MAX_LEASE_MS)
        return WS_INVALID;
    batch.leases = calloc(lease->max_items, sizeof(*batch.leases));
    if (!batch.leases)
        return WS_NOMEM;
    e = outbox_enter(o);
    if (!e) {
        e = end_repeated(&t);
        if (!e)
            e = take(&t);
        /* Nothing found may still have buried a lost picture: keep that. */
        if (e == WS_NOTFOUND)
            e = outbox_leave(o, WS_OK) ? WS_IO : WS_NOTFOUND;
        else
            e = outbox_leave(o, e);
    }
    if (e) {
        client_batch_fini(&batch);
        return e;
    }
    *out = batch;
    return WS_OK;
}

enum err outbox_release(struct outbox *o)
{
    enum err e = outbox_enter(o);

    if (e)
        return e;
    e = db_exec(o->db,
                "UPDATE item SET lease_boot_ns = 0 WHERE lease_boot_ns > 0;"
                "UPDATE session SET lease_boot_ns = 0"
                " WHERE lease_boot_ns > 0");
    return outbox_leave(o, e);
}
