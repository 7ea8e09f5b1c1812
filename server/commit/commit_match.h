/* commit_match.h - which items of a group are about the same thing.
 *
 * Flow:    commit_plan -> [commit_match]
 * Process: pure
 * Source:  wire.md "Idempotency"
 */
#ifndef SERVER_COMMIT_COMMIT_MATCH_H
#define SERVER_COMMIT_COMMIT_MATCH_H

#include "server/commit/commit_plan.h"

/* Same payload: for an item with a seq the same bytes, else the same JSON. */
bool commit_match_payload(const struct fact *a, const uint8_t sha256[32],
                          const char *payload, size_t payload_len);

/* Point every open item whose key came before it, in items sorted by session
 * and key, at the first open one with that key. */
void commit_match_twins(struct commit_item **items, size_t count);

/* Sort single seqs and join neighbours into runs; returns how many. */
size_t commit_match_join(struct store_seqs *runs, size_t count);

#endif
