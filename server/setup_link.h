/* setup_link.h - the link that makes the first account, for people.
 *
 * Flow:    `setup --link`, and with log_all a worker's start -> [setup_link]
 * Shapes:  SCHEME://HOST:PORT/setup#TOKEN; good once, for an hour
 * Process: setup_link_offer() waits for the committer: not on the loop
 */
#ifndef SERVER_SETUP_LINK_H
#define SERVER_SETUP_LINK_H

#include "core/err.h"
#include "server/server.h"

#include <stddef.h>

/* What a browser on this machine opens, for a server that listens there. */
void setup_link_url(const struct settings *s, const char *listen,
                    const char *token, char *out, size_t out_bytes);

/* While there is no account: make a link and write it to the log. */
enum err setup_link_offer(struct server *server) WS_MUST_CHECK;

#endif
