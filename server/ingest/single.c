#include "server/ingest/single.h"

#include "server/server.h"

#include <stdlib.h>
#include <string.h>

enum err single_open(struct single **out, struct exchange *x)
{
    const struct principal *p = exchange_principal(x);
    struct single *s = calloc(1, sizeof *s);

    if (!s) {
        exchange_busy(x, 1);
        return WS_NOMEM;
    }
    s->x = x;
    s->item.fact.session_id = p->session_id;
    s->item.fact.received_ns = env_wall_ns(exchange_server(x)->env);
    memcpy(s->item.token_sha256, p->token_sha256, sizeof p->token_sha256);
    *out = s;
    return WS_OK;
}

void single_close(struct single *s)
{
    if (!s)
        return;
    json_free(s->doc);
    facts_fini(&s->room);
    buf_fini(&s->payload);
    free(s);
}

bool single_parse(struct single *s)
{
    struct json_error why;
    size_t len;
    const char *body = exchange_body(s->x, &len);
    enum err e = json_parse(body, len, &s->doc, &why);

    if (e == WS_NOMEM)
        exchange_busy(s->x, 1);
    else if (e)
        exchange_problem(s->x, 400, "bad-json",
                         "the body is not JSON: %s at byte %zu", why.message,
                         why.offset);
    return e == WS_OK;
}

static void answer_2xx(struct single *s, int status, bool duplicate)
{
    OWN_BUF struct buf body = BUF_EMPTY;

    s->write(s, duplicate, s->item.id, &body);
    if (buf_check(&body))
        exchange_busy(s->x, 1);
    else
        exchange_json(s->x, status, &body);
}

static void answer(struct single *s)
{
    switch (s->item.verdict) {
    case COMMIT_ACCEPTED:
        answer_2xx(s, 201, false);
        return;
    case COMMIT_DUPLICATE:
    case COMMIT_CONFLICT:
        answer_2xx(s, 200, true);
        return;
    case COMMIT_REUSED:
        exchange_problem(s->x, 422, "seq-reused",
                         "%s names another payload already: nothing was "
                         "stored; begin a new session, or use a new key",
                         s->item.fact.seq ? "this seq" : "this key");
        return;
    case COMMIT_REJECTED:
        exchange_problem(s->x, 400, "not-storable",
                         "the store cannot hold this item");
        return;
    case COMMIT_DENIED:
        exchange_problem(s->x, 403, "token", "this token is revoked");
        return;
    case COMMIT_NO_ROOM:
        exchange_problem(s->x, 507, "no-room",
                         "the server's disk is full: send it again later");
        return;
    case COMMIT_OPEN:
    case COMMIT_RETRY:
        break;
    }
    exchange_busy(s->x, 1);
}

static void finish(void *arg)
{
    OWN(single_close)
    struct single *s = arg;

    answer(s);
}

/* The committer goes on: the answer is made, and all is freed, on the loop. */
static void done(struct committer_request *r)
{
    struct single *s = r->arg;

    if (s->settled)
        s->settled(s);
    exchange_finish(s->x, finish, s);
}

static bool gone(struct committer_request *r)
{
    const struct single *s = r->arg;

    return exchange_gone(s->x);
}

void single_submit(struct single *s)
{
    s->item.fact.key = s->key;
    s->request = (struct committer_request){
        .items = &s->item, .count = 1, .done = done, .gone = gone, .arg = s};
    exchange_hold(s->x);
    if (committer_submit(exchange_server(s->x)->committer, &s->request)) {
        s->item.verdict = COMMIT_RETRY;
        done(&s->request);
    }
}
