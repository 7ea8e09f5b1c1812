/* import_sessions.c - sessions with their tokens.
 *
 * A session is known by its token on both sides: of that only the hash is
 * kept here. One without a token gets a hash that no token has, revoked.
 */
#include "server/import/import_private.h"

#include "core/clock.h"
#include "core/sha256.h"
#include "server/store/store_sessions.h"
#include "server/store/store_views.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TOKEN_DIGITS 64

#define SESSION                                                                \
    "SELECT s.id, t.token, " IMPORT_TIME(                                      \
        "s.started_at") ", s.agent_name,"                                      \
                        " s.agent_version, s.hostname, s.username, "           \
                        "ifnull(s.ip_address, 'UNKNOWN')"                      \
                        " FROM monitoring_agentsession s"                      \
                        " LEFT JOIN monitoring_agenttoken t ON t.session_id "  \
                        "= s.id "

static const struct import_field fields[] = {
    {"agent_name", IMPORT_TEXT}, {"agent_version", IMPORT_TEXT},
    {"hostname", IMPORT_TEXT},   {"username", IMPORT_TEXT},
    {"ip_address", IMPORT_TEXT},
};

struct session {
    int64_t id; /* Django's */
    struct store_session row;
    uint8_t token_sha256[STORE_SHA256_BYTES];
    bool has_token, there;
    struct json *doc;
    struct buf payload;
};

struct sessions {
    struct session list[IMPORT_PAGE];
    size_t from, to; /* to be written in one transaction */
};

static void session_clear(struct session *s)
{
    json_free(s->doc);
    buf_fini(&s->payload);
    *s = (struct session){.payload = BUF_EMPTY};
}

static void sessions_close(struct sessions *s)
{
    for (size_t i = 0; s && i < IMPORT_PAGE; i++)
        session_clear(&s->list[i]);
    free(s);
}
OWN_DEFINE(sessions_close, struct sessions *)

/* --- reading --- */

static void take_token(struct session *s, const char *token,
                       const char *started, char reason[IMPORT_REASON_BYTES])
{
    char name[128];
    int n = snprintf(name, sizeof name, "import-django/session/%" PRId64 "/%s",
                     s->id, started);

    s->has_token = token && strlen(token) == TOKEN_DIGITS &&
                   strspn(token, "0123456789abcdefABCDEF") == TOKEN_DIGITS;
    if (s->has_token)
        sha256_hash(token, TOKEN_DIGITS, s->token_sha256);
    else
        sha256_hash(name, (size_t)n, s->token_sha256);
    if (token && !s->has_token)
        snprintf(reason, IMPORT_REASON_BYTES,
                 "the token is not %d hex digits: its agent must be started "
                 "again",
                 TOKEN_DIGITS);
}

/* The row under the cursor; WS_INVALID with the reason. token_reason stays
 * empty when the token can be taken. */
static enum err read_session(struct db_stmt *q, struct session *s,
                             char reason[IMPORT_REASON_BYTES],
                             char token_reason[IMPORT_REASON_BYTES])
{
    struct wire_problems problems = {.count = 0};
    const char *started = db_text(q, 2);
    enum err e;

    session_clear(s);
    token_reason[0] = '\0';
    s->id = db_int(q, 0);
    if (!started ||
        clock_parse_iso(started, strlen(started), &s->row.started_ns)) {
        snprintf(reason, IMPORT_REASON_BYTES, "started_at is no time");
        return WS_INVALID;
    }
    e = import_source_json(q, 3, fields, sizeof fields / sizeof fields[0],
                           &s->payload, &s->doc, reason);
    if (e)
        return e;
    if (wire_check_layer1(&wire_session, s->doc, &problems)) {
        import_source_reason(&problems, reason);
        return WS_INVALID;
    }
    take_token(s, db_text(q, 1), started, token_reason);
    s->row.agent_name = json_text(json_get(s->doc, "agent_name"), "");
    s->row.agent_version = json_text(json_get(s->doc, "agent_version"), "");
    s->row.hostname = json_text(json_get(s->doc, "hostname"), "");
    s->row.username = json_text(json_get(s->doc, "username"), "");
    s->row.ip_address = json_text(json_get(s->doc, "ip_address"), "");
    s->row.peer = "import-django";
    s->row.created_ns = s->row.started_ns;
    s->row.tier = -1;
    s->row.payload = s->payload.data;
    s->row.payload_len = s->payload.len;
    return WS_OK;
}

/* --- writing --- */

static enum err write_session(struct import *im, struct session *s)
{
    struct store *store = im->o->store;
    struct store_session_key key;
    enum err e = store_sessions_by_token(store, s->token_sha256, &key);

    s->there = !e;
    if (e != WS_NOTFOUND)
        return e;
    s->row.id = s->id;
    e = s->id < im->own_sessions ? store_sessions_by_id(store, s->id, &key)
                                 : WS_OK;
    if (!e) /* another's */
        e = store_take_ids(store, "session", 1, &s->row.id);
    if (!e || e == WS_NOTFOUND)
        e = store_sessions_put(store, &s->row, s->token_sha256);
    if (!e && !s->has_token)
        e = store_sessions_revoke_token(store, s->row.id, s->row.created_ns);
    return e;
}

static enum err write_sessions(struct import *im, void *arg)
{
    struct sessions *p = arg;
    enum err e = WS_OK;

    for (size_t i = p->from; !e && i < p->to; i++)
        e = write_session(im, &p->list[i]);
    return e;
}

/* --- what is there now --- */

static void hash_session(struct buf *b, int64_t id,
                         const struct store_session_view *v)
{
    buf_clear(b);
    buf_printf(b, "%" PRId64 "|%s|%s|%s|%s|%s|%" PRId64, id, v->agent_name,
               v->agent_version, v->hostname, v->username, v->ip_address,
               v->started_ns);
}

struct seen {
    int64_t id; /* Django's */
    struct buf text;
};

static int see(void *ctx, const struct store_session_view *v)
{
    struct seen *seen = ctx;

    hash_session(&seen->text, seen->id, v);
    return 0;
}

static enum err look(struct import *im, int64_t ours, struct seen *seen)
{
    static const struct store_scope all = {.width = STORE_SCOPE_EVERYONE};

    return store_views_session(im->o->store, &all, ours,
                               INT64_MAX / STORE_QUARTER_NS, see, seen);
}

static enum err count_here(struct import *im, const struct session *s,
                           uint64_t token)
{
    struct import_count *sessions = &im->counts[IMPORT_SESSIONS];
    struct import_count *tokens = &im->counts[IMPORT_TOKENS];
    struct seen seen = {.id = s->id};
    struct store_session_key key;
    enum err e = store_sessions_by_token(im->o->store, s->token_sha256, &key);

    if (!e)
        e = look(im, key.session_id, &seen);
    if (!e)
        sessions->target += import_hash(&seen.text);
    buf_fini(&seen.text);
    if (e)
        return e == WS_NOTFOUND ? WS_CORRUPT : e;
    *(s->there ? &sessions->there : &sessions->written) += 1;
    if (s->has_token) {
        *(s->there ? &tokens->there : &tokens->written) += 1;
        tokens->target += token;
    }
    if (key.session_id != s->id) {
        sessions->moved++;
        if (!s->there)
            im->o->refused(im->o->ctx, import_table_names[IMPORT_SESSIONS],
                           s->id,
                           "the id is another session's here: it has a new "
                           "one, and its agent must be started again");
    }
    return WS_OK;
}

static enum err count_session(struct import *im, const struct session *s)
{
    const struct store_session_view v = {.agent_name = s->row.agent_name,
                                         .agent_version = s->row.agent_version,
                                         .hostname = s->row.hostname,
                                         .username = s->row.username,
                                         .ip_address = s->row.ip_address,
                                         .started_ns = s->row.started_ns};
    OWN_BUF struct buf text = BUF_EMPTY;
    char hex[SHA256_HEX_BYTES];
    uint64_t token;

    hash_session(&text, s->id, &v);
    im->counts[IMPORT_SESSIONS].source += import_hash(&text);
    sha256_hex(s->token_sha256, SHA256_BYTES, hex);
    buf_clear(&text);
    buf_printf(&text, "%" PRId64 "|%s", s->id, hex);
    if (buf_check(&text))
        return WS_NOMEM;
    token = import_hash(&text);
    if (s->has_token)
        im->counts[IMPORT_TOKENS].source += token;
    if (im->o->store)
        return count_here(im, s, token);
    im->counts[IMPORT_SESSIONS].written++;
    im->counts[IMPORT_TOKENS].written += s->has_token;
    return WS_OK;
}

/* --- pages --- */

/* Write what is in the page; a row that the store can't hold is found by
 * writing each alone. */
static enum err write_page(struct import *im, struct sessions *p, size_t count)
{
    enum err e = WS_OK;

    p->from = 0;
    p->to = count;
    if (im->o->store)
        e = import_write(im, write_sessions, p);
    if (!e)
        for (size_t i = 0; !e && i < count; i++)
            e = count_session(im, &p->list[i]);
    if (e != WS_INVALID && e != WS_EXISTS)
        return e;
    for (size_t i = 0; i < count; i++) {
        p->from = i;
        p->to = i + 1;
        e = import_write(im, write_sessions, p);
        if (e == WS_INVALID || e == WS_EXISTS)
            import_refuse(im, IMPORT_SESSIONS, p->list[i].id,
                          "the store can't hold it");
        else if (!e)
            e = count_session(im, &p->list[i]);
        if (e && e != WS_INVALID && e != WS_EXISTS)
            return e;
    }
    return WS_OK;
}

static enum err read_page(struct import *im, int64_t *after, struct sessions *p,
                          size_t *rows, size_t *count)
{
    char reason[IMPORT_REASON_BYTES], token_reason[IMPORT_REASON_BYTES];
    struct db_stmt *q;
    enum err e = db_stmt(
        im->source, SESSION "WHERE s.id > ? ORDER BY s.id" IMPORT_PAGE_SQL, &q);

    *rows = *count = 0;
    if (e)
        return e;
    db_bind_int(q, *after);
    while (!(e = db_step(q))) {
        ++*rows;
        *after = db_int(q, 0);
        im->counts[IMPORT_SESSIONS].read++;
        im->counts[IMPORT_TOKENS].read += !db_is_null(q, 1);
        e = read_session(q, &p->list[*count], reason, token_reason);
        if (e == WS_INVALID)
            import_refuse(im, IMPORT_SESSIONS, *after, reason);
        else if (e)
            break;
        else
            ++*count;
        if (!e && token_reason[0])
            import_refuse(im, IMPORT_TOKENS, *after, token_reason);
    }
    db_reset(q);
    return e == WS_NOTFOUND ? WS_OK : e;
}

enum err import_sessions(struct import *im)
{
    OWN(sessions_close)
    struct sessions *p = calloc(1, sizeof *p);
    int64_t after = 0, last;
    size_t rows = 0, count;
    enum err e = p ? import_source_last(im, IMPORT_SESSIONS, &last) : WS_NOMEM;

    while (!e) {
        e = read_page(im, &after, p, &rows, &count);
        if (!e)
            e = write_page(im, p, count);
        if (rows)
            im->o->progress(im->o->ctx, import_table_names[IMPORT_SESSIONS],
                            after, last);
        if (rows < IMPORT_PAGE)
            break;
    }
    return e;
}

/* --- one of them, for what was recorded in it --- */

static enum err find_uncached(struct import *im, int64_t theirs, int64_t *ours)
{
    struct session s = {.payload = BUF_EMPTY};
    char reason[IMPORT_REASON_BYTES], token_reason[IMPORT_REASON_BYTES];
    struct store_session_key key;
    struct db_stmt *q;
    enum err e = db_stmt(im->source, SESSION "WHERE s.id = ?", &q);

    if (e)
        return e;
    db_bind_int(q, theirs);
    e = db_step(q);
    if (e)
        return e;
    e = read_session(q, &s, reason, token_reason);
    db_reset(q);
    *ours = theirs;
    if (!e && im->o->store) {
        e = store_sessions_by_token(im->o->store, s.token_sha256, &key);
        if (!e)
            *ours = key.session_id;
    }
    session_clear(&s);
    return e;
}

enum err import_sessions_find(struct import *im, int64_t theirs, int64_t *ours)
{
    size_t slot = (size_t)theirs % IMPORT_CACHE;
    enum err e = WS_OK;

    if (im->cache[slot].theirs != theirs) {
        int64_t found = 0;

        e = find_uncached(im, theirs, &found);
        if (e && e != WS_NOTFOUND && e != WS_INVALID)
            return e;
        im->cache[slot].theirs = theirs;
        im->cache[slot].ours = e ? 0 : found;
    }
    *ours = im->cache[slot].ours;
    return *ours ? WS_OK : WS_INVALID;
}
