/* supervise_signals.h - the signals of a supervisor, as a descriptor.
 *
 * Shapes:  signalfd: SIGCHLD, SIGTERM, SIGINT, SIGHUP; SIGPIPE is ignored
 * Owns:    the descriptor is the caller's, and the mask to go back to
 */
#ifndef CORE_SUPERVISE_SIGNALS_H
#define CORE_SUPERVISE_SIGNALS_H

#include "core/err.h"

#include <signal.h>

enum err supervise_signals_take(int *fd, sigset_t *old_mask) WS_MUST_CHECK;

#endif
