/* words.h - what `serve` says to people: in words, or as lines of its log.
 *
 * Flow:    serve -> [words] -> stdout and stderr, or the log (log_all)
 * Process: the supervisor's
 * Source:  issue 3: every line of `docker compose logs web` is JSON
 */
#ifndef SERVER_WORDS_H
#define SERVER_WORDS_H

#include "server/server.h"
#include "server/socket.h"

/* From here on as the setting log_all says. */
void words_init(const struct settings *s);

/* Why it does not start and what to do; CLI_DEGRADED. */
int words_fail(const char *what, const char *fix);

/* Where the pages are, and who can reach them unprotected. */
void words_serving(const struct settings *s, const struct socket_bound *bound);

#endif
