/* tiers.h - does an item stay within what the person acknowledged?
 *
 * Flow:    batch, recordings, screenshots (reader threads) -> [tiers] -> store
 * Shapes:  tier 0 heartbeat alone, 1 kinds of program, 2 scores, 3 pictures,
 *          4 recordings; -1: a session of layer 1, which declares none
 * Source:  privacy.md: the server refuses what is above the acknowledged tier
 */
#ifndef SERVER_INGEST_TIERS_H
#define SERVER_INGEST_TIERS_H

#include "core/json.h"
#include "core/wire.h"
#include "server/store/store_sessions.h"

#define TIERS_PIXELS 3 /* the least tier of a picture */
#define TIERS_TEXT_BYTES 160

enum tiers_verdict {
    TIERS_WITHIN,
    TIERS_WAIT, /* a notice that raises the tier may still be on its way */
    TIERS_ABOVE
};

struct tiers {
    enum tiers_verdict verdict;
    int64_t acknowledged;
};

/* The least tier in which an item may be recorded. */
int64_t tiers_needed(enum wire_item_kind kind, const struct json *doc);

/* Judge an item by the tier in force when it got its seq; 0: it has none, and
 * stands behind every notice that arrived. For reader threads. */
enum err tiers_judge(struct store *s, const struct store_session_key *session,
                     int64_t seq, int64_t needed,
                     struct tiers *out) WS_MUST_CHECK;

/* What a refusal says: "this metric needs tier L2, ...". */
void tiers_say(const char *what, int64_t needed, int64_t acknowledged,
               char out[TIERS_TEXT_BYTES]);

#endif
