/* migrated.h - with auto_migrate off, serve begins when somebody migrated.
 *
 * Flow:    serve -> [migrated] -> the workers
 * Errors:  WS_AGAIN  told to end meanwhile; others of the store, logged
 * Process: the supervisor's, before it has children
 * Source:  issue 3: `up`, then `exec web worksight-server migrate`
 */
#ifndef SERVER_MIGRATED_H
#define SERVER_MIGRATED_H

#include "core/err.h"
#include "server/server.h"

/* Return when the database is no older than this program. */
enum err migrated_wait(const struct settings *s) WS_MUST_CHECK;

#endif
