/* commands.h - the commands of worksight-agent.
 *
 * Flow:    main.c -> core/cli -> [commands] -> run, or STATE/control.sock
 * Shapes:  one file a command; data goes to stdout, messages to stderr
 * Source:  ui.md section 5
 */
#ifndef AGENT_CLI_COMMANDS_H
#define AGENT_CLI_COMMANDS_H

#include "agent/settings.h"
#include "core/cli.h"

enum { /* exit statuses, as ui.md gives them */
       COMMANDS_OK = 0,
       COMMANDS_DEGRADED = 1,
       COMMANDS_USAGE = 2,
       COMMANDS_STOPPED = 3,
       COMMANDS_NOT_ENROLLED = 4,
       COMMANDS_PAUSED = 5,
};

extern const struct cli_command commands_table[];
extern const size_t commands_count;

#define QUEUE_WORDS 3
extern const struct cli_word queue_words[QUEUE_WORDS];

int status_run(struct cli_call *call);
int show_sent_run(struct cli_call *call);
int explain_run(struct cli_call *call);
int pause_run(struct cli_call *call);
int pause_resume(struct cli_call *call);
int show_notice_run(struct cli_call *call);
int doctor_run(struct cli_call *call);
int enroll_run(struct cli_call *call);

#endif
