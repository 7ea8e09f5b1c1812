#include "server/setup_link.h"

#include "core/json.h"
#include "core/log.h"
#include "server/auth/orders.h"
#include "server/commit/committer.h"
#include "server/store/store_accounts.h"

#include <stdio.h>
#include <string.h>

#define SETUP_LINK_BYTES 600
#define SETUP_LINK_ORDER "{\"order\":\"setup.link\"}"

/* Every address (0.0.0.0, ::) is reached by the loopback one. */
static void host_of(const char *listen, char *out, size_t out_bytes)
{
    const char *port = strrchr(listen, ':');

    if (port && (strncmp(listen, "0.0.0.0:", 8) == 0 ||
                 strncmp(listen, "[::]:", 5) == 0 || port == listen))
        snprintf(out, out_bytes, "127.0.0.1%s", port);
    else
        snprintf(out, out_bytes, "%s", listen);
}

void setup_link_url(const struct settings *s, const char *listen,
                    const char *token, char *out, size_t out_bytes)
{
    char host[300];

    host_of(listen, host, sizeof(host));
    snprintf(out, out_bytes, "%s://%s/setup#%s",
             *s->tls_cert ? "https" : "http", host, token);
}

/* WS_EXISTS: there are accounts, nobody needs a link. */
static enum err make_link(struct store *writer, void *orders)
{
    struct orders *o = orders;
    int64_t count = 0, first_admin = 0;
    enum err e = store_accounts_count(writer, &count, &first_admin);

    buf_clear(&o->answer); /* of a transaction that is replayed */
    if (!e && count > 0)
        return WS_EXISTS;
    return e ? e : orders_run(writer, o);
}

static enum err tell(const struct settings *s, const struct buf *answer)
{
    OWN(json_free)
    struct json *link = NULL;
    char url[SETUP_LINK_BYTES];
    enum err e = json_parse(answer->data, answer->len, &link, NULL);

    if (e)
        return e;
    setup_link_url(s, s->listen, json_text(json_get(link, "token"), ""), url,
                   sizeof(url));
    log_info("setup_link",
             "no account yet: this link makes the first one, once, within an "
             "hour: %s",
             url);
    return WS_OK;
}

enum err setup_link_offer(struct server *server)
{
    OWN(json_free)
    struct json *request = NULL;
    struct orders o = {.env = server->env};
    enum err e =
        json_parse(SETUP_LINK_ORDER, strlen(SETUP_LINK_ORDER), &request, NULL);

    if (e)
        return e;
    o.request = request;
    e = committer_call_wait(server->committer, make_link, &o);
    if (!e)
        e = tell(server->settings, &o.answer);
    buf_fini(&o.answer);
    return e == WS_EXISTS ? WS_OK : e;
}
