/* GET /api/sessions/{id}/policy/, with an ETag. */
#include "server/ingest/policy.h"

#include "server/ingest/ingest.h"

#include <string.h>

#define TEXT_OF_(v) #v
#define TEXT_OF(v) TEXT_OF_(v)
#define DOCUMENT                                                               \
    "{\"revision\":" TEXT_OF(POLICY_REVISION) ",\"tier_max\":4,"               \
                                              "\"heartbeat_s\":10}"
#define TAG "\"policy-" TEXT_OF(POLICY_REVISION) "\""

/* Any of a list of tags, or the star. */
static bool has_tag(const char *if_none_match)
{
    return if_none_match &&
           (strcmp(if_none_match, "*") == 0 || strstr(if_none_match, TAG));
}

void policy_get(struct exchange *x)
{
    static const char document[] = DOCUMENT;

    exchange_add_header(x, "ETag", TAG);
    exchange_add_header(x, "Cache-Control", "private, no-cache");
    if (has_tag(exchange_header(x, "If-None-Match")))
        exchange_reply(x, 304, NULL, NULL);
    else
        exchange_reply_static(x, 200, "application/json", document,
                              sizeof document - 1);
}
