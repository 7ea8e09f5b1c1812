/* ingest.h - the endpoints of agents, for the rows of server/routes.c.
 *
 * Flow:    route -> [ingest] -> committer -> answer
 * Process: metrics and heartbeats run on the loop and never query; all others
 *          on reader threads
 * Source:  wire.md
 */
#ifndef SERVER_INGEST_INGEST_H
#define SERVER_INGEST_INGEST_H

#include "server/http/exchange.h"

#define INGEST_MAX_ITEM_BYTES (1 << 20) /* payload of one item */

void sessions_post(struct exchange *x);    /* reader, ROUTE_ENROLL */
void heartbeat_post(struct exchange *x);   /* loop */
void metrics_post(struct exchange *x);     /* loop */
void recordings_post(struct exchange *x);  /* reader */
void screenshots_post(struct exchange *x); /* reader */
void batch_post(struct exchange *x);       /* reader */
void ledger_agent_get(struct exchange *x); /* reader */
void policy_get(struct exchange *x);       /* loop */

/* The features this server speaks, as JSON text: for sessions, heartbeats. */
#define INGEST_FEATURES "[\"batch\",\"ledger\",\"policy\"]"

#endif
