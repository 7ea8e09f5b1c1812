/* outbox.c - opening, atomic verbs and numbers of the queue.
 *
 * Several verbs share one flush (natural batching): outbox_begin() opens a
 * transaction, each verb runs in a savepoint of its own, outbox_commit()
 * flushes once. What lies outside SQLite follows the same three levels: the
 * totals in memory go back with the verb or with the commit, and pictures are
 * removed only after the commit that no longer refers to them.
 */
#include "agent/outbox/outbox.h"

#include "agent/outbox/outbox_priv.h"
#include "core/clock.h"
#include "core/log.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define OUTBOX_SCHEMA_VERSION 1
#define OUTBOX_PICTURE_NAME 65

static const char schema[] =
    "PRAGMA auto_vacuum=INCREMENTAL;"
    "VACUUM;" /* the way to have auto_vacuum in a file that has a header */
    "BEGIN IMMEDIATE;"
    "CREATE TABLE note(key TEXT PRIMARY KEY, v) WITHOUT ROWID;"
    "CREATE TABLE total(name TEXT PRIMARY KEY, v INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE session("
    " number INTEGER PRIMARY KEY,"
    " uid TEXT NOT NULL UNIQUE,"
    " token TEXT NOT NULL,"
    " payload BLOB NOT NULL,"
    " started_wall_ns INTEGER NOT NULL,"
    " head_seq INTEGER NOT NULL DEFAULT 1,"
    " server_id INTEGER NOT NULL DEFAULT 0,"
    " registered INTEGER NOT NULL DEFAULT 0,"
    " delivered INTEGER NOT NULL DEFAULT 0,"
    " features TEXT NOT NULL DEFAULT '',"
    " rests_until_wall_ns INTEGER NOT NULL DEFAULT 0,"
    " lease_boot_ns INTEGER NOT NULL DEFAULT 0,"
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " frames_dropped INTEGER NOT NULL DEFAULT 0,"
    " done INTEGER NOT NULL DEFAULT 0,"
    " reason TEXT);"
    "CREATE TABLE item("
    " id INTEGER PRIMARY KEY,"
    " session INTEGER NOT NULL,"
    " seq INTEGER NOT NULL,"
    " kind INTEGER NOT NULL,"
    " lane INTEGER NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0,"
    " payload BLOB NOT NULL,"
    " picture TEXT,"
    " bytes INTEGER NOT NULL,"
    " recorded_wall_ns INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " due_wall_ns INTEGER NOT NULL DEFAULT 0,"
    " lease_boot_ns INTEGER NOT NULL DEFAULT 0,"
    " settled_wall_ns INTEGER NOT NULL DEFAULT 0,"
    " server_id INTEGER NOT NULL DEFAULT 0,"
    " reason TEXT,"
    " UNIQUE(session, seq));"
    "CREATE INDEX item_next ON item(session, lane, state, seq);"
    "CREATE INDEX item_kind ON item(state, kind, id);"
    /* A partial index serves only queries that repeat its condition. */
    "CREATE INDEX item_leased ON item(lease_boot_ns) WHERE lease_boot_ns > 0;"
    "CREATE INDEX item_picture ON item(picture) WHERE picture IS NOT NULL;"
    "CREATE TABLE put("
    " id INTEGER PRIMARY KEY,"
    " request BLOB NOT NULL UNIQUE,"
    " first_seq INTEGER NOT NULL,"
    " count INTEGER NOT NULL);"
    "PRAGMA user_version=1;"
    "COMMIT;";

/* The queue is small next to what a WAL may grow to, and on a full disk the
 * WAL would be what fills it. */
static const char small_wal[] = "PRAGMA wal_autocheckpoint=256;"
                                "PRAGMA journal_size_limit=1048576;";

static const char *const total_names[TOTALS] = {
    [TOTAL_RECORDED] = "recorded",
    [TOTAL_DELIVERED] = "delivered",
    [TOTAL_DEAD] = "dead",
    [TOTAL_DROPPED] = "dropped",
    [TOTAL_ERASED] = "erased",
    [TOTAL_KEPT] = "kept",
    [TOTAL_PENDING] = "pending",
    [TOTAL_PARKED] = "parked",
    [TOTAL_BYTES] = "bytes",
    [TOTAL_SENT_ROWS] = "sent_rows",
    [TOTAL_DAY] = "day",
    [TOTAL_DAY_CAPTURED] = "day_captured",
    [TOTAL_DAY_SENT] = "day_sent",
    [TOTAL_DAY_SENT_BYTES] = "day_sent_bytes",
    [TOTAL_DAY_DROPPED] = "day_dropped",
    [TOTAL_DAY_FAILED] = "day_failed",
};

static enum err schema_version(struct db *db, int64_t *version)
{
    struct db_stmt *s;
    enum err e = db_stmt(db, "PRAGMA user_version", &s);

    if (!e)
        e = db_step(s);
    if (e)
        return e;
    *version = db_int(s, 0);
    db_reset(s);
    return WS_OK;
}

static enum err migrate(struct db *db, const char *path)
{
    int64_t version;
    enum err e = schema_version(db, &version);

    if (e)
        return e;
    if (version == 0)
        return db_exec(db, schema);
    if (version == OUTBOX_SCHEMA_VERSION)
        return WS_OK;
    log_error("outbox_version",
              "%s is of version %lld, this program knows %d: use the newer "
              "worksight-agent, or another --state",
              path, (long long)version, OUTBOX_SCHEMA_VERSION);
    return WS_INVALID;
}

static enum err load_totals(struct outbox *o)
{
    struct db_stmt *s;
    enum err e = db_stmt(o->db, "SELECT name, v FROM total", &s);
    int i;

    if (e)
        return e;
    while (!(e = db_step(s))) {
        const char *name = db_text(s, 0);

        for (i = 0; i < TOTALS; i++)
            if (name && strcmp(name, total_names[i]) == 0)
                o->total[i] = db_int(s, 1);
    }
    memcpy(o->stored, o->total, sizeof(o->stored));
    return e == WS_NOTFOUND ? WS_OK : e;
}

static enum err store_totals(struct outbox *o)
{
    enum err e = WS_OK;
    int i;

    for (i = 0; i < TOTALS && !e; i++) {
        struct db_stmt *s;

        if (o->total[i] == o->stored[i])
            continue;
        e = db_stmt(o->db,
                    "INSERT INTO total(name, v) VALUES(?, ?)"
                    " ON CONFLICT(name) DO UPDATE SET v = excluded.v",
                    &s);
        if (e)
            return e;
        db_bind_text(s, total_names[i]);
        db_bind_int(s, o->total[i]);
        e = db_run(s);
    }
    memcpy(o->stored, o->total, sizeof(o->stored));
    return e;
}

/* Leases are deadlines of one boot's clock; another boot's mean nothing. */
static enum err end_foreign_leases(struct outbox *o, const char *boot_id)
{
    char before[64];
    enum err e = outbox_note_text(o, "boot_id", before, sizeof(before));

    if (e || strcmp(before, boot_id) == 0)
        return e;
    e = outbox_release(o);
    return e ? e : outbox_set_text(o, "boot_id", boot_id);
}

enum err outbox_open(struct outbox **out, const struct outbox_options *options)
{
    OWN(outbox_close)
    struct outbox *o = calloc(1, sizeof(*o));
    enum err e;

    if (!o)
        return WS_NOMEM;
    o->env = options->env;
    o->max_bytes = options->max_bytes;
    o->keep_sent = options->keep_sent;
    o->max_item_bytes = options->max_item_bytes;
    e = blobs_open(&o->blobs, options->pictures);
    if (!e)
        e = db_open(&o->db, options->path, DB_EXCLUSIVE);
    if (!e)
        e = db_exec(o->db, small_wal);
    if (!e)
        e = migrate(o->db, options->path);
    if (!e)
        e = load_totals(o);
    if (!e)
        e = end_foreign_leases(o, options->boot_id);
    if (e)
        return e;
    *out = TAKE(o);
    return WS_OK;
}

void outbox_close(struct outbox *o)
{
    if (!o)
        return;
    db_close(o->db);
    blobs_close(o->blobs);
    buf_fini(&o->removals);
    free(o);
}

/* --- atomic verbs --- */

bool outbox_uses_picture(void *ctx, const char *sha256)
{
    struct outbox *o = ctx;
    struct db_stmt *s;
    enum err e =
        db_stmt(o->db, "SELECT 1 FROM item WHERE picture = ? LIMIT 1", &s);

    if (!e) {
        db_bind_text(s, sha256);
        e = db_step(s);
    }
    if (!e)
        db_reset(s);
    return e != WS_NOTFOUND; /* when in doubt, keep it */
}

static void remove_pictures(struct outbox *o)
{
    size_t at;

    for (at = 0; at < o->removals.len; at += OUTBOX_PICTURE_NAME)
        if (!outbox_uses_picture(o, o->removals.data + at))
            blobs_remove(o->blobs, o->removals.data + at);
    buf_clear(&o->removals);
}

void outbox_remove_picture(struct outbox *o, const char *sha256)
{
    char name[OUTBOX_PICTURE_NAME] = "";

    if (!*sha256)
        return;
    snprintf(name, sizeof(name), "%s", sha256);
    /* Without memory the file stays: outbox_tidy() collects it. */
    if (!o->removals.failed)
        buf_append(&o->removals, name, sizeof(name));
}

enum err outbox_begin(struct outbox *o)
{
    enum err e;

    assert(!o->in_transaction);
    e = db_begin(o->db);
    if (e)
        return e;
    o->in_transaction = true;
    o->aborted = WS_OK;
    memcpy(o->commit_start, o->total, sizeof(o->total));
    o->present_start = o->present;
    o->lost_start = o->lost;
    return WS_OK;
}

void outbox_rollback(struct outbox *o)
{
    db_rollback(o->db);
    if (!o->in_transaction)
        return;
    o->in_transaction = false;
    memcpy(o->total, o->commit_start, sizeof(o->total));
    memcpy(o->stored, o->commit_start, sizeof(o->stored));
    o->present = o->present_start;
    o->lost = o->lost_start;
    buf_clear(&o->removals);
}

enum err outbox_commit(struct outbox *o)
{
    enum err e;

    assert(o->in_transaction);
    e = o->aborted ? o->aborted : db_commit(o->db);
    if (e) {
        outbox_rollback(o);
        return e;
    }
    o->in_transaction = false;
    remove_pictures(o);
    return WS_OK;
}

enum err outbox_enter(struct outbox *o)
{
    if (o->in_transaction && o->aborted)
        return o->aborted;
    memcpy(o->verb_start, o->total, sizeof(o->total));
    o->removals_verb_start = o->removals.len;
    return db_exec(o->db, "SAVEPOINT verb");
}

static void undo(struct outbox *o, enum err e)
{
    /* A full or failing disk may have rolled back the whole transaction by
     * itself: then the verbs before this one are gone too, and the commit
     * must say so. */
    if (db_exec(o->db, "ROLLBACK TO verb; RELEASE verb") != WS_OK) {
        db_rollback(o->db);
        o->aborted = e;
    }
    memcpy(o->total, o->verb_start, sizeof(o->total));
    memcpy(o->stored, o->verb_start, sizeof(o->stored));
    if (o->removals.len > o->removals_verb_start)
        o->removals.len = o->removals_verb_start;
}

enum err outbox_leave(struct outbox *o, enum err e)
{
    if (!e)
        e = store_totals(o);
    if (!e)
        e = db_exec(o->db, "RELEASE verb");
    if (e)
        undo(o, e);
    else if (!o->in_transaction)
        remove_pictures(o);
    return e;
}

/* --- numbers --- */

static int64_t day_now(const struct outbox *o)
{
    time_t now = (time_t)(env_wall_ns(o->env) / CLOCK_NS_PER_S);
    struct tm tm;

    return localtime_r(&now, &tm) ? (tm.tm_year + 1900) * 1000 + tm.tm_yday : 0;
}

int64_t outbox_today(const struct outbox *o, enum outbox_total which)
{
    return o->total[TOTAL_DAY] == day_now(o) ? o->total[which] : 0;
}

void outbox_count_today(struct outbox *o, enum outbox_total which, int64_t n)
{
    int64_t day = day_now(o);

    if (day != o->total[TOTAL_DAY]) {
        o->total[TOTAL_DAY] = day;
        o->total[TOTAL_DAY_CAPTURED] = o->total[TOTAL_DAY_SENT] = 0;
        o->total[TOTAL_DAY_SENT_BYTES] = o->total[TOTAL_DAY_DROPPED] = 0;
        o->total[TOTAL_DAY_FAILED] = 0;
    }
    o->total[which] += n;
}

/* One number by one statement; 0 when there is no row. */
static enum err one_int(struct db_stmt *s, int64_t *out)
{
    enum err e = db_step(s);

    *out = 0;
    if (e)
        return e == WS_NOTFOUND ? WS_OK : e;
    *out = db_int(s, 0);
    db_reset(s);
    return WS_OK;
}

static enum err oldest(struct outbox *o, int64_t *wall_ns)
{
    int64_t state, kind, at;
    enum err e = WS_OK;

    *wall_ns = 0;
    for (state = OUTBOX_PENDING; state <= OUTBOX_PARKED; state++)
        for (kind = 0; kind < WIRE_ITEM_KINDS && !e; kind++) {
            struct db_stmt *s;

            e = db_stmt(o->db,
                        "SELECT recorded_wall_ns FROM item"
                        " WHERE state = ? AND kind = ? ORDER BY id LIMIT 1",
                        &s);
            if (e)
                return e;
            db_bind_int(s, state);
            db_bind_int(s, kind);
            e = one_int(s, &at);
            if (at != 0 && (*wall_ns == 0 || at < *wall_ns))
                *wall_ns = at;
        }
    return e;
}

enum err outbox_counts(struct outbox *o, struct client_counts *out)
{
    struct db_stmt *s;
    int64_t head = 0, leased = 0, at = 0;
    enum err e =
        db_stmt(o->db, "SELECT head_seq FROM session WHERE number = ?", &s);

    if (e)
        return e;
    db_bind_int(s, o->present);
    e = one_int(s, &head);
    if (!e)
        e = db_stmt(o->db,
                    "SELECT count(*) FROM item WHERE lease_boot_ns > 0"
                    " AND lease_boot_ns > ?",
                    &s);
    if (e)
        return e;
    db_bind_int(s, env_boot_ns(o->env));
    e = one_int(s, &leased);
    if (!e)
        e = oldest(o, &at);
    if (e)
        return e;
    *out = (struct client_counts){
        .head_seq = (uint64_t)head,
        .recorded = o->total[TOTAL_RECORDED],
        .delivered = o->total[TOTAL_DELIVERED],
        .pending = o->total[TOTAL_PENDING],
        .leased = leased,
        .parked = o->total[TOTAL_PARKED],
        .dead = o->total[TOTAL_DEAD],
        .dropped = o->total[TOTAL_DROPPED],
        .erased = o->total[TOTAL_ERASED],
        .kept = o->total[TOTAL_KEPT],
        .bytes = o->total[TOTAL_BYTES],
        .oldest_wall_ns = at,
    };
    return WS_OK;
}
