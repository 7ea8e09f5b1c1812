#include "server/ingest/seqs.h"

#include "server/http/readers.h"

#include <stdio.h>

bool seqs_session(struct single *s, struct store_session_key *out)
{
    if (store_sessions_by_id(readers_context(), s->item.fact.session_id, out) ==
        WS_OK)
        return true;
    exchange_busy(s->x, 1);
    return false;
}

void seqs_key(struct single *s, const struct keys *keys, int64_t seq,
              const struct store_session_key *session)
{
    if (seq > 0 && session->session_uid[0]) {
        s->item.fact.seq = seq;
        wire_item_key(session->session_uid, (uint64_t)seq, s->key);
        return;
    }
    s->item.strict = keys->strict;
    if (keys->key[0])
        snprintf(s->key, sizeof s->key, "%s", keys->key);
    else
        keys_random(s->x, s->key);
}
