/* store_ledger_json.h - the ledger of a session as agents and people read it.
 *
 * Flow:    store -> [store_ledger_json] -> the ledger endpoints of both
 * Shapes:  schema Ledger of api/openapi.yaml; at most STORE_LEDGER_JSON_RUNS
 *          runs, the rest is said by "delivered_more": true
 * Errors:  WS_NOTFOUND  no such session; as store.h
 * Process: reader threads
 * Source:  wire.md "Ledger"
 */
#ifndef SERVER_STORE_STORE_LEDGER_JSON_H
#define SERVER_STORE_STORE_LEDGER_JSON_H

#include "core/buf.h"
#include "server/store/store.h"

#define STORE_LEDGER_JSON_RUNS 4096

/* Append the whole document. */
enum err store_ledger_json_write(struct store *s, int64_t session_id,
                                 struct buf *out) WS_MUST_CHECK;

#endif
