#include "server/views/live_hint.h"

#include "core/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[LIVE_TOPICS] = {
    [LIVE_SESSIONS] = "sessions",       [LIVE_METRICS] = "metrics",
    [LIVE_SCREENSHOTS] = "screenshots", [LIVE_HEALTH] = "health",
    [LIVE_LEDGER] = "ledger",
};

enum err live_topic_of(const char *name, enum live_topic *out)
{
    int i;

    for (i = 0; i < LIVE_TOPICS; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum live_topic)i;
            return WS_OK;
        }
    }
    return WS_NOTFOUND;
}

void live_hint_clear(struct live_hints *h)
{
    if (h->count || h->everything)
        memset(h, 0, sizeof(*h));
}

void live_hint_add(struct live_hints *h, int64_t session_id, unsigned topics)
{
    size_t i = (size_t)session_id % LIVE_HINT_SLOTS;

    while (h->list[i].topics && h->list[i].session_id != session_id)
        i = (i + 1) % LIVE_HINT_SLOTS;
    if (h->list[i].topics == 0) {
        if (h->count == LIVE_HINT_MAX) {
            h->everything |= topics;
            return;
        }
        h->count++;
        h->list[i].session_id = session_id;
    }
    h->list[i].topics |= topics;
}

void live_hint_pack(struct live_hints *h)
{
    size_t from, to = 0;

    if (h->everything) {
        for (from = 0; from < LIVE_HINT_SLOTS; from++)
            h->everything |= h->list[from].topics;
        h->list[0] = (struct live_hint){.topics = h->everything};
        h->count = 1;
        return;
    }
    for (from = 0; h->count && from < LIVE_HINT_SLOTS; from++)
        if (h->list[from].topics)
            h->list[to++] = h->list[from];
}

size_t live_hint_write(const struct live_hint *h, const char *run,
                       char out[LIVE_HINT_BYTES])
{
    char at[CLOCK_ISO_BYTES], topics[80] = "", session[24] = "null";
    size_t used = 0;
    int i;

    for (i = 0; i < LIVE_TOPICS; i++)
        if (h->topics & (1U << i))
            used += (size_t)snprintf(topics + used, sizeof(topics) - used,
                                     "%s\"%s\"", used ? "," : "", names[i]);
    if (h->session_id)
        snprintf(session, sizeof(session), "%" PRId64, h->session_id);
    clock_format_iso(h->at_ns, at);
    return (size_t)snprintf(out, LIVE_HINT_BYTES,
                            "id: %s-%" PRIu64 "\nevent: changed\ndata: "
                            "{\"topics\":[%s],\"session_id\":%s,\"at\":\"%s\"}"
                            "\n\n",
                            run, h->id, topics, session, at);
}

enum err live_hint_read_id(const char *text, const char *run, uint64_t *id)
{
    size_t len = strlen(run);
    char *end;

    if (strncmp(text, run, len) != 0 || text[len] != '-' ||
        text[len + 1] < '0' || text[len + 1] > '9')
        return WS_INVALID;
    *id = strtoull(text + len + 1, &end, 10);
    return *end ? WS_INVALID : WS_OK;
}
