/* seqs.h - an item that says its seq on an endpoint of its own.
 *
 * Flow:    recordings, screenshots (reader threads) -> [seqs] -> store
 * Source:  wire.md "Who": (session_uid, seq) is the item's identity
 */
#ifndef SERVER_INGEST_SEQS_H
#define SERVER_INGEST_SEQS_H

#include "server/ingest/single.h"

/* Give a request its key: of its seq, when its session is of layer 2 (in
 * layer 1 a seq is one more unknown member); else of the headers; else one
 * that nothing repeats. */
void seqs_key(struct single *s, const struct keys *keys, int64_t seq);

#endif
