/* orphans.h - pictures on disk that no row names, removed after a day.
 *
 * A picture is durable before its row is committed, so a kill between the two,
 * a refusal after the bytes were kept, or a repeat with another picture leaves
 * a file that nothing shows. The same request may still come again and make
 * its row; a day later it has, or nobody waits for it.
 *
 * Flow:    timer -> [orphans] (a reader thread, a session a job) -> blob, store
 * Units:   times are the wall clock's, ns
 * Errors:  a round that fails is logged and begun again with the next one
 * Owns:    orphans_close() ends it; the readers are closed before
 * Process: of one worker; rounds of several workers do not hurt each other
 * Source:  server/blob/blob.h: blob_drop_old() never takes what was just put
 */
#ifndef SERVER_INGEST_ORPHANS_H
#define SERVER_INGEST_ORPHANS_H

#include "core/err.h"
#include "core/own.h"

#include <stddef.h>
#include <stdint.h>

#define ORPHANS_AGE_MS (INT64_C(24) * 3600 * 1000)
#define ORPHANS_PERIOD_MS (INT64_C(3600) * 1000)
#define ORPHANS_FIRST_MS 3000 /* after the start */

struct orphans;
struct server;
struct store;
struct blob;

/* One session's blobs that were last put from after_ns on, before before_ns,
 * and are in no row: removed and counted. A session that the store does not
 * know keeps all: whoever lost the rows may find them again in a backup. */
enum err orphans_sweep(struct store *reader, struct blob *b, int64_t session_id,
                       int64_t after_ns, int64_t before_ns,
                       size_t *removed) WS_MUST_CHECK;

/* Sweep every session soon, and once a period. */
enum err orphans_open(struct orphans **out,
                      struct server *server) WS_MUST_CHECK;
void orphans_close(struct orphans *o);
OWN_DEFINE(orphans_close, struct orphans *)

#endif
