/* facts.h - an item's JSON as a fact.
 *
 * Flow:    metrics, recordings, batch -> [facts] -> committer
 * Shapes:  checked against the rows of core/wire.h, then read into columns;
 *          what has no column stays in the payload
 * Errors:  WS_INVALID  with every problem found
 *          WS_NOMEM    without a problem
 * Owns:    a fact's texts point into the document and into struct facts_room,
 *          which facts_fini() frees; all of it outlives the commit
 * Process: pure
 * Source:  wire.md
 */
#ifndef SERVER_INGEST_FACTS_H
#define SERVER_INGEST_FACTS_H

#include "core/json.h"
#include "core/wire.h"
#include "server/store/store_facts.h"

/* What one fact needs beside its document. */
struct facts_room {
    char number[32]; /* a feature_version that came as a number */
    char category[FACT_CATEGORY_BYTES];
    struct store_run *runs;
};

/* Check a document and fill the kind's columns and the time. A fact without a
 * time of its own gets received_ns, which is set before. */
enum err facts_read(enum wire_item_kind kind, const struct json *doc,
                    struct fact *f, struct facts_room *room,
                    struct wire_problems *problems) WS_MUST_CHECK;
/* The same for a document of layer 1. */
enum err facts_read_layer1(enum wire_item_kind kind, const struct json *doc,
                           struct fact *f, struct facts_room *room,
                           struct wire_problems *problems) WS_MUST_CHECK;
/* Parse an item's payload into *doc, which the caller frees whatever comes
 * back, and read it; the fact keeps the bytes. Without memory no problem is
 * found: the item is not judged. */
enum err facts_parse(enum wire_item_kind kind, const char *payload, size_t len,
                     struct json **doc, struct fact *f, struct facts_room *room,
                     struct wire_problems *problems) WS_MUST_CHECK;
void facts_fini(struct facts_room *room);

/* The payload as it came, and its hash. */
void facts_payload(struct fact *f, const char *bytes, size_t len);

#endif
