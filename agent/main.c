/* main.c - worksight-agent, file by file in the order that things flow.
 *
 *   main.c               the command, or one role
 *   cli/commands.[ch]    the commands; one file of cli/ a command
 *   settings.[ch]        every option
 *   notice.[ch] ask.[ch] what a person is told, and their yes
 *   run.[ch]             the supervisor: makes everything, keeps roles alive
 *     instance.[ch]      one agent a state folder, control.sock
 *     plumbing.[ch]      ring, board, pairs; ring.[ch] board.[ch]
 *     log_file.[ch]      STATE/logs/agent.log
 *   roles.[ch]           the table: what each role is given and may do
 *   role_start.[ch]      a process becomes a role; role.[ch] its walls,
 *                        role_probe.[ch] tries them
 *   capture/  ->  ring  ->  ai/ (with worksight-ocr, ocr/)  ->  outbox/
 *   ->  upload/  ->  the server; heartbeat/ beside it; indicator/ the badge
 */
#include "agent/cli/commands.h"
#include "agent/role_start.h"

#include <string.h>

static const char *const config_files[] = {
    "$XDG_CONFIG_HOME/worksight/agent.conf", "/etc/worksight/agent.conf", NULL};

int main(int argc, char **argv)
{
    struct settings settings;
    struct cli_program program = {
        .name = "worksight-agent",
        .summary = "Watches how work goes on this desktop, in the open, and "
                   "delivers what the person was told.",
        .version = WS_VERSION,
        .schema = &settings_schema,
        .values = &settings,
        .files = config_files,
        .commands = commands_table,
        .command_count = commands_count,
    };

    if (argc > 1 && (strcmp(argv[1], ROLE_START_FLAG) == 0 ||
                     strcmp(argv[1], ROLE_START_PROBE) == 0))
        return role_start(argc, argv);
    return cli_main(&program, argc, argv);
}
