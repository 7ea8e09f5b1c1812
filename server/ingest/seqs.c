#include "server/ingest/seqs.h"

#include <stdio.h>

void seqs_key(struct single *s, const struct keys *keys, int64_t seq)
{
    const char *session_uid = exchange_principal(s->x)->session_uid;

    if (seq > 0 && session_uid[0]) {
        s->item.fact.seq = seq;
        wire_item_key(session_uid, (uint64_t)seq, s->key);
        return;
    }
    s->item.strict = keys->strict;
    if (keys->key[0])
        snprintf(s->key, sizeof s->key, "%s", keys->key);
    else
        keys_random(s->x, s->key);
}
