/* role_start.h - one process becomes one role: `worksight-agent --role NAME`.
 *
 * Flow:    supervisor's argv and descriptors -> [role_start] -> the role's run
 * Shapes:  argv is --role NAME, then --SETTING VALUE for every setting, as the
 *          supervisor has them: a file edited meanwhile changes nothing
 * Source:  OpenSMTPD
 */
#ifndef AGENT_ROLE_START_H
#define AGENT_ROLE_START_H

#include "agent/settings.h"

#define ROLE_START_FLAG "--role"
#define ROLE_START_PROBE "--role-probe"

/* Every setting as arguments, NULL-ended; the caller ends it. */
enum err role_start_args(const struct conf *conf, char ***out) WS_MUST_CHECK;
void role_start_free_args(char **args);

/* Be the role (or, with ROLE_START_PROBE, try its walls): the exit status. */
int role_start(int argc, char **argv);

#endif
