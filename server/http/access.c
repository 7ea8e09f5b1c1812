/* access.c - who may ask this, decided before a body is read. */
#include "server/http/access.h"

#include "core/buf.h"
#include "server/http/exchange_private.h"

#include <string.h>
#include <strings.h>

#define ACCESS_TOKEN_DIGITS 64

const char *access_bearer(const struct exchange *x)
{
    const char *header = exchange_header(x, "authorization");

    if (!header || strncasecmp(header, "Bearer ", 7) != 0)
        return NULL;
    header += 7;
    header += strspn(header, " ");
    return *header ? header : NULL;
}

bool access_is_token(const char *bearer)
{
    return strlen(bearer) == ACCESS_TOKEN_DIGITS &&
           strspn(bearer, "0123456789abcdefABCDEF") == ACCESS_TOKEN_DIGITS;
}

static void refuse_missing(struct exchange *x)
{
    exchange_add_header(x, "WWW-Authenticate", "Bearer");
    exchange_problem(x, 401, "no-token",
                     "this needs the header Authorization: Bearer <token>");
}

void access_refuse_token(struct exchange *x)
{
    exchange_problem(x, 403, "token-unknown",
                     "the token is not known here, or was revoked");
}

static bool wants_page(const struct exchange *x)
{
    const char *accept = exchange_header(x, "accept");

    return (strcmp(x->head.method, "GET") == 0 ||
            strcmp(x->head.method, "HEAD") == 0) &&
           head_lists(accept, "text/html");
}

/* Escape what a query value may not hold as it is. */
static void append_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        bool plain = (*text >= 'a' && *text <= 'z') ||
                     (*text >= 'A' && *text <= 'Z') ||
                     (*text >= '0' && *text <= '9') || strchr("-._~/", *text);

        if (plain)
            buf_append_byte(out, *text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

void access_refuse_login(struct exchange *x)
{
    OWN_BUF struct buf place = BUF_EMPTY;

    if (!wants_page(x)) {
        exchange_add_header(x, "WWW-Authenticate", "Bearer");
        exchange_problem(x, 401, "no-login", "log in, or send an API key");
        return;
    }
    buf_append_text(&place, "/login?next=");
    append_escaped(&place, x->head.path);
    if (*x->head.query) {
        buf_append_text(&place, "%3F");
        append_escaped(&place, x->head.query);
    }
    exchange_add_header(x, "Location",
                        buf_check(&place) ? "/login" : buf_text(&place));
    exchange_reply(x, 303, NULL, NULL);
}

static enum access ask(enum access (*who)(struct exchange *x),
                       struct exchange *x)
{
    if (who)
        return who(x);
    refuse_missing(x);
    return ACCESS_REFUSED;
}

static enum access ask_agent(const struct access_ops *ops, struct exchange *x)
{
    const char *bearer = access_bearer(x);

    if (!bearer) {
        refuse_missing(x);
        return ACCESS_REFUSED;
    }
    if (!access_is_token(bearer)) {
        access_refuse_token(x);
        return ACCESS_REFUSED;
    }
    return ask(ops->agent, x);
}

enum access access_decide(const struct access_ops *ops, struct exchange *x)
{
    switch (x->match.route->access) {
    case ROUTE_OPEN:
        return ACCESS_GRANTED;
    case ROUTE_AGENT:
        return ask_agent(ops, x);
    case ROUTE_ENROLL:
        return ask(ops->enroll, x);
    case ROUTE_USER:
        return ask(ops->user, x);
    }
    return ask(NULL, x);
}

static bool settle_agent(struct exchange *x)
{
    bool has_id = strstr(x->match.route->path, "{id}") != NULL;

    if (has_id && x->principal.session_id != x->match.id) {
        exchange_problem(x, 403, "other-session",
                         "the token belongs to another session");
        return false;
    }
    return true;
}

static bool settle_user(struct exchange *x)
{
    unsigned needed = x->match.route->permissions;

    if ((x->principal.permissions & needed) != needed) {
        exchange_problem(x, 403, "no-permission",
                         "your role does not allow this; ask an admin");
        return false;
    }
    return true;
}

bool access_settle(struct exchange *x)
{
    enum route_access access = x->match.route->access;

    switch (x->principal.kind) {
    case PRINCIPAL_AGENT:
        if (access == ROUTE_AGENT)
            return settle_agent(x);
        break;
    case PRINCIPAL_USER:
        if (access == ROUTE_USER)
            return settle_user(x);
        break;
    case PRINCIPAL_ENROLL:
    case PRINCIPAL_NOBODY:
        break;
    }
    if (access == ROUTE_OPEN || access == ROUTE_ENROLL)
        return true;
    refuse_missing(x);
    return false;
}
