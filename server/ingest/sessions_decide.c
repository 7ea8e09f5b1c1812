#include "server/ingest/sessions.h"
#include "server/store/store_accounts.h"

#include <string.h>

/* Is the bearer the token of a live session of the same agent? Then the new
 * session is the same person's. */
static enum err by_agents_token(struct store *s, struct sessions_request *r,
                                bool *good)
{
    struct store_session_key key;
    enum err e;

    *good = false;
    if (!r->has_bearer || !r->bearer_is_token || !r->row.agent_id)
        return WS_OK;
    e = store_sessions_by_token(s, r->bearer_sha256, &key);
    if (e)
        return e == WS_NOTFOUND ? WS_OK : e;
    *good = !key.revoked && strcmp(key.agent_id, r->row.agent_id) == 0;
    if (*good)
        r->row.user_id = key.user_id;
    return WS_OK;
}

/* Is the bearer a code? With a session it is used up for that session. */
static enum err by_code(struct store *s, struct sessions_request *r,
                        int64_t session_id, bool *good)
{
    struct store_code code;
    enum err e;

    *good = false;
    if (!r->has_bearer || r->bearer_is_token)
        return WS_OK;
    e = session_id ? store_accounts_code_use(s, r->bearer_sha256, session_id,
                                             r->row.created_ns, &code)
                   : store_accounts_code_good(s, r->bearer_sha256,
                                              r->row.created_ns, &code);
    if (e)
        return e == WS_NOTFOUND ? WS_OK : e;
    *good = true;
    r->row.user_id = code.account_id;
    return WS_OK;
}

/* May this request open session_id (0: only asked)? A code that is no good is
 * refused even inside: it may have named a person. */
static enum err enrolled(struct store *s, struct sessions_request *r,
                         int64_t session_id, enum sessions_outcome *refusal)
{
    bool token, code;
    enum err e = by_agents_token(s, r, &token);

    if (!e)
        e = by_code(s, r, session_id, &code);
    if (e)
        return e;
    if (token || code || (r->inside && (!r->has_bearer || r->bearer_is_token)))
        return WS_OK;
    *refusal = r->has_bearer ? SESSIONS_REFUSED : SESSIONS_MISSING;
    return WS_DENIED;
}

/* What a known uid means: WS_OK with a replay, WS_EXISTS: the token is another
 * one, WS_DENIED with a refusal, WS_NOTFOUND: not known. */
static enum err known(struct store *s, struct sessions_request *r,
                      enum sessions_outcome *out)
{
    struct store_session_key key;
    enum err e;

    if (!r->row.session_uid)
        return WS_NOTFOUND;
    e = store_sessions_by_uid(s, r->row.session_uid, &key);
    if (e)
        return e;
    r->session_id = key.session_id;
    if (strcmp(key.agent_id, r->row.agent_id ? r->row.agent_id : "") != 0) {
        *out = SESSIONS_FOREIGN;
        return WS_DENIED;
    }
    if (memcmp(key.token_sha256, r->token_sha256, STORE_SHA256_BYTES) != 0)
        return WS_EXISTS;
    *out = key.revoked ? SESSIONS_REFUSED : SESSIONS_REPLAYED;
    return key.revoked ? WS_DENIED : WS_OK;
}

static enum err renew(struct store *s, struct sessions_request *r)
{
    enum err e = enrolled(s, r, r->session_id, &r->outcome);

    if (!e)
        e = store_sessions_replace_token(s, r->session_id, r->token_sha256,
                                         r->row.created_ns);
    if (e == WS_EXISTS) {
        r->outcome = SESSIONS_CLASH;
        return WS_DENIED;
    }
    if (!e)
        r->outcome = SESSIONS_RENEWED;
    return e;
}

/* Whoever opens a session holds the counter's row until its end: so the uid is
 * looked for once more, now that no other server can be opening it. */
static enum err open_new(struct store *s, struct sessions_request *r)
{
    enum err e = store_take_ids(s, "session", 1, &r->row.id);

    if (e)
        return e;
    e = known(s, r, &r->outcome);
    if (e == WS_EXISTS)
        return renew(s, r);
    if (e != WS_NOTFOUND)
        return e;
    e = enrolled(s, r, r->row.id, &r->outcome);
    if (!e)
        e = store_sessions_put(s, &r->row, r->token_sha256);
    if (e == WS_EXISTS) {
        r->outcome = SESSIONS_CLASH;
        return WS_DENIED;
    }
    if (e)
        return e;
    r->outcome = SESSIONS_OPENED;
    r->session_id = r->row.id;
    return WS_OK;
}

enum err sessions_decide(struct store *writer, void *request)
{
    struct sessions_request *r = request;
    enum err e = known(writer, r, &r->outcome);

    r->row.user_id = 0;
    if (e == WS_EXISTS)
        return renew(writer, r);
    if (e == WS_NOTFOUND)
        return open_new(writer, r);
    return e;
}

enum err sessions_foresee(struct store *reader, struct sessions_request *r,
                          enum sessions_outcome *out)
{
    enum err e = known(reader, r, out);

    if (e == WS_EXISTS || e == WS_NOTFOUND) {
        e = enrolled(reader, r, 0, out);
        if (!e)
            *out = SESSIONS_OPENED;
    }
    return e == WS_DENIED ? WS_OK : e;
}
