/* run.h - the supervisor: `worksight-agent run`.
 *
 * Flow:    settings -> notice -> lock, ring, board, pairs -> [run] -> the roles
 * Source:  design.md section 2
 */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include "agent/settings.h"

#define RUN_SERVER_FILE "server.conf" /* in STATE, written by enroll */

enum { /* exit statuses of `run` */
       RUN_OK = 0,
       RUN_FAILED = 1,
       RUN_USAGE = 2,
       RUN_DECLINED = 5, /* the person said no to the notice */
       RUN_BUSY = 6,     /* another agent holds the state folder */
};

/* Run until SIGTERM, SIGINT or SIGHUP; the exit status. */
int run_agent(struct settings *s, struct conf *conf);

/* Bring the settings together: the server that `enroll` remembered when none
 * was given, its address in one form. */
enum err run_prepare(struct settings *s, struct conf *conf) WS_MUST_CHECK;

/* The settings of the agent that runs on this state folder, in place of the
 * caller's own; WS_NOTFOUND: none was ever started there. */
enum err run_running_settings(struct settings *s,
                              struct conf *conf) WS_MUST_CHECK;

#endif
