/* outbox_session.c - one row a start of the agent; the row is item 1.
 *
 * Source:  wire.md "Session" and "Enrollment"
 *
 * The session item is frozen but for its token: a session that rests because
 * its token was refused gets a new one when a person enrolls the agent again,
 * and its registration is replayed with the hash of that. upload adds the
 * hash, so the payload here does not hold it.
 */
#include "agent/outbox/outbox.h"

#include "agent/outbox/outbox_priv.h"
#include "core/json.h"
#include "core/jsonw.h"
#include "core/log.h"
#include "core/sha256.h"

#include <stdio.h>
#include <string.h>

static void random_hex(struct outbox *o, size_t bytes, char *out)
{
    uint8_t raw[32];

    env_random(o->env, raw, bytes);
    sha256_hex(raw, bytes, out);
}

static bool is_identity(const char *key)
{
    return strcmp(key, "agent_id") == 0 || strcmp(key, "session_uid") == 0 ||
           strcmp(key, "started_at") == 0 || strcmp(key, "features") == 0 ||
           strcmp(key, "token_sha256") == 0;
}

/* The facts and the identity as one object. */
static enum err build_payload(struct outbox *o, const char *facts, size_t len,
                              const char *uid, struct buf *out)
{
    OWN(json_free)
    struct json *doc = NULL;
    const struct json *member;
    char agent_id[CLIENT_UID_BYTES];
    struct wire_problems problems;
    OWN_BUF struct buf value = BUF_EMPTY;
    struct jsonw w;
    enum err e = outbox_note_text(o, "agent_id", agent_id, sizeof(agent_id));

    if (!e)
        e = json_parse(facts, len, &doc, NULL);
    if (!e)
        e = wire_check(&wire_session, doc, &problems);
    if (e)
        return e;
    jsonw_init(&w, out);
    jsonw_object(&w, NULL);
    for (member = json_first(doc); member; member = json_next(member)) {
        if (is_identity(json_key(member)))
            continue;
        buf_clear(&value);
        json_print(member, &value);
        jsonw_raw(&w, json_key(member), buf_text(&value), value.len);
    }
    jsonw_text(&w, "agent_id", agent_id);
    jsonw_text(&w, "session_uid", uid);
    jsonw_time(&w, "started_at", env_wall_ns(o->env));
    jsonw_array(&w, "features");
    jsonw_text(&w, NULL, "batch");
    jsonw_text(&w, NULL, "ledger");
    jsonw_text(&w, NULL, "policy");
    jsonw_array_end(&w);
    jsonw_object_end(&w);
    e = buf_check(&value);
    return e ? e : buf_check(out);
}

static enum err insert_session(struct outbox *o, const char *facts, size_t len)
{
    OWN_BUF struct buf payload = BUF_EMPTY;
    char uid[CLIENT_UID_BYTES], token[65];
    struct db_stmt *s;
    enum err e;

    random_hex(o, 16, uid);
    random_hex(o, 32, token);
    e = build_payload(o, facts, len, uid, &payload);
    if (!e)
        e = db_stmt(o->db,
                    "INSERT INTO session(uid, token, payload, started_wall_ns)"
                    " VALUES(?, ?, ?, ?)",
                    &s);
    if (e)
        return e;
    db_bind_text(s, uid);
    db_bind_text(s, token);
    db_bind_blob(s, payload.data, payload.len);
    db_bind_int(s, env_wall_ns(o->env));
    e = db_run(s);
    if (e)
        return e;
    o->present = db_last_rowid(o->db);
    o->total[TOTAL_RECORDED]++;
    o->total[TOTAL_PENDING]++;
    return WS_OK;
}

enum err outbox_session_start(struct outbox *o, const char *facts,
                              int64_t *number)
{
    int64_t before = o->present;
    enum err e = outbox_enter(o);

    if (e)
        return e;
    e = outbox_leave(o, insert_session(o, facts, strlen(facts)));
    if (e) {
        o->present = before;
        return e;
    }
    *number = o->present;
    return WS_OK;
}

static enum err session_exists(struct outbox *o, int64_t number)
{
    struct db_stmt *s;
    enum err e = db_find(o->db, "SELECT 1 FROM session WHERE number = ?",
                         DB_INTS(number), &s);

    if (!e)
        db_reset(s);
    return e;
}

enum err outbox_session_resume(struct outbox *o, int64_t number)
{
    enum err e = session_exists(o, number);

    if (!e)
        o->present = number;
    return e;
}

/* The ring counts on: what it dropped before is accounted already. */
static enum err inherit_frames(struct outbox *o, int64_t from)
{
    return db_run_ints(o->db,
                       "UPDATE session SET frames_dropped = (SELECT"
                       " frames_dropped FROM session WHERE number = ?)"
                       " WHERE number = ?",
                       DB_INTS(from, o->present));
}

enum err outbox_session_again(struct outbox *o, int64_t number)
{
    OWN_BUF struct buf facts = BUF_EMPTY;
    struct db_stmt *s;
    const void *data;
    size_t len;
    enum err e = db_find(o->db, "SELECT payload FROM session WHERE number = ?",
                         DB_INTS(number), &s);

    if (e)
        return e;
    data = db_blob(s, 0, &len);
    buf_append(&facts, data, len);
    db_reset(s);
    e = buf_check(&facts);
    if (!e)
        e = insert_session(o, facts.data, facts.len);
    return e ? e : inherit_frames(o, number);
}

enum err outbox_session_find(struct outbox *o, const char *uid,
                             struct outbox_session_row *out)
{
    struct db_stmt *s;
    enum err e = db_stmt(o->db,
                         "SELECT number, token, server_id, registered,"
                         " delivered FROM session WHERE uid = ?",
                         &s);

    if (e)
        return e;
    db_bind_text(s, uid);
    e = db_step(s);
    if (e)
        return e;
    out->number = db_int(s, 0);
    snprintf(out->uid, sizeof(out->uid), "%s", uid);
    snprintf(out->token, sizeof(out->token), "%s", db_text(s, 1));
    out->server_id = db_int(s, 2);
    out->registered = db_int(s, 3);
    out->delivered = db_int(s, 4);
    db_reset(s);
    return WS_OK;
}

/* The newest other session that a server took: its token may open another. */
static enum err earlier_token(struct outbox *o, int64_t number, char *out,
                              size_t out_bytes)
{
    struct db_stmt *s;
    enum err e = db_stmt(o->db,
                         "SELECT token FROM session WHERE registered = 1"
                         " AND number <> ? ORDER BY number DESC LIMIT 1",
                         &s);

    out[0] = '\0';
    if (e)
        return e;
    db_bind_int(s, number);
    e = db_step(s);
    if (e)
        return e == WS_NOTFOUND ? WS_OK : e;
    snprintf(out, out_bytes, "%s", db_text(s, 0));
    db_reset(s);
    return WS_OK;
}

enum err outbox_session_describe(struct outbox *o, int64_t number,
                                 struct client_session *out)
{
    struct db_stmt *s;
    enum err e = db_stmt(o->db,
                         "SELECT uid, token, server_id, registered, features,"
                         " started_wall_ns FROM session WHERE number = ?",
                         &s);

    memset(out, 0, sizeof(*out));
    if (e)
        return e;
    db_bind_int(s, number);
    e = db_step(s);
    if (e)
        return e;
    snprintf(out->session_uid, sizeof(out->session_uid), "%s", db_text(s, 0));
    snprintf(out->token, sizeof(out->token), "%s", db_text(s, 1));
    out->session_id = db_int(s, 2);
    out->registered = db_int(s, 3);
    out->present = number == o->present;
    snprintf(out->features, sizeof(out->features), "%s", db_text(s, 4));
    out->started_wall_ns = db_int(s, 5);
    db_reset(s);
    e = outbox_note_text(o, "agent_id", out->agent_id, sizeof(out->agent_id));
    if (!e)
        e = outbox_note_text(o, "enroll_code", out->code, sizeof(out->code));
    return e ? e : earlier_token(o, number, out->earlier, sizeof(out->earlier));
}

enum err outbox_session(struct outbox *o, struct client_session *out)
{
    return outbox_session_describe(o, o->present, out);
}

enum err outbox_session_next_seq(struct outbox *o, int64_t number, int64_t *seq)
{
    struct db_stmt *s;
    enum err e = db_find(o->db,
                         "UPDATE session SET head_seq = head_seq + 1, done = 0"
                         " WHERE number = ? RETURNING head_seq",
                         DB_INTS(number), &s);

    if (e)
        return e;
    *seq = db_int(s, 0);
    e = db_step(s); /* to the end: the row counts as written only then */
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* Item 1 is done: show it among what was sent. */
static enum err show_session(struct outbox *o, int64_t number)
{
    struct db_stmt *s;
    enum err e = db_run_ints(
        o->db,
        "INSERT OR IGNORE INTO item(session, seq, kind, lane, state, payload,"
        " bytes, recorded_wall_ns, settled_wall_ns, server_id)"
        " SELECT number, 1, ?, 0, ?, payload, length(payload) + ?,"
        " started_wall_ns, ?, server_id FROM session WHERE number = ?",
        DB_INTS(WIRE_ITEM_SESSION, OUTBOX_SENT, OUTBOX_ROW_BYTES,
                env_wall_ns(o->env), number));

    if (e || db_changes(o->db) == 0)
        return e;
    o->total[TOTAL_SENT_ROWS]++;
    e = db_find(o->db, "SELECT bytes FROM item WHERE session = ? AND seq = 1",
                DB_INTS(number), &s);
    if (e)
        return e;
    o->total[TOTAL_BYTES] += db_int(s, 0);
    db_reset(s);
    return WS_OK;
}

static enum err registered(struct outbox *o, const char *uid,
                           const struct client_registration *r)
{
    struct outbox_session_row row;
    struct db_stmt *s;
    enum err e = outbox_session_find(o, uid, &row);

    if (e)
        return e;
    e = db_stmt(o->db,
                "UPDATE session SET server_id = ?, token = ?, features = ?,"
                " registered = 1, delivered = 1, lease_boot_ns = 0,"
                " rests_until_wall_ns = 0, attempts = 0, reason = NULL"
                " WHERE number = ?",
                &s);
    if (e)
        return e;
    db_bind_int(s, r->session_id);
    db_bind_text(s, r->token ? r->token : row.token);
    db_bind_text(s, r->features);
    db_bind_int(s, row.number);
    e = db_run(s);
    if (!e && r->code_used)
        e = outbox_set_text(o, "enroll_code", "");
    if (e || row.delivered)
        return e;
    o->total[TOTAL_PENDING]--;
    o->total[TOTAL_DELIVERED]++;
    outbox_count_today(o, TOTAL_DAY_SENT, 1);
    return show_session(o, row.number);
}

enum err outbox_registered(struct outbox *o, const char *session_uid,
                           const struct client_registration *r)
{
    enum err e;

    if (r->session_id <= 0 || strlen(r->features) > 255 ||
        (r->token && (!*r->token || strlen(r->token) > 255)))
        return WS_INVALID;
    e = outbox_enter(o);
    return e ? e : outbox_leave(o, registered(o, session_uid, r));
}

enum err outbox_session_rest(struct outbox *o, int64_t number,
                             int64_t until_wall_ns, const char *reason)
{
    struct db_stmt *s;
    enum err e = db_stmt(o->db,
                         "UPDATE session SET rests_until_wall_ns = ?,"
                         " registered = 0, lease_boot_ns = 0, reason = ?"
                         " WHERE number = ?",
                         &s);

    if (e)
        return e;
    db_bind_int(s, until_wall_ns);
    db_bind_text(s, reason);
    db_bind_int(s, number);
    return db_run(s);
}

enum err outbox_session_settle(struct outbox *o, int64_t number,
                               const struct client_result *r)
{
    int64_t until = 0;
    struct db_stmt *s;
    enum err e;

    /* No verdict loses a session: its items would have nowhere to go. What a
     * server refuses for good is tried again each hour, and shown. */
    if (r->verdict == CLIENT_RETRY || r->verdict == CLIENT_PAUSE)
        until = r->due_wall_ns;
    else if (r->verdict != CLIENT_RETURN)
        until = env_wall_ns(o->env) + OUTBOX_PARK_NS;
    e = db_stmt(o->db,
                "UPDATE session SET lease_boot_ns = 0, rests_until_wall_ns = ?,"
                " attempts = attempts + ?, reason = coalesce(?, reason)"
                " WHERE number = ?",
                &s);
    if (e)
        return e;
    db_bind_int(s, until);
    db_bind_int(s, r->verdict == CLIENT_RETRY);
    db_bind_text(s, r->reason);
    db_bind_int(s, number);
    return db_run(s);
}

/* Sessions whose token was refused register again, with a new one. */
static enum err renew_tokens(struct outbox *o)
{
    struct db_stmt *s, *update;
    char token[65];
    int64_t number = 0;
    enum err e;

    for (;;) {
        e = db_find(o->db,
                    "SELECT number FROM session WHERE registered = 0"
                    " AND delivered = 1 AND number > ?"
                    " ORDER BY number LIMIT 1",
                    DB_INTS(number), &s);
        if (e)
            return e == WS_NOTFOUND ? WS_OK : e;
        number = db_int(s, 0);
        db_reset(s);
        random_hex(o, 32, token);
        e = db_stmt(o->db, "UPDATE session SET token = ? WHERE number = ?",
                    &update);
        if (e)
            return e;
        db_bind_text(update, token);
        db_bind_int(update, number);
        e = db_run(update);
        if (e)
            return e;
    }
}

enum err outbox_enroll(struct outbox *o, const char *code)
{
    size_t len = strlen(code), i;
    enum err e;

    if (len < 1 || len > 255)
        return WS_INVALID;
    for (i = 0; i < len; i++)
        if (code[i] <= ' ' || code[i] > '~')
            return WS_INVALID;
    e = outbox_enter(o);
    if (e)
        return e;
    e = outbox_set_text(o, "enroll_code", code);
    if (!e)
        e = renew_tokens(o);
    if (!e)
        e = db_exec(o->db, "UPDATE session SET rests_until_wall_ns = 0"
                           " WHERE registered = 0");
    return outbox_leave(o, e);
}

enum err outbox_forget_server(struct outbox *o)
{
    enum err e = outbox_enter(o);

    if (e)
        return e;
    e = db_exec(o->db, "UPDATE session SET registered = 0, server_id = 0,"
                       " features = '', rests_until_wall_ns = 0, reason = NULL"
                       " WHERE done = 0");
    if (!e)
        e = db_exec(o->db, "DELETE FROM session WHERE done = 1 AND NOT EXISTS"
                           " (SELECT 1 FROM item i"
                           " WHERE i.session = session.number)");
    if (!e)
        e = db_exec(o->db, "UPDATE session SET registered = 0 WHERE done = 1");
    if (!e)
        e = renew_tokens(o);
    return outbox_leave(o, e);
}
