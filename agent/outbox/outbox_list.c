#include "agent/outbox/outbox_list.h"

#include "agent/outbox/outbox_priv.h"
#include "core/clock.h"
#include "core/json.h"
#include "core/sha256.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define OUTBOX_LIST_ID_BYTES 40
#define OUTBOX_LIST_MIN_UID 8

/* --- ids --- */

static enum err session_by_prefix(struct outbox *o, const char *prefix,
                                  size_t len, int64_t *number)
{
    char pattern[CLIENT_UID_BYTES + 1];
    struct db_stmt *s;
    enum err e;

    if (len < OUTBOX_LIST_MIN_UID || len >= CLIENT_UID_BYTES ||
        strspn(prefix, "0123456789abcdef") < len)
        return WS_INVALID;
    snprintf(pattern, sizeof(pattern), "%.*s*", (int)len, prefix);
    e = db_stmt(o->db, "SELECT number FROM session WHERE uid GLOB ?", &s);
    if (e)
        return e;
    db_bind_text(s, pattern);
    e = db_step(s);
    if (e)
        return e;
    *number = db_int(s, 0);
    e = db_step(s);
    db_reset(s);
    return e == WS_NOTFOUND ? WS_OK : WS_INVALID; /* two begin so */
}

static enum err parse_seq(const char *text, int64_t *seq)
{
    char *end;

    if (!isdigit((unsigned char)*text) || strlen(text) > 16)
        return WS_INVALID;
    *seq = strtoll(text, &end, 10);
    return *end || *seq < 1 ? WS_INVALID : WS_OK;
}

enum err outbox_list_find(struct outbox *o, const char *text,
                          struct outbox_list_id *out)
{
    const char *slash;
    enum err e = WS_OK;

    *out = (struct outbox_list_id){.session = o->present};
    if (!text || !*text)
        return WS_OK;
    slash = strchr(text, '/');
    if (slash)
        e = session_by_prefix(o, text, (size_t)(slash - text), &out->session);
    return e ? e : parse_seq(slash ? slash + 1 : text, &out->seq);
}

static void write_id(struct jsonw *w, const char *uid, int64_t seq)
{
    char id[OUTBOX_LIST_ID_BYTES];

    snprintf(id, sizeof(id), "%.8s/%lld", uid, (long long)seq);
    jsonw_text(w, "id", id);
}

static const char *state_word(int64_t state, int64_t lease_boot_ns,
                              int64_t now_boot_ns)
{
    static const char *const words[OUTBOX_STATES] = {
        [OUTBOX_PENDING] = "pending", [OUTBOX_PARKED] = "parked",
        [OUTBOX_DEAD] = "dead",       [OUTBOX_SENT] = "sent",
        [OUTBOX_KEPT] = "kept",
    };

    if (state == OUTBOX_PENDING && lease_boot_ns > now_boot_ns)
        return "leased";
    return state >= 0 && state < OUTBOX_STATES ? words[state] : "unknown";
}

/* --- lists --- */

#define COLUMNS                                                                \
    "SELECT uid, seq, kind, state, item.attempts, recorded_wall_ns,"           \
    " due_wall_ns, bytes, item.reason, item.lease_boot_ns"                     \
    " FROM item JOIN session ON number = item.session "

static void write_item(struct outbox *o, struct db_stmt *s, struct jsonw *w)
{
    int64_t now = env_boot_ns(o->env);

    jsonw_object(w, NULL);
    write_id(w, db_text(s, 0), db_int(s, 1));
    jsonw_text(w, "kind", wire_item_name((enum wire_item_kind)db_int(s, 2)));
    jsonw_text(w, "state", state_word(db_int(s, 3), db_int(s, 9), now));
    jsonw_int(w, "attempts", db_int(s, 4));
    jsonw_int(w, "recorded_wall_ms", db_int(s, 5) / CLOCK_NS_PER_MS);
    jsonw_int(w, "due_wall_ms", db_int(s, 6) / CLOCK_NS_PER_MS);
    jsonw_int(w, "bytes", db_int(s, 7));
    jsonw_text(w, "reason", db_text(s, 8));
    jsonw_object_end(w);
}

/* Sessions that no server took yet are items too; they have no row. */
static enum err list_sessions(struct outbox *o, int64_t limit, int64_t *count,
                              struct jsonw *w)
{
    struct db_stmt *s;
    enum err e = db_stmt(
        o->db,
        "SELECT uid, 1, 0, 0, attempts, started_wall_ns, rests_until_wall_ns,"
        " length(payload), reason, lease_boot_ns FROM session"
        " WHERE delivered = 0 ORDER BY number LIMIT ?",
        &s);

    if (e)
        return e;
    db_bind_int(s, limit);
    while (!(e = db_step(s))) {
        write_item(o, s, w);
        (*count)++;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* +state: in the order of id, the first rows are there at once; by the index
 * on state a long backlog would be sorted first. */
static enum err choose(struct outbox *o, const char *state, struct db_stmt **s)
{
    int64_t now = env_boot_ns(o->env);
    enum err e;

    if (!state)
        return db_stmt(
            o->db, COLUMNS "WHERE +state IN (0, 1, 2) ORDER BY id LIMIT ?", s);
    if (strcmp(state, "parked") == 0)
        return db_stmt(o->db, COLUMNS "WHERE state = 1 ORDER BY id LIMIT ?", s);
    if (strcmp(state, "dead") == 0)
        return db_stmt(o->db, COLUMNS "WHERE state = 2 ORDER BY id LIMIT ?", s);
    if (strcmp(state, "pending") == 0)
        e = db_stmt(o->db,
                    COLUMNS "WHERE +state = 0 AND item.lease_boot_ns <= ?"
                            " ORDER BY id LIMIT ?",
                    s);
    else if (strcmp(state, "leased") == 0)
        e = db_stmt(o->db,
                    COLUMNS "WHERE item.lease_boot_ns > 0"
                            " AND item.lease_boot_ns > ? ORDER BY id LIMIT ?",
                    s);
    else
        return WS_INVALID;
    if (!e)
        db_bind_int(*s, now);
    return e;
}

enum err outbox_list_queue(struct outbox *o, const char *state, int64_t limit,
                           struct jsonw *w)
{
    bool with_sessions = !state || strcmp(state, "pending") == 0;
    struct db_stmt *s;
    int64_t count = 0;
    enum err e;

    e = choose(o, state, &s);
    if (e)
        return e;
    jsonw_array(w, "items");
    if (with_sessions) {
        e = list_sessions(o, limit, &count, w);
        if (e)
            return e;
    }
    db_bind_int(s, limit - count + 1);
    while (!(e = db_step(s)) && count < limit) {
        write_item(o, s, w);
        count++;
    }
    db_reset(s);
    jsonw_array_end(w);
    jsonw_bool(w, "more", e == WS_OK);
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err outbox_list_sent(struct outbox *o, int64_t since_wall_ns,
                          int64_t limit, struct jsonw *w)
{
    struct db_stmt *s;
    enum err e = db_stmt(
        o->db,
        "SELECT uid, seq, kind, recorded_wall_ns, settled_wall_ns, "
        "item.payload,"
        " item.server_id FROM item JOIN session ON number = item.session"
        " WHERE state = 3 AND settled_wall_ns >= ?"
        " ORDER BY id DESC LIMIT ?",
        &s);

    if (e)
        return e;
    db_bind_int(s, since_wall_ns);
    db_bind_int(s, limit);
    jsonw_array(w, "items");
    while (!(e = db_step(s))) {
        char hash[SHA256_HEX_BYTES];
        size_t len;
        const void *payload = db_blob(s, 5, &len);

        sha256_hash_hex(payload, len, hash);
        jsonw_object(w, NULL);
        write_id(w, db_text(s, 0), db_int(s, 1));
        jsonw_text(w, "kind",
                   wire_item_name((enum wire_item_kind)db_int(s, 2)));
        jsonw_int(w, "recorded_wall_ms", db_int(s, 3) / CLOCK_NS_PER_MS);
        jsonw_int(w, "delivered_wall_ms", db_int(s, 4) / CLOCK_NS_PER_MS);
        jsonw_int(w, "bytes", (int64_t)len);
        jsonw_text(w, "sha256", hash);
        jsonw_int(w, "server_id", db_int(s, 6));
        jsonw_object_end(w);
    }
    jsonw_array_end(w);
    return e == WS_NOTFOUND ? WS_OK : e;
}

/* --- one item --- */

static enum err find_item(struct outbox *o, const struct outbox_list_id *id,
                          struct db_stmt **s)
{
    enum err e;

    if (id->seq == 0) {
        e = db_stmt(o->db,
                    "SELECT uid, seq, kind, state, recorded_wall_ns,"
                    " item.payload, item.lease_boot_ns FROM item"
                    " JOIN session ON number = item.session"
                    " WHERE +kind = ? ORDER BY id DESC LIMIT 1",
                    s);
        if (!e)
            db_bind_int(*s, WIRE_ITEM_METRIC);
    } else {
        e = db_stmt(o->db,
                    "SELECT uid, seq, kind, state, recorded_wall_ns,"
                    " item.payload, item.lease_boot_ns FROM item"
                    " JOIN session ON number = item.session"
                    " WHERE item.session = ? AND seq = ?",
                    s);
        if (!e) {
            db_bind_int(*s, id->session);
            db_bind_int(*s, id->seq);
        }
    }
    return e ? e : db_step(*s);
}

enum err outbox_list_explain(struct outbox *o, const struct outbox_list_id *id,
                             struct jsonw *w)
{
    struct db_stmt *s;
    const char *payload;
    size_t len;
    enum err e = find_item(o, id, &s);

    if (e)
        return e;
    payload = db_blob(s, 5, &len);
    jsonw_object(w, "item");
    write_id(w, db_text(s, 0), db_int(s, 1));
    jsonw_text(w, "kind", wire_item_name((enum wire_item_kind)db_int(s, 2)));
    jsonw_text(w, "state",
               state_word(db_int(s, 3), db_int(s, 6), env_boot_ns(o->env)));
    jsonw_int(w, "recorded_wall_ms", db_int(s, 4) / CLOCK_NS_PER_MS);
    jsonw_object_end(w);
    jsonw_raw(w, "payload", payload, len);
    db_reset(s);
    return WS_OK;
}

/* A score that abstained says so in its features or its model. */
static bool is_scored(const struct json *doc)
{
    const struct json *v = json_get(json_get(doc, "model_info"), "scored");

    if (!v)
        v = json_get(json_get(doc, "features"), "scored");
    return json_bool(v, true);
}

enum err outbox_list_last_metric(struct outbox *o, struct jsonw *w)
{
    const struct outbox_list_id last = {0};
    OWN(json_free)
    struct json *doc = NULL;
    struct db_stmt *s;
    const char *payload;
    size_t len;
    enum err e = find_item(o, &last, &s);

    if (e == WS_NOTFOUND)
        jsonw_null(w, "last_metric");
    if (e)
        return e == WS_NOTFOUND ? WS_OK : e;
    payload = db_blob(s, 5, &len);
    e = json_parse(payload, len, &doc, NULL);
    if (!e) {
        jsonw_object(w, "last_metric");
        write_id(w, db_text(s, 0), db_int(s, 1));
        jsonw_number(w, "productivity_score",
                     json_number(json_get(doc, "productivity_score"), 0));
        jsonw_number(w, "anomaly_score",
                     json_number(json_get(doc, "anomaly_score"), 0));
        jsonw_bool(w, "scored", is_scored(doc));
        jsonw_int(w, "recorded_wall_ms", db_int(s, 4) / CLOCK_NS_PER_MS);
        jsonw_object_end(w);
    }
    db_reset(s);
    return e;
}

void outbox_list_today(const struct outbox *o, struct jsonw *w)
{
    jsonw_object(w, "today");
    jsonw_int(w, "captured", outbox_today(o, TOTAL_DAY_CAPTURED));
    jsonw_int(w, "sent", outbox_today(o, TOTAL_DAY_SENT));
    jsonw_int(w, "sent_bytes", outbox_today(o, TOTAL_DAY_SENT_BYTES));
    jsonw_int(w, "dropped", outbox_today(o, TOTAL_DAY_DROPPED));
    jsonw_int(w, "failed", outbox_today(o, TOTAL_DAY_FAILED));
    jsonw_object_end(w);
}

/* --- retry and purge --- */

/* The next dead (or parked) row after a row id, of one id or of all. */
static enum err next_row(struct outbox *o, const struct outbox_list_id *id,
                         bool parked_too, int64_t after, struct outbox_row *row)
{
    struct db_stmt *s;
    enum err e =
        db_find(o->db,
                "SELECT " OUTBOX_ROW " FROM item"
                " INDEXED BY item_kind WHERE id > ? AND state IN (2, ?)"
                " AND (? = 0 OR (session = ? AND seq = ?)) ORDER BY id LIMIT 1",
                DB_INTS(after, parked_too ? OUTBOX_PARKED : OUTBOX_DEAD,
                        id->seq, id->session, id->seq),
                &s);

    if (e)
        return e;
    outbox_row_read(s, row);
    db_reset(s);
    return WS_OK;
}

static enum err wake_session(struct outbox *o, int64_t session)
{
    return db_run_ints(o->db,
                       "UPDATE session SET done = 0, rests_until_wall_ns = 0"
                       " WHERE number = ?",
                       DB_INTS(session));
}

static enum err retry_all(struct outbox *o, const struct outbox_list_id *id,
                          int64_t *count)
{
    const struct client_result again = {.verdict = CLIENT_RETURN};
    struct outbox_row row = {0};
    enum err e;

    while (!(e = next_row(o, id, true, row.id, &row))) {
        e = outbox_settle_row(o, &row, OUTBOX_PENDING, &again);
        if (!e)
            e = wake_session(o, row.session);
        if (e)
            return e;
        (*count)++;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err outbox_list_retry(struct outbox *o, const struct outbox_list_id *id,
                           int64_t *count)
{
    enum err e = outbox_enter(o);

    *count = 0;
    if (e)
        return e;
    e = outbox_leave(o, retry_all(o, id, count));
    return !e && *count == 0 && id->seq != 0 ? WS_NOTFOUND : e;
}

static enum err purge_all(struct outbox *o, const struct outbox_list_id *id,
                          int64_t *count)
{
    struct outbox_row row = {0};
    enum err e;

    while (!(e = next_row(o, id, false, row.id, &row))) {
        e = outbox_remove_row(o, &row); /* it stays counted as dead */
        if (e)
            return e;
        (*count)++;
    }
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err outbox_list_purge(struct outbox *o, const struct outbox_list_id *id,
                           int64_t *count)
{
    enum err e = outbox_enter(o);

    *count = 0;
    if (e)
        return e;
    e = outbox_leave(o, purge_all(o, id, count));
    return !e && *count == 0 && id->seq != 0 ? WS_NOTFOUND : e;
}
