#include "server/ingest/seqs.h"

#include "server/http/readers.h"

#include <stdio.h>

bool seqs_key(struct single *s, const struct keys *keys, int64_t seq,
              struct store_session_key *session)
{
    enum err e = store_sessions_by_id(readers_context(),
                                      s->item.fact.session_id, session);

    if (e) {
        exchange_busy(s->x, 1);
        return false;
    }
    if (seq > 0 && session->session_uid[0]) {
        s->item.fact.seq = seq;
        wire_item_key(session->session_uid, (uint64_t)seq, s->key);
        return true;
    }
    s->item.strict = keys->strict;
    if (keys->key[0])
        snprintf(s->key, sizeof s->key, "%s", keys->key);
    else
        keys_random(s->x, s->key);
    return true;
}
