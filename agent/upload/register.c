#include "agent/upload/register.h"

#include "agent/upload/request.h"

#include <stdio.h>
#include <string.h>

static enum err try_door(const struct register_scope *scope,
                         const struct client_session *s,
                         const struct buf *payload, const char *bearer,
                         struct answer *answer)
{
    struct transport_answer got;
    struct request r;
    enum err e;

    request_init(&r, scope->server, scope->deadline_ms);
    e = request_session(&r, s, payload, bearer);
    if (!e)
        e = scope->env->exchange(scope->env->ctx, &r.transport, &got);
    if (!e) {
        answer_read(&got, r.expected, answer);
        buf_fini(&got.body);
    }
    request_fini(&r);
    return e;
}

/* "batch,ledger": what the server can do, in its own order. */
static void read_features(const struct json *list, char *out, size_t out_bytes)
{
    const struct json *v;
    size_t used = 0;

    out[0] = '\0';
    for (v = json_first(list); v; v = json_next(v)) {
        const char *word = json_text(v, "");
        size_t len = strlen(word);

        if (len == 0 || strchr(word, ',') || used + len + 2 > out_bytes)
            continue;
        used += (size_t)snprintf(out + used, out_bytes - used, "%s%s",
                                 used ? "," : "", word);
    }
}

static bool is_visible(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text > '~')
            return false;
    return true;
}

/* A layer-1 server makes the token; without one its answer is no session. */
static void read_registration(struct answer *answer,
                              struct register_result *out)
{
    const struct json *doc = answer->doc;
    const char *token = json_text(json_get(doc, "token"), "");

    out->reg.session_id = json_int(json_get(doc, "session_id"), 0);
    read_features(json_get(doc, "features"), out->features,
                  sizeof(out->features));
    out->reg.features = out->features;
    if (out->features[0])
        return;
    if (!*token || strlen(token) >= sizeof(out->token) || !is_visible(token)) {
        answer->meaning = ANSWER_NOT_ACK;
        return;
    }
    snprintf(out->token, sizeof(out->token), "%s", token);
    out->reg.token = out->token;
}

enum err register_session(const struct register_scope *scope,
                          const struct client_session *s,
                          const struct buf *payload, struct answer *answer,
                          struct register_result *out)
{
    const char *const doors[] = {s->code, s->earlier, ""};
    size_t i;
    enum err e;

    memset(out, 0, sizeof(*out));
    for (i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
        bool last = i + 1 == sizeof(doors) / sizeof(doors[0]);

        if (!*doors[i] && !last)
            continue;
        answer_fini(answer);
        e = try_door(scope, s, payload, *doors[i] ? doors[i] : NULL, answer);
        if (e)
            return e;
        if (answer->meaning == ANSWER_DONE) {
            read_registration(answer, out);
            out->reg.code_used = i == 0;
        }
        if (answer->meaning != ANSWER_UNAUTHORIZED)
            return WS_OK;
    }
    return WS_OK;
}
