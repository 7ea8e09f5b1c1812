/* GET /api/sessions/{id}/policy/, with an ETag. */
#include "server/ingest/policy.h"

#include "core/jsonw.h"
#include "server/ingest/ingest.h"
#include "server/server.h"

#include <stdio.h>
#include <string.h>

#define HEARTBEAT_S 10
#define TIERS 5

/* One for each tier_max, which is all that settings change of it; another
 * member begins another row of five. */
int64_t policy_revision(const struct settings *s)
{
    return TIERS - s->tier_max;
}

/* Any of a list of tags, or the star. */
static bool has_tag(const char *if_none_match, const char *tag)
{
    return if_none_match &&
           (strcmp(if_none_match, "*") == 0 || strstr(if_none_match, tag));
}

void policy_get(struct exchange *x)
{
    const struct settings *s = exchange_server(x)->settings;
    OWN_BUF struct buf out = BUF_EMPTY;
    char tag[40];
    struct jsonw w;

    snprintf(tag, sizeof tag, "\"policy-%lld\"", (long long)policy_revision(s));
    exchange_add_header(x, "ETag", tag);
    exchange_add_header(x, "Cache-Control", "private, no-cache");
    if (has_tag(exchange_header(x, "If-None-Match"), tag)) {
        exchange_reply(x, 304, NULL, NULL);
        return;
    }
    jsonw_init(&w, &out);
    jsonw_object(&w, NULL);
    jsonw_int(&w, "revision", policy_revision(s));
    jsonw_int(&w, "tier_max", s->tier_max);
    jsonw_int(&w, "heartbeat_s", HEARTBEAT_S);
    jsonw_object_end(&w);
    if (buf_check(&out))
        exchange_busy(x, 1);
    else
        exchange_json(x, 200, &out);
}
