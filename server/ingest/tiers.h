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
#include "server/http/exchange.h"
#include "server/store/store_sessions.h"

#include <stdbool.h>

#define TIERS_PIXELS 3 /* the least tier of a picture */
#define TIERS_TEXT_BYTES 160

enum tiers_verdict {
    TIERS_WITHIN,
    TIERS_WAIT,  /* a notice that raises the tier may still be on its way */
    TIERS_ABOVE, /* what the person acknowledged */
    TIERS_POLICY /* above tier_max */
};

struct tiers {
    enum tiers_verdict verdict;
    int64_t needed, most;
};

/* The least tier in which an item may be recorded. */
int64_t tiers_needed(enum wire_item_kind kind, const struct json *doc);

/* Judge an item by tier_max, and by the tier in force when it got its seq; 0:
 * it has none, and stands behind every notice that arrived. For reader threads.
 */
enum err tiers_judge(struct exchange *x, int64_t seq, int64_t needed,
                     struct tiers *out) WS_MUST_CHECK;

/* The same without a look into the store: by the tier that the session opened
 * with. */
struct tiers tiers_judge_early(struct exchange *x, int64_t needed);

/* What a refusal is called, and what it says: "this metric needs tier L2, ...".
 */
const char *tiers_slug(const struct tiers *t);
void tiers_say(const struct tiers *t, const char *what,
               char out[TIERS_TEXT_BYTES]);

/* Answer 400 with both, or 503 while a notice may be on its way. True: it is
 * within, and nothing was answered. */
bool tiers_pass(struct exchange *x, enum err e, const struct tiers *t,
                const char *what);

#endif
