/* cli_help.h - the texts of --help, made from the command table.
 *
 * Flow:    cli -> [cli_help] -> stdout
 */
#ifndef CORE_CLI_HELP_H
#define CORE_CLI_HELP_H

#include "core/cli.h"

/* What the program does, its commands and where settings come from. */
void cli_help_program(const struct cli_program *p, FILE *to);

/* One command: its use, options and examples. */
void cli_help_command(const struct cli_program *p, const struct cli_command *c,
                      FILE *to);

/* Every setting as a flag, with bounds and default. */
void cli_help_settings(const struct cli_program *p, FILE *to);

#endif
